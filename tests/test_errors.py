"""What goes wrong is said in sentences, whatever they quote."""

import pytest

from holdfast.errors import BadInput, sentence


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("It is full.", "It is full."),
        ("It refuses: the disk is full..", "It refuses: the disk is full."),
        ("It waits for what comes ...", "It waits for what comes ..."),
        ("Is it full?", "Is it full?"),
    ],
)
def test_an_error_ends_with_one_full_stop(said: str, told: str) -> None:
    error = BadInput(said, remedy="Make room.")

    assert told == error.wrong
    assert f"{told} Make room." == str(error)


@pytest.mark.parametrize("said", ["Refused: no", "Refused: no.", "Refused: no.."])
def test_a_sentence_has_one_full_stop_at_its_end(said: str) -> None:
    assert "Refused: no." == sentence(said)

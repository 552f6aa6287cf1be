"""A case moves in one place alone, by the table of its states."""

from tests.house import tree


def test_nobody_writes_a_case_past_the_one_place_that_moves_it() -> None:
    said = {
        str(name)
        for name, text in tree.texts().items()
        if name.parts[:3] == ("src", "holdfast", "workflow") and "cases.move(" in text
    }
    assert {"src/holdfast/workflow/moving.py"} == said

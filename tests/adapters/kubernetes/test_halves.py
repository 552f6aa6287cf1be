"""Half a letter in JSON costs itself, and nothing else."""

import json

import pytest

from holdfast.adapters.kubernetes.halves import whole_letters


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\ud800", "\ufffd"),
        (r"\uDFFFx", "\ufffdx"),
        (r"\ud800\u0041", "\ufffdA"),
        (r"\ud800\ud800\udc00", "\ufffd\U00010000"),
        (r"\udc00\ud800", "\ufffd\ufffd"),
    ],
)
def test_half_a_letter_becomes_the_sign_for_one_that_cannot_be_read(
    written: str, read: str
) -> None:
    assert {"a": read} == json.loads(whole_letters(f'{{"a": "{written}"}}'.encode()))


@pytest.mark.parametrize(
    "written", [r"\ud83d\ude00", r"\\ud800", r"\\\u0041", r"ud800", r"\n\"\ud83d\uDE00\""]
)
def test_whole_letters_stay_as_they_are(written: str) -> None:
    body = f'{{"a": "{written}"}}'.encode()

    assert body == whole_letters(body)

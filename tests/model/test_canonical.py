"""One form for one value: the standard's own, and none for what could be written in two ways."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import NotCanonical
from holdfast.model.canonical import DEEPEST, LARGEST, Plain, canonical

KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=126))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)


@pytest.mark.slow
@given(VALUES)
def test_is_the_form_of_rfc_8785(value: Plain) -> None:
    assert rfc8785.dumps(value) == canonical(value)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        {"a": 0.5},
        LARGEST + 1,
        -LARGEST - 1,
        {"ключ": 1},
        {"a\n": 1},
        {1: 2},
        {"a": b"bytes"},
        {"a": {1, 2}},
        "\ud800",
    ],
)
def test_what_has_two_forms_has_none(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)  # type: ignore[arg-type]


def test_nests_as_deep_as_it_says() -> None:
    value: Plain = 1
    for _ in range(DEEPEST):
        value = [value]
    assert canonical(value)
    with pytest.raises(NotCanonical, match="nests deeper"):
        canonical([value])

"""A text that can be read in one way only."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import BadInput
from holdfast.model.canonical import LARGEST, canonical
from holdfast.model.plainly import value

KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.text(st.characters(min_codepoint=0x20, max_codepoint=0xD7FF), max_size=20)
)
PLAIN = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@pytest.mark.slow
@given(PLAIN)
def test_what_json_says_is_what_is_read(told: object) -> None:
    text = json.dumps(told)
    assert canonical(told) == canonical(value(text, "it"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a: web:1.25", {"a": "web:1.25"}),
        ("a: 1.25-alpine", {"a": "1.25-alpine"}),
        ("a: '1e1'", {"a": "1e1"}),
        ("a: 2026-01-01T12:00:00Z", {"a": "2026-01-01T12:00:00Z"}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("- 0\n- -7\n", [0, -7]),
    ],
)
def test_what_people_write_every_day_is_read(text: str, read: object) -> None:
    assert read == value(text, "it")


@pytest.mark.parametrize(
    "text",
    [
        *("a: .5", "a: 1.", "a: 1.0", "a: 1e400", "a: .inf", "a: -.NaN", "a: 0b1", "a: 0o7"),
        *("a: 010", "a: 1_000", "a: 12:30", "a: 12:30:45", "a: -0", "a: +1", "a: 0xFF"),
        *("a: yes", "a: No", "a: ON", "a: y", "a: Null", "a: ~", "a:", "a: True", "a: ="),
        *("yes: 1", "1: 1", "null: 1", "? [a]\n: 1", "ключ: 1"),
        *("a: !!str x", "a: ! x", "!!map {a: 1}", "a: !!binary aGk=", "a: &x 1", "a: *x"),
        *("a: 1\na: 1", "a: 1\n---\na: 2", "a: 1\n...\nb", "{a: 1}}", "a: \x00", '"\\ud800"'),
        "[" * 40 + "]" * 40,
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        value(text, "it")


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(BadInput, match=r"patch\.yaml, line 2"):
        value("a: 1\nb: 1e1\n", "patch.yaml")

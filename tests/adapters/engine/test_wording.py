"""Nothing but what was registered is written into the engine's rows, or read from them."""

import json
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters.engine.wording import Wording
from holdfast.errors import (
    HoldfastError,
    NotCanonical,
    PhaseFailed,
    StoreRefused,
    UnreadableWork,
)
from tests.tally import Count, Tally


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: int
    names: tuple[str, ...] = ()


class Lax(msgspec.Struct):
    number: int = 1


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    of: float


WORDING = Wording([Task, Share])
TEXT = WORDING.written(Task(number=7, names=("a", "é")))

plain = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
tasks = st.builds(Task, number=st.integers(-(2**53) + 1, 2**53 - 1))


@pytest.mark.slow
@given(plain | tasks)
def test_what_is_written_is_read_again(value: object) -> None:
    try:
        text = WORDING.written(value)
    except NotCanonical:  # half a character
        return
    assert value == WORDING.read(text)
    assert type(value) is type(WORDING.read(text))


@pytest.mark.parametrize(
    "value", [1.5, Lax(), {"number": 7}, [1], b"x", object(), 2**53, Share(of=0.5), Wording]
)
def test_what_was_not_registered_is_not_written(value: object) -> None:
    with pytest.raises(NotCanonical):
        WORDING.written(value)


def test_an_error_of_ours_is_the_same_afterwards() -> None:
    read = WORDING.read(WORDING.written(StoreRefused("It is full.", remedy="Make room.")))

    assert isinstance(read, StoreRefused)
    assert ("It is full.", "Make room.") == (read.wrong, read.remedy)


def test_of_another_error_only_the_text_is_kept() -> None:
    read = WORDING.read(WORDING.written(KeyError("gone", "\ud800")))

    assert isinstance(read, PhaseFailed)
    assert read.wrong.startswith("KeyError: 'gone'")


def test_an_error_is_none_that_somebody_else_has_made() -> None:
    told = {"name": "SystemExit", "wrong": "x", "remedy": "y"}
    assert type(WORDING.read(json.dumps({"is": "error", "of": told}))) is PhaseFailed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "{}",
        '{"is":"Task","of":{}}',
        '{"is":"Task","of":{"number":"7"}}',
        '{"is":"Task","of":{"number":7,"more":1}}',
        '{"is":"Task","of":{"number":7},"more":1}',
        '{"is":"Lax","of":{"number":7}}',
        '{"is":"builtins.eval","of":"1"}',
        '{"is":"plain","of":1.5}',
        '{"is":"plain","of":[1]}',
        '{"is":"error","of":{"name":"X"}}',
        '{"py/object":"os.system"}',
        pickle.dumps(Task(number=1)).hex(),
        "[" * 10_000,
    ],
)
def test_what_we_have_not_written_is_not_read(text: str) -> None:
    with pytest.raises(UnreadableWork, match="was not written by this version"):
        WORDING.read(text)


def test_a_row_with_one_byte_changed_is_read_as_what_it_says_or_refused(tally: Tally) -> None:
    failures = 0
    cases = [
        TEXT[:at] + chr(ord(TEXT[at]) ^ (1 << bit)) + TEXT[at + 1 :]
        for at in range(len(TEXT))
        for bit in range(7)
    ]
    for text in cases:
        try:
            failures += not isinstance(WORDING.read(text), (Task, HoldfastError, str, int))
        except UnreadableWork:
            continue
    tally(Count("engine: rows with one bit changed", n=len(cases), failures=failures))
    assert failures == 0


@pytest.mark.parametrize("types", [[Lax], [Task, msgspec.defstruct("Task", [])]])
def test_types_that_would_be_read_loosely_cannot_be_registered(
    types: list[type[msgspec.Struct]],
) -> None:
    with pytest.raises(ValueError, match=r"must forbid unknown fields|two types"):
        Wording(types)

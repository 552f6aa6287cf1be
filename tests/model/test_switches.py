"""A switch that is on and cannot be read is on."""

from datetime import UTC, datetime

import pytest

from holdfast.model.switches import (
    TRIPS,
    Acted,
    Failures,
    Frozen,
    broken_by,
    cooling_until,
    frozen_by,
    frozen_more,
    told,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def test_what_is_off_says_nothing() -> None:
    assert ("", "", None) == (frozen_by(None), broken_by(None), cooling_until(None, NEVER))


def test_what_is_on_says_who_and_why() -> None:
    frozen = Frozen(by="ana", reason="release night", at=NOON)
    assert "ana has switched everything off: release night" == frozen_by(told(frozen))
    assert NOON == cooling_until(told(Acted(until=NOON)), NEVER)


def test_a_breaker_trips_at_three_and_not_at_two() -> None:
    two, three = (Failures(count=count, since=NOON) for count in (TRIPS - 1, TRIPS))
    assert "" == broken_by(told(two))
    assert "3 times" in broken_by(told(three))


@pytest.mark.parametrize("odd", ["", "{}", "x", '{"by":1}', '{"until":"soon"}', "\ud800"])
def test_what_cannot_be_read_is_on(odd: str) -> None:
    assert frozen_by(odd)
    assert broken_by(odd)
    assert NEVER == cooling_until(odd, NEVER)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_who_was_first_to_freeze_stays_and_nobody_weakens_it(*, first: bool, second: bool) -> None:
    ana = Frozen(by="ana", reason="release night", at=NOON, undo_too=first)
    eve = Frozen(by="eve", reason="x", at=NEVER, undo_too=second)

    both = frozen_more(told(ana), eve)

    assert Frozen(by="ana", reason="release night", at=NOON, undo_too=first or second) == both


def test_where_none_holds_or_nobody_can_read_it_the_new_one_does() -> None:
    eve = Frozen(by="eve", reason="x", at=NOON)

    assert eve == frozen_more(None, eve)
    assert Frozen(by="eve", reason="x", at=NOON, undo_too=True) == frozen_more("rubbish", eve)

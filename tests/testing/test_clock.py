import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from holdfast.testing.clock import NOON, FrozenClock


def test_stands_still_until_it_is_moved() -> None:
    clock = FrozenClock()
    assert (NOON, NOON) == (clock.now(), clock.now())


def test_moves_by_as_much_as_it_is_told() -> None:
    clock = FrozenClock()
    assert NOON + timedelta(minutes=5) == clock.advance(timedelta(minutes=5))
    assert NOON + timedelta(minutes=5) == clock.now()


def test_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        FrozenClock().advance(timedelta(seconds=-1))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        FrozenClock(datetime(2026, 3, 2))  # noqa: DTZ001  # what the test is about


def test_tells_utc_wherever_it_was_set() -> None:
    east = datetime(2026, 3, 2, 14, tzinfo=timezone(timedelta(hours=2)))
    assert (NOON, UTC) == (FrozenClock(east).now(), FrozenClock(east).now().tzinfo)


async def test_a_sleeper_wakes_when_the_clock_has_been_moved_so_far_and_not_before() -> None:
    clock = FrozenClock()
    sleeping = asyncio.ensure_future(clock.sleep(10))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=9))
    await asyncio.sleep(0)
    assert not sleeping.done()
    clock.advance(timedelta(seconds=1))
    await sleeping


async def test_sleeping_for_no_time_ends_at_once() -> None:
    await FrozenClock().sleep(0)

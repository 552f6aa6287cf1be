from datetime import UTC, datetime, timedelta, timezone

import pytest

from holdfast.model.times import FIRST, LAST, in_words, moved, stamp


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
    ],
)
def test_spans_have_at_most_two_units(seconds: int, words: str) -> None:
    assert words == in_words(timedelta(seconds=seconds))


def test_times_are_written_in_utc_with_milliseconds() -> None:
    there = datetime(2026, 1, 1, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

    assert stamp(there) == "2026-01-01T12:00:00.999Z"
    assert stamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


def test_no_moment_is_moved_off_the_calendar() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)

    assert moved(moment, timedelta(days=1)) == datetime(2026, 1, 2, tzinfo=UTC)
    assert moved(FIRST, timedelta(seconds=-1)) == FIRST
    assert moved(LAST, timedelta(seconds=1)) == LAST


def test_a_time_before_all_calendars_is_written_all_the_same() -> None:
    far_east = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))

    assert stamp(far_east) == "0001-01-01T00:00:00.000Z"


def test_the_first_moment_of_whatever_clock_is_written_all_the_same() -> None:
    nowhere = datetime.min  # noqa: DTZ901 - of no time zone: somebody else wrote it so
    assert stamp(nowhere) == "0001-01-01T00:00:00.000Z"

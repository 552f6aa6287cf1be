"""Schedules as Kubernetes reads them; what is expected is from a calendar or its parser's rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.model.cron import Every, Times, schedule, zone_of
from holdfast.model.times import FIRST, LAST

ZULU = "UTC"
BERLIN = "Europe/Berlin"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _due(written: str, after: str, zone: str = ZULU) -> datetime | None:
    where = zone_of(zone)
    assert where is not None
    read = schedule(written, where)
    assert read is not None, written
    return read.after(_at(after))


@pytest.mark.parametrize(
    ("written", "after", "due"),
    [
        ("*/15 * * * *", "2026-03-28T23:00:00", "2026-03-28T23:15:00"),
        ("*/15 * * * *", "2026-03-28T22:59:59", "2026-03-28T23:00:00"),
        ("5/20 * * * *", "2026-03-28T23:05:00", "2026-03-28T23:25:00"),
        ("0 9 * * MON-FRI", "2026-03-27T09:00:00", "2026-03-30T09:00:00"),
        ("0 9 1,15 * ?", "2026-03-02T00:00:00", "2026-03-15T09:00:00"),
        ("0 0 29 feb *", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
        ("30 6-16/4 * * *", "2026-03-01T10:30:00", "2026-03-01T14:30:00"),
        ("@hourly", "2026-03-01T10:30:00", "2026-03-01T11:00:00"),
        ("@weekly", "2026-03-02T00:00:00", "2026-03-08T00:00:00"),
        ("@yearly", "2026-03-02T00:00:00", "2027-01-01T00:00:00"),
        ("@every 1h30m", "2026-03-01T10:10:00", "2026-03-01T11:40:00"),
    ],
)
def test_the_next_moment_is_the_calendars(written: str, after: str, due: str) -> None:
    assert _at(due) == _due(written, after)


def test_either_kind_of_day_is_enough_when_both_are_restricted() -> None:
    assert _at("2026-03-06T00:00:00") == _due("0 0 13 * 5", "2026-03-01T00:00:00")


def test_a_step_over_all_days_restricts_them() -> None:
    # `*/10` is no free field: the 1st, 11th, 21st and 31st, or any Monday
    assert _at("2026-03-02T00:00:00") == _due("0 0 */10 * 1", "2026-03-01T00:00:00")


def test_a_day_that_no_calendar_has_never_comes() -> None:
    assert _due("0 0 31 2 *", "2026-03-01T00:00:00") is None


def test_a_time_that_the_clock_skips_in_spring_comes_the_day_after() -> None:
    assert _at("2026-03-30T00:30:00") == _due("30 2 * * *", "2026-03-28T23:00:00", BERLIN)


def test_a_time_that_the_clock_shows_twice_in_autumn_comes_twice() -> None:
    first = _due("30 2 * * *", "2026-10-24T22:00:00", BERLIN)

    assert _at("2026-10-25T00:30:00") == first
    assert _at("2026-10-25T01:30:00") == _due("30 2 * * *", "2026-10-25T00:30:00", BERLIN)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "5-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "@fortnightly",
        "@every soon",
        "@every",
        "TZ=Mars/Olympus 0 2 * * *",
        ", * * * *",
        "9" * 300,
    ],
)
def test_what_is_no_schedule_is_none(written: str) -> None:
    where = zone_of(ZULU)
    assert where is not None

    assert schedule(written, where) is None


def test_a_zone_written_before_the_schedule_is_followed() -> None:
    assert _at("2026-03-02T01:00:00") == _due(
        "CRON_TZ=Europe/Berlin 0 2 * * *", "2026-03-01T12:00:00"
    )


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "Europe", "a\0b"])
def test_a_zone_that_nobody_knows_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_every_counts_from_the_last_run() -> None:
    where = zone_of(ZULU)
    assert where is not None

    assert Every(timedelta(minutes=90)) == schedule("@every 90m", where)


_minute = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - made UTC
    lambda d: d.replace(second=0, microsecond=0, tzinfo=UTC)
)


@given(moment=_minute, written=st.sampled_from(["*/7 * * * *", "13 2 * * *", "0 */5 * * 1-3"]))
def test_what_comes_next_is_later_and_is_due(moment: datetime, written: str) -> None:
    where = zone_of("America/New_York")
    assert where is not None
    read = schedule(written, where)
    assert isinstance(read, Times)

    due = read.after(moment)

    assert due is not None
    assert due > moment
    assert read.is_due_at(due)


@pytest.mark.slow
@given(st.text(max_size=40))
def test_no_text_breaks_it(written: str) -> None:
    where = zone_of(ZULU)
    assert where is not None
    read = schedule(written, where)

    assert read is None or read.after(_at("2026-01-01T00:00:00")) != _at("2026-01-01T00:00:00")


@pytest.mark.parametrize("moment", [FIRST, LAST])
@pytest.mark.parametrize("written", ["0 2 * * *", "0 0 29 2 *", "@every 1h"])
def test_the_ends_of_all_calendars_break_nothing(moment: datetime, written: str) -> None:
    where = zone_of("Europe/Berlin")
    assert where is not None
    read = schedule(written, where)
    assert read is not None

    due = read.after(moment)

    assert due is None or due > moment

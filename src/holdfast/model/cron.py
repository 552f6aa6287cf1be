"""Schedules of CronJobs, read as Kubernetes reads them: five fields, names, steps, `@hourly`.

A moment is due when the clock on the wall of the schedule's zone shows it. So a time that the
wall clock skips in spring never comes, and one that it shows twice in autumn comes twice.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_DAYS = {
    name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
}
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNITS = {
    "ns": timedelta(0),
    "us": timedelta(microseconds=1),
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
_YEARS = 5  # Kubernetes looks no further ahead: what has not come by then never comes
_LONGEST = 200  # characters; nobody writes a longer one


class Every(msgspec.Struct, frozen=True):
    """`@every 90m`: counted from the last run, whatever the clock shows."""

    interval: timedelta

    def after(self, moment: datetime) -> datetime | None:
        """The first moment after that one; None at the end of all calendars."""
        try:
            return moment + self.interval
        except OverflowError:
            return None


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Five fields: each moment at which all of them are met."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # Sunday is 0
    either: bool  # both kinds of days are restricted: one of them is enough
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """The first moment after that one; None when none comes within five years."""
        try:
            return self._after(moment)
        except OverflowError:  # the end of all calendars
            return None

    def _after(self, moment: datetime) -> datetime | None:
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        for ahead in range(_YEARS * 366):
            day = wall.date() + timedelta(days=ahead)
            if self._on(day):
                due = self._first_of(day, moment, wall)
                if due is not None:
                    return due
        return None

    def _first_of(self, day: date, moment: datetime, wall: datetime) -> datetime | None:
        """The first moment of a day that is later than that one, at which the wall shows `wall`."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self.zone)
        before, after = (noon + timedelta(days=n) for n in (-1, 1))
        offset = before.utcoffset()
        if offset is not None and offset == after.utcoffset():
            # The clocks are left alone: what the wall shows later is later.
            walls = (w for w in self._walls(day) if w > wall)
            first = next(walls, None)
            return None if first is None else (first - offset).replace(tzinfo=UTC)
        shown = {
            at
            for each in self._walls(day)
            for fold in (0, 1)
            if (at := each.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)) > moment
            and at.astimezone(self.zone).replace(tzinfo=None) == each
        }
        return min(shown, default=None)

    def is_due_at(self, moment: datetime) -> bool:
        """Whether the clock on the wall shows a time of this schedule at that moment."""
        try:
            return self.after(moment - timedelta(seconds=1)) == moment
        except OverflowError:
            return False

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either else by_date and by_weekday

    def _walls(self, day: date) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a wall


type Schedule = Every | Times


@lru_cache(maxsize=4096)
def schedule(written: str, zone: ZoneInfo) -> Schedule | None:
    """What was written, as a schedule; None for what is none."""
    written = written.strip()
    if len(written) > _LONGEST:
        return None
    if written.startswith(("TZ=", "CRON_TZ=")):  # not official, but followed where it is stored
        named, _, written = written.partition(" ")
        own = zone_of(named.partition("=")[2])
        return None if own is None else schedule(written, own)
    if written.startswith("@every "):
        interval = _duration(written.removeprefix("@every ").strip())
        return None if interval is None else Every(interval)
    fields = _WORDS.get(written, written).split()
    if len(fields) != 5:
        return None
    bounds: tuple[tuple[int, int, Mapping[str, int]], ...] = (
        (0, 59, {}),
        (0, 23, {}),
        (1, 31, {}),
        (1, 12, _MONTHS),
        (0, 6, _DAYS),
    )
    sets = [_field(text, *bound) for text, bound in zip(fields, bounds, strict=True)]
    read = [(values, free) for values, free in sets if values]
    if len(read) < 5:
        return None
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = read
    return Times(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=weekdays,
        either=not any_day and not any_weekday,
        zone=zone,
    )


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name; none named is UTC, where control planes run. None: not known here."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return None


def _field(
    text: str, lowest: int, highest: int, names: Mapping[str, int]
) -> tuple[frozenset[int], bool]:
    """The values of a field, and whether it leaves them free; no values for what is no field."""
    values: set[int] = set()
    free = False
    for piece in text.split(","):
        if not piece:
            continue
        span, slash, step_text = piece.partition("/")
        low_text, dash, high_text = span.partition("-")
        step = _number(step_text, {}) if slash else 1
        if low_text in ("*", "?"):
            low: int | None = lowest
            high: int | None = highest
            free = free or step == 1
        else:
            low = _number(low_text, names)
            high = _number(high_text, names) if dash else (highest if slash else low)
        if low is None or high is None or not step or not lowest <= low <= high <= highest:
            return frozenset(), False
        values.update(range(low, high + 1, step))
    return frozenset(values), free


def _number(text: str, names: Mapping[str, int]) -> int | None:
    named = names.get(text.lower())
    if named is not None:
        return named
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None


def _duration(text: str) -> timedelta | None:
    """`1h30m`, in whole seconds and at least one, as Kubernetes counts them."""
    total = timedelta(0)
    while text:
        digits = len(text) - len(text.lstrip("0123456789."))
        number, rest = text[:digits], text[digits:]
        unit = next((u for u in ("ms", "us", "ns", "s", "m", "h") if rest.startswith(u)), None)
        if unit is None or number.count(".") > 1 or not number.strip(".") or digits > 9:
            return None
        total += _UNITS[unit] * float(number)
        text = rest[len(unit) :]
    return max(timedelta(seconds=1), timedelta(seconds=int(total.total_seconds())))

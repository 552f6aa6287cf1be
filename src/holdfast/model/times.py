"""Times as they are written: for machines RFC 3339 in UTC with milliseconds, for people words."""

from datetime import UTC, datetime, timedelta

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The moments between which calendars end."""


def stamp(moment: datetime) -> str:
    """`2026-11-21T02:44:41.120Z`: the one form that is persisted, printed as JSON or signed."""
    return in_utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_the_second(moment: datetime) -> str:
    """`2026-11-21 02:44:41Z`, for people."""
    return f"{in_utc(moment):%Y-%m-%d %H:%M:%S}Z"


def in_utc(moment: datetime) -> datetime:
    """The same moment, as the clocks of UTC show it."""
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):  # the first or last hours of all calendars
        return moment.replace(tzinfo=UTC)


def in_words(span: timedelta) -> str:
    """A span for people, two units at most: `12 s`, `7 min`, `3 h 10 min`, `2 d 4 h`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        rest = minutes % 60
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    rest = hours % 24
    return f"{days} d {rest} h" if rest else f"{days} d"


def moved(moment: datetime, by: timedelta) -> datetime:
    """A moment earlier or later; one that no calendar has becomes the nearest that it has."""
    try:
        return moment + by
    except OverflowError:
        return LAST if by > timedelta() else FIRST

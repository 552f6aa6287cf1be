"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Where frozen clocks start: a Monday noon, so that ages in examples come out round."""


class FrozenClock:
    """The `Clock` port without a clock behind it."""

    def __init__(self, now: datetime = NOON) -> None:
        if now.tzinfo is None:
            raise ValueError("A frozen clock needs a time with its zone, such as UTC.")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self._now

    def advance(self, span: timedelta) -> datetime:
        """Move on, never back: nothing in a cluster is written in the past of what it follows."""
        if span < timedelta(0):
            raise ValueError("A frozen clock does not run backwards; start another one earlier.")
        self._now += span
        return self._now

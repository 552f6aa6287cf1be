"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Where frozen clocks start: a Monday noon, so that ages in examples come out round."""


class FrozenClock:
    """The `Clock` port without a clock behind it."""

    def __init__(self, now: datetime = NOON) -> None:
        if now.tzinfo is None:
            raise ValueError("A frozen clock needs a time with its zone, such as UTC.")
        self._now = now.astimezone(UTC)
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self._now

    def advance(self, span: timedelta) -> datetime:
        """Move on, never back: nothing in a cluster is written in the past of what it follows."""
        if span < timedelta(0):
            raise ValueError("A frozen clock does not run backwards; start another one earlier.")
        self._now += span
        for moment, sleeper in self._sleepers:
            if moment <= self._now and not sleeper.done():
                sleeper.set_result(None)
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Until the clock has been moved on by that much."""
        moment = self._now + timedelta(seconds=seconds)
        if moment <= self._now:
            return
        sleeper = (moment, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)

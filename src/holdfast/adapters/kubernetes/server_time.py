"""The API server's clock, heard from the Date header of its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from holdfast.ports import Clock

GRAIN = timedelta(seconds=2)  # a Date header says no more than the second, and travels a while

EPOCH, DOOMSDAY = 1970, 9000  # years


class ServerTime:
    """Our own clock, moved by as much as the server's is known to differ."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = timedelta(0)
        self.heard = False

    def hear(self, date: str) -> None:
        """Take a Date header; one that fits what we believe already changes nothing."""
        try:
            said = parsedate_to_datetime(date)
        except (ValueError, OverflowError):
            return
        if not EPOCH <= said.year < DOOMSDAY:
            return  # nobody's time, and too near to the ends of what a datetime can hold
        if said.tzinfo is None:
            said = said.replace(tzinfo=UTC)
        believed = self.now()
        if not said <= believed < said + GRAIN:
            self._ahead = said - self._clock.now()
        self.heard = True

    def now(self) -> datetime:
        """The server's time, as far as we know it."""
        return self._clock.now() + self._ahead

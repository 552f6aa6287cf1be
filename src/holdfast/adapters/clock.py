"""The clock of this machine: the one place that asks what time it is."""

from datetime import UTC, datetime


class SystemClock:
    """A `Clock`."""

    def now(self) -> datetime:
        """The time of this machine, in UTC."""
        return datetime.now(UTC)

"""The time, and randomness: they arrive like everything else from outside."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is. A simulated cluster freezes it; a live one asks the API server."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...


class Dice(Protocol):
    """Randomness that nobody can guess."""

    def roll(self, count: int) -> bytes:
        """So many random bytes."""
        ...

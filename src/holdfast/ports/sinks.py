"""Copies of the record elsewhere."""

from collections.abc import Sequence
from typing import Protocol

from holdfast.model.entries import Entry


class Sink(Protocol):
    """A copy of the record, somewhere else. It may be slow or dead, and holds up nobody."""

    @property
    def name(self) -> str:
        """What people know it by."""
        ...

    @property
    def whole(self) -> bool:
        """Whether it wants the whole record, or only what comes."""
        ...

    def last(self) -> Entry | None:
        """The last entry that it has. Raises `SinkFailed` for what is not ours to write on, and
        `SinkAway` for what may be later. Nothing is offered before.
        """
        ...

    def offer(self, lines: Sequence[bytes]) -> bool:
        """Take all of these lines, or none because there is no room; never waits."""
        ...

    def trouble(self) -> str:
        """Why it does not get on; empty while it does."""
        ...

    def close(self, within: float) -> None:
        """Write what was taken, as far as that can be done in so many seconds."""
        ...

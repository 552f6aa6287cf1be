"""The record on a stream, such as standard output: what comes from now on, a line for an entry."""

from collections.abc import Sequence
from typing import BinaryIO

from holdfast.adapters.sinks.queued import AGAIN, Batch, Queued
from holdfast.model.entries import Entry


class StreamSink:
    """A `Sink`."""

    whole = False

    def __init__(self, name: str, stream: BinaryIO, again: float = AGAIN) -> None:
        self.name = name
        self._stream = stream
        self._queued = Queued(name, self._write, again)

    def last(self) -> Entry | None:
        """Nobody knows what a stream has had."""
        return None

    def offer(self, lines: Sequence[bytes]) -> bool:
        """Take all of these lines, or none."""
        return self._queued.offer(lines)

    def trouble(self) -> str:
        """Why it does not get on."""
        return self._queued.trouble()

    def close(self, within: float) -> None:
        """Write what was taken."""
        self._queued.close(within)

    def _write(self, batch: Batch) -> None:
        self._stream.write(b"".join(line + b"\n" for line in batch))
        self._stream.flush()

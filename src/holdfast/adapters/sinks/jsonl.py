"""The record in a file of lines, which goes on where it ended; a torn last line is written again.

It is a copy: what stands in it can be verified like any export, and it is never read to decide.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from holdfast.adapters.sinks.queued import AGAIN, Batch, Queued
from holdfast.errors import SinkFailed
from holdfast.model.entries import Entry

LONGEST = 1 << 20  # bytes of a line


class JsonlSink:
    """A `Sink`."""

    whole = True

    def __init__(self, path: Path, again: float = AGAIN) -> None:
        self.name = str(path)
        self._path = path
        self._whole = 0  # bytes up to the end of the last whole line
        self._queued = Queued(self.name, self._write, again)

    def last(self) -> Entry | None:
        """The last entry in the file."""
        try:
            with self._path.open("rb") as opened:
                size = opened.seek(0, os.SEEK_END)
                start = max(0, size - 2 * (LONGEST + 1))
                opened.seek(start)
                end = opened.read()
        except FileNotFoundError:
            return None
        except OSError as refused:
            raise self._bad(f"cannot be read: {refused.strerror}") from None
        told = end[: end.rfind(b"\n") + 1]
        self._whole = start + len(told)
        if not told:
            if start:
                raise self._bad("holds a line that is longer than any entry")
            return None
        try:
            return msgspec.json.decode(told.splitlines()[-1], type=Entry)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._bad("does not end with an entry") from None

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
        """In place of whatever a failed attempt has left behind the last whole line."""
        told = b"".join(line + b"\n" for line in batch)
        handle = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.truncate(self._whole)
            opened.seek(self._whole)
            opened.write(told)
            opened.flush()
            os.fsync(opened.fileno())
        self._whole += len(told)

    def _bad(self, why: str) -> SinkFailed:
        return SinkFailed(
            f"The copy of the record in {self._path} {why}.",
            remedy="Move it away: a new one is begun from the first entry.",
        )

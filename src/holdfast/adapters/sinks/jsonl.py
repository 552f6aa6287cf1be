"""The record in a file of lines, which goes on where it ended; a torn last line is written again.

- It is a copy: what stands in it can be verified like any export, and it is never read to decide.
- One process writes it: the file is locked from the first look until the sink is closed, and
  whoever else wants it looks again later, when it may have become longer.
- A file that was moved away, replaced or shortened meanwhile is not written on.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec

from holdfast.adapters.sinks.queued import AGAIN, Batch, Queued
from holdfast.errors import SinkAway, SinkFailed
from holdfast.model.entries import Entry

LONGEST = 1 << 20  # bytes of a line


class JsonlSink:
    """A `Sink`."""

    whole = True

    def __init__(self, path: Path, again: float = AGAIN) -> None:
        self.name = str(path)
        self._path = path
        self._held: IO[bytes] | None = None
        self._whole = 0  # bytes up to the end of the last whole line
        self._queued = Queued(self.name, self._write, again, self._let_go)

    def last(self) -> Entry | None:
        """The last entry in the file, which is ours alone from then on."""
        try:
            held = self._held = self._held or self._locked()
            size = held.seek(0, os.SEEK_END)
            start = max(0, size - 2 * (LONGEST + 1))
            held.seek(start)
            end = held.read()
        except BlockingIOError:
            raise self._away("is being written by another process") from None
        except OSError as refused:
            raise self._away(f"cannot be opened: {refused.strerror}") from None
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
        """Write what was taken, and let go of the file when that has ended."""
        self._queued.close(within)

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()

    def _locked(self) -> IO[bytes]:
        handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        opened = os.fdopen(handle, "r+b", buffering=0)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            opened.close()
            raise
        return opened

    def _write(self, batch: Batch) -> None:
        """In place of whatever a failed attempt has left behind the last whole line."""
        if self._held is None:
            raise ValueError("nobody has looked at it yet")
        self._require_the_same(self._held)
        told = b"".join(line + b"\n" for line in batch)
        self._held.truncate(self._whole)
        self._held.seek(self._whole)
        _write_all(self._held, told)
        os.fsync(self._held.fileno())
        self._whole += len(told)

    def _require_the_same(self, held: IO[bytes]) -> None:
        ours = os.fstat(held.fileno())
        there = self._path.stat()
        if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino) or ours.st_size < self._whole:
            raise ValueError("it was replaced or cut off: end this process, and start it again")

    def _bad(self, why: str) -> SinkFailed:
        return SinkFailed(
            f"The copy of the record in {self._path} {why}.",
            remedy="Move it away: a new one is begun from the first entry.",
        )

    def _away(self, why: str) -> SinkAway:
        return SinkAway(
            f"The copy of the record in {self._path} {why}.",
            remedy="It is tried again; give each keeper a file of its own.",
        )


def _write_all(opened: IO[bytes], told: bytes) -> None:
    view = memoryview(told)
    while view:
        view = view[opened.write(view) :]

"""What a command prints, caught in a pipe of our own.

The pipes of asyncio's subprocesses end with the last process that holds them, which may be a
daemon that the command left behind. Ours end when we have what was printed until the command ended.
"""

import asyncio
import os
from types import TracebackType
from typing import Self

LARGEST = 1 << 20  # bytes
CHUNK = 1 << 16


class Catch:
    """One pipe; `full` is done as soon as more was printed than anybody needs."""

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.full: asyncio.Future[None] = self._loop.create_future()
        self._parts: list[bytes] = []
        self._size = 0
        self._ours, self._theirs = os.pipe()
        os.set_blocking(self._ours, False)
        self._loop.add_reader(self._ours, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.remove_reader(self._ours)
        self.full.cancel()
        os.close(self._ours)
        os.close(self._theirs)

    def give(self) -> int:
        """The end that the command writes to."""
        return self._theirs

    def everything(self) -> bytes:
        """What was printed until now."""
        while self._take():
            pass
        return b"".join(self._parts)

    def _take(self) -> bool:
        try:
            part = os.read(self._ours, CHUNK)
        except BlockingIOError:
            return False
        self._size += len(part)
        if self._size > LARGEST:
            self._loop.remove_reader(self._ours)
            if not self.full.done():
                self.full.set_result(None)
            return False
        self._parts.append(part)
        return True

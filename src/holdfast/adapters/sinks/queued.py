"""A sink behind a bounded queue and a thread of its own, so that it can hang without anybody.

- What does not fit is not taken: whoever offers has it in the database, and offers it again.
- A write that fails is made again, as a whole, until it succeeds or the sink is closed.
"""

import queue
import threading
from collections.abc import Callable, Sequence

ROOM = 4  # batches that wait: whoever writes slowly is offered more only when he has caught up
AGAIN = 1.0  # seconds between two attempts

type Batch = tuple[bytes, ...]


def nothing() -> None:
    """Nothing is to be done in the end."""


class Queued:
    """A bounded queue, and the thread that empties it into `write`."""

    def __init__(
        self,
        name: str,
        write: Callable[[Batch], None],
        again: float = AGAIN,
        end: Callable[[], None] = nothing,
    ) -> None:
        self.name = name
        self._write = write
        self._end = end  # when nothing more will be written
        self._again = again
        self._queue: queue.Queue[Batch | None] = queue.Queue(ROOM)
        self._closed = threading.Event()
        self._trouble = ""
        # A daemon: a sink that hangs does not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"sink {name}", daemon=True)
        self._thread.start()

    def offer(self, lines: Sequence[bytes]) -> bool:
        """Take all of these lines, or none."""
        try:
            self._queue.put_nowait(tuple(lines))
        except queue.Full:
            return False
        return True

    def trouble(self) -> str:
        """Why it does not get on."""
        return self._trouble

    def close(self, within: float) -> None:
        """Write what was taken, as far as that can be done in time."""
        try:
            self._queue.put(None, timeout=within)
        except queue.Full:
            self._closed.set()
            return
        self._thread.join(within)
        self._closed.set()

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            while not self._written(batch):
                if self._closed.wait(self._again):
                    self._end()
                    return
        self._end()

    def _written(self, batch: Batch) -> bool:
        try:
            self._write(batch)
        except (OSError, ValueError) as failed:  # ValueError: somebody has closed the stream
            self._trouble = f"{self.name}: {failed}"
            return False
        self._trouble = ""
        return True

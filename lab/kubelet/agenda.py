"""Which pod is due when; workers take from it, and no two work on one pod at a time."""

import heapq
import math
import threading
import time


class Agenda:
    """Names by the time at which somebody should look at them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        self._in_work: dict[str, float] = {}  # and when each wants another look

    def put(self, name: str, due: float = 0.0) -> None:
        """The earliest look that was asked for at a name counts."""
        with self._changed:
            if name in self._in_work:
                self._in_work[name] = min(self._in_work[name], due)
                return
            self._put(name, due)

    def take(self) -> str:
        """Waits for the next name that is due."""
        with self._changed:
            while True:
                while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
                    heapq.heappop(self._heap)  # an earlier look has overtaken this one
                wait = self._heap[0][0] - time.time() if self._heap else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                _, name = heapq.heappop(self._heap)
                del self._due[name]
                self._in_work[name] = math.inf
                return name

    def done(self, name: str) -> None:
        with self._changed:
            self._put(name, self._in_work.pop(name))

    def _put(self, name: str, due: float) -> None:
        if due >= self._due.get(name, math.inf):
            return
        self._due[name] = due
        heapq.heappush(self._heap, (due, name))
        self._changed.notify()

"""Writers of one SQLite file in one process take turns, first come, first served.

SQLite makes a writer that finds the file locked sleep and try again. Of many, some never wake at
the right moment, and give up although the others get on. Here nobody is passed over. Between
processes SQLite's own waiting stays.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LINES: dict[Path, "Turns"] = {}
_MAKING = threading.Lock()


class NobodyGotOn(Exception):
    """Whoever has the turn keeps it for longer than others wait."""


class Turns:
    """The line of those who wait to write."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False
        self._given = 0  # how many turns: while that grows, the line gets on

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Wait for one's turn; raises `NobodyGotOn` if the line stands still for so long."""
        self._take(patience)
        try:
            yield
        finally:
            with self._guard:
                self._pass_on()

    def _take(self, patience: float) -> None:
        mine = threading.Event()
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            self._waiting.append(mine)
            seen = self._given
        while not mine.wait(patience):
            with self._guard:
                if mine.is_set():
                    return
                if self._given == seen:
                    self._waiting.remove(mine)
                    raise NobodyGotOn
                seen = self._given

    def _pass_on(self) -> None:
        self._given += 1
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._taken = False


def turns_of(path: Path) -> Turns:
    """The line for that file, which every engine of this process shares."""
    with _MAKING:
        return _LINES.setdefault(path.absolute(), Turns())

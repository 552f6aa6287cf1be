"""The boundaries that a keeper meets: before and after each call of its store and of the cluster.

Each has a name that does not hang on time: what the keeper is doing, which call it is and where it
is made, and what a transaction leaves in the record. So a boundary that was met once is found
again in another process. Calls of the store are named where they end: a process that dies before
something is kept has done all of it but that. What merely looks whether there is something to do is
no boundary; a sweep is one from the first lease on that it takes back.
"""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import msgspec

from holdfast.model.entries import Draft
from holdfast.ports import Store, Tx
from holdfast.ports.engine import Attempt, Phase
from tests.workflow import crashing
from tests.workflow.crashing import Fate

type Attempts = Callable[[Attempt], Attempt]
"""What a phase is handed in place of an attempt."""

SEAL, REQUEST = "seal", "request"
TAKES_BACK = ("before take_back", "before cut_off")
FRAMES = 2  # of ours, by which a call is known
ENGINES = "RunAttempt"  # whose steps have names of their own


class Point(NamedTuple):
    """A boundary: the so many-th of that name which one process meets while it does that."""

    doing: str
    place: str
    number: int = 1

    def __str__(self) -> str:
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.doing}: {self.place}{again}"


@dataclass(slots=True)
class Deed:
    """What is being done, and whether what is met in it counts."""

    name: str
    counts: bool = True


_DOING: ContextVar[Deed | None] = ContextVar("doing", default=None)
_STEP: ContextVar[str] = ContextVar("step", default="")


class Trace:
    """Every boundary that one process met, in a file that outlives it; others write there too."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._met: Counter[tuple[str, str]] = Counter()
        self._guard = threading.Lock()

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator["Trace"]:
        """One that goes on in that file."""
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            yield cls(file)
        finally:
            os.close(file)

    def meet(self, doing: str, place: str) -> Point:
        """Write it down before anything else happens."""
        with self._guard:
            self._met[doing, place] += 1
            here = Point(doing, place, self._met[doing, place])
            os.write(self._file, msgspec.json.encode(here) + b"\n")
        return here


def traced(path: Path) -> Sequence[Point]:
    """Every boundary that was met, in order."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [Point(*msgspec.json.decode(line)) for line in lines]


@dataclass
class Deadly(Fate):
    """Kills this process at one boundary."""

    point: Point | None = None
    trace: Trace | None = None

    def meet(self, place: str) -> None:
        """A boundary of what is being done; of nothing, if nothing is."""
        deed = _DOING.get()
        if deed is None:
            return
        deed.counts |= place in TAKES_BACK
        if deed.counts:
            self.reached(deed.name, f"{place} in {_where()}")

    def reached(self, doing: str, place: str) -> None:
        """A boundary of that."""
        assert self.trace is not None
        if self.trace.meet(doing, place) == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    def kept(self, moment: str, drafts: Sequence[Draft]) -> None:
        """A boundary of a transaction, known by what it leaves in the record."""
        deed = _DOING.get()
        if deed is None or not deed.counts:
            return
        where = _where()
        what = _STEP.get() if where.startswith(ENGINES) else where
        told = f" with {', '.join(map(_told, drafts))}" if drafts else ""
        self.reached(deed.name, f"{moment} {what}{told} is kept")


def _told(draft: Draft) -> str:
    event = draft.details.get("event")
    return f"{draft.kind} {event}" if event else draft.kind


def _where() -> str:
    """The innermost of our functions that are being called, the outer first."""
    found: list[str] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(found) < FRAMES:
        if str(frame.f_globals.get("__name__")).startswith("holdfast."):
            found.append(frame.f_code.co_qualname.replace(".<locals>", ""))
        frame = frame.f_back
    return " > ".join(reversed(found))


@contextmanager
def doing(name: str, *, counts: bool = True) -> Iterator[None]:
    """From here on that is done, also by the threads that are asked to."""
    token = _DOING.set(Deed(name, counts))
    try:
        yield
    finally:
        _DOING.reset(token)


class Through:
    """Something of which one part is another."""

    def __init__(self, of: Any, **other: Any) -> None:
        self._of = of
        self._other = other

    def __getattr__(self, name: str) -> Any:
        return self._other[name] if name in self._other else getattr(self._of, name)


class MortalStore(crashing.MortalStore):
    """A `Store`: a boundary before and after each read and before and after each commit."""

    def __init__(self, store: Store, fate: Deadly) -> None:
        super().__init__(store, fate)
        self._deadly = fate

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        drafts: list[Draft] = []
        with self._store.transaction() as tx:

            def submit(*submitted: Draft) -> None:
                tx.records.submit(*submitted)
                drafts.extend(submitted)

            through: Any = Through(tx, records=Through(tx.records, submit=submit))
            yield through
            self._deadly.kept("before", drafts)
        self._deadly.kept("after", drafts)


class SealersStore:
    """The sealer's: a boundary before and after each sort of entry is sealed."""

    def __init__(self, store: Store, fate: Deadly) -> None:
        self._store = store
        self._fate = fate
        self.cluster = store.cluster

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        sealed: list[str] = []
        with self._store.transaction() as tx:

            def seal(entries: Any, tip: Any) -> None:
                entries = [*entries]
                tx.records.seal(entries, tip)
                sealed.extend(each.kind for each in entries)

            through: Any = Through(tx, records=Through(tx.records, seal=seal))
            yield through
            self._reached("before", sealed)
        self._reached("after", sealed)

    def _reached(self, moment: str, sealed: Sequence[str]) -> None:
        for kind in sealed:
            self._fate.reached(SEAL, f"{moment} {kind} is sealed")

    def reading(self) -> Any:
        return self._store.reading()


class NamedAttempt:
    """An `Attempt` whose steps are known by their names."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    @property
    def run(self) -> str:
        """The run's id."""
        return self._attempt.run

    @property
    def number(self) -> int:
        """How often somebody has had a go at it."""
        return self._attempt.number

    async def step(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do something in the world, and keep what came of it."""
        with _step(name):
            return await self._attempt.step(name, act)

    async def commit(self, name: str, write: Callable[[Tx], Any]) -> Any:
        """Write something in one transaction."""
        with _step(name):
            return await self._attempt.commit(name, write)


@contextmanager
def _step(name: str) -> Iterator[None]:
    token = _STEP.set(name)
    try:
        yield
    finally:
        _STEP.reset(token)


def mortal_phase(phase: Phase, fate: Deadly, made: Attempts, *, scheduled: bool) -> Phase:
    """A phase whose calls are boundaries, and its end as well."""

    async def body(attempt: Attempt, argument: msgspec.Struct) -> Any:
        with doing(phase.name, counts=not scheduled):
            told = await phase.body(made(NamedAttempt(attempt)), argument)
            fate.meet("after the end")
            return told

    return msgspec.structs.replace(phase, body=body)

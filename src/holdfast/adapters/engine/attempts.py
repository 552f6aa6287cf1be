"""One go at a run: its steps end once, and only while the run is ours.

- Each transaction in which a step ends locks the run's row and sees that nobody has taken it over.
- Before a step touches the world it is looked at too. That closes no gap (a process can be stopped
  right after it looked), so what a step does to the world carries a precondition of its own.
- While the database is away, an attempt waits. It does not fail for that. Where a phase itself
  asked and heard nothing, or "no", another attempt goes on, as if others had taken the run up.
- A step that the database refuses to keep, for longer than we wait, ends the run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import cast

from holdfast.adapters.engine.rows import Kept, taken_over
from holdfast.adapters.engine.works import Desk
from holdfast.errors import (
    NOT_NOW,
    AlreadyKept,
    HoldfastError,
    StoreFailed,
    StoreRefused,
    StoreUnreachable,
    TakenOver,
    UnreadableWork,
    WorkFailed,
    WrongStore,
)
from holdfast.ports import Tx
from holdfast.ports.engine import Value

AGAIN = 0.2  # seconds until the database is asked again; doubles up to the last
AT_MOST = 2.0
REFUSALS = 60  # seconds of "no" (locked, full) after which a run fails


class RunAttempt:
    """An `Attempt`."""

    def __init__(self, desk: Desk, run: str, owner: str, before: int = 0) -> None:
        """`before`: how many attempts this process has broken off at this claim of the run."""
        self._desk = desk
        self._owner = owner
        self._before = before
        self._kept: Mapping[int, Kept] = {}
        self._place = 0
        self.run = run
        self.number = 0

    async def begin(self) -> None:
        """See that the run is ours, and what was done of it."""

        def look() -> None:
            with self._desk.store.reading() as tx:
                self.number = self._still(tx) + self._before
                if self.number > 1:
                    self._kept = self._desk.rows.steps(tx, self.run)

        await answered(look)

    async def step[V: Value](self, name: str, act: Callable[[], Awaitable[V]]) -> V:
        """Do something in the world, and keep what came of it."""
        place = self._next()
        if place in self._kept:
            return cast(V, self._value(self._kept[place], name))
        await answered(self._look)
        try:
            value = await act()
        except (TakenOver, *NOT_NOW):
            raise  # nothing is kept: whoever goes on looks first
        except Exception as failed:
            await self._keep(place, Kept(name=name, error=self._text(failed)))
            raise
        await self._keep(place, Kept(name=name, output=self._text(value)))
        return value

    async def commit[V: Value](self, name: str, write: Callable[[Tx], V]) -> V:
        """Write something in one transaction, exactly once."""
        place = self._next()
        if place in self._kept:
            return cast(V, self._value(self._kept[place], name))

        tries = count()
        return await answered(lambda: self.write_once(place, name, write, next(tries)))

    def write_once[V: Value](
        self, place: int, name: str, write: Callable[[Tx], V], tried: int = 1
    ) -> V:
        """One try of that. Whatever it raises, nothing was written."""
        with self._desk.store.transaction() as tx:
            self._desk.rows.hold(tx, self.run, self._owner)
            # We may have been told that it failed, and it had not.
            ended = self._desk.rows.steps(tx, self.run).get(place) if tried else None
            if ended is not None:
                return cast(V, self._value(ended, name))
            value = write(tx)
            kept = Kept(name=name, output=self._text(value))
            self._desk.rows.keep_step(tx, self.run, place, kept, self._desk.clock.now())
        return value

    async def _keep(self, place: int, step: Kept) -> None:
        def once() -> None:
            with self._desk.store.transaction() as tx:
                self._desk.rows.hold(tx, self.run, self._owner)
                if place not in self._desk.rows.steps(tx, self.run):
                    self._desk.rows.keep_step(tx, self.run, place, step, self._desk.clock.now())

        await answered(once)

    def _look(self) -> None:
        with self._desk.store.reading() as tx:
            self._still(tx)

    def _still(self, tx: Tx) -> int:
        claimed = self._desk.rows.claimed(tx, self.run)
        if claimed is None or claimed.owner != self._owner:
            raise taken_over(self.run)
        return claimed.number

    def _next(self) -> int:
        self._place += 1
        return self._place

    def _value(self, kept: Kept, name: str) -> object:
        if kept.name != name:
            raise UnreadableWork(
                f"The run {self.run} has done {kept.name} where {name} is to be done now.",
                remedy="A phase whose steps change gets another name; this run is ended.",
            )
        if kept.error is not None:
            error = self._desk.wording.read(kept.error)
            raise error if isinstance(error, HoldfastError) else taken_over(self.run)
        return self._desk.wording.read(kept.output or "")

    def _text(self, value: object) -> str:
        return self._desk.wording.written(value)


async def answered[V](ask: Callable[[], V], refusals: float = REFUSALS) -> V:
    """Ask patiently; a "no" that lasts ends the run: no other attempt is made for that."""
    try:
        return await patiently(ask, refusals)
    except StoreRefused as no:
        raise WorkFailed(no.wrong, remedy=no.remedy) from no


async def patiently[V](ask: Callable[[], V], refusals: float = REFUSALS) -> V:
    """Ask the database off the loop, again and again while it is away."""
    pause, refused = AGAIN, 0.0
    while True:
        try:
            return await asyncio.to_thread(ask)
        except (AlreadyKept, WrongStore):
            raise
        except StoreFailed as failed:
            if not isinstance(failed, StoreUnreachable):
                refused += pause
                if refused > refusals:
                    raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, AT_MOST)

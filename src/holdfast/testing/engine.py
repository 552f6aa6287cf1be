"""An `Engine` in memory: it answers the contract of the real one, and forgets with the process.

What it is good for: phases under test, in one process, on a clock that stands still. What it cannot
show: what happens when a process dies.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import cast

import msgspec

from holdfast.errors import (
    NOT_NOW,
    AlreadyKept,
    HoldfastError,
    NotCanonical,
    TakenOver,
    UnreadableWork,
)
from holdfast.model.runs import (
    ATTEMPTS,
    Backlog,
    Figures,
    Order,
    Queue,
    RunState,
    RunStatus,
    Schedule,
)
from holdfast.ports import Clock, Store, Tx
from holdfast.ports.engine import Phase, Value, ordered
from holdfast.testing.memory import Kept

LOOK = 0.005  # seconds between two looks for work
VERSION = "memory"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One that has ended."""

    name: str
    value: object = None
    error: HoldfastError | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run, as it stands."""

    order: Order
    queue: str
    place: int  # in the order of their coming
    ordered: datetime
    state: RunState = RunState.WAITING
    owner: int = 0  # which attempt has it; 0: none
    attempts: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    steps: tuple[Step, ...] = ()
    result: object = None
    failure: str = ""


class EngineInMemory:
    """An `Engine`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        phases: Sequence[Phase],
        queues: Sequence[Queue],
        schedules: Sequence[Schedule] = (),
        types: Sequence[type[msgspec.Struct]] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._phases = {each.name: each for each in phases}
        self._queues = {each.name: each for each in queues}
        self._schedules = schedules
        self._types = {*types, *(each.takes for each in phases)}
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._places = count(1)
        self._tokens = count(1)
        self._refused = 0

    def enqueue(self, tx: Tx, order: Order) -> bool:
        """Have a run made once the transaction is kept."""
        phase = ordered(order, self._phases, self._queues)
        there = _runs(tx).get(order.id)
        if there is not None:
            if there.order.phase != order.phase:
                raise AlreadyKept(f"{order.id} is a run of another phase.", remedy="Look at it.")
            return False
        now = self._clock.now()
        run = Run(order=order, queue=phase.queue, place=next(self._places), ordered=now)
        _put(tx, run)
        return True

    def cancel(self, tx: Tx, run: str) -> bool:
        """End a run before its end."""
        there = _runs(tx).get(run)
        if there is None or there.state.ended:
            return False
        _put(tx, _changed(there, state=RunState.CANCELLED, owner=0, ended=self._clock.now()))
        return True

    def status(self, tx: Tx, run: str) -> RunStatus | None:
        """How it stands."""
        there = _runs(tx).get(run)
        if there is None:
            return None
        return RunStatus(
            id=run,
            phase=there.order.phase,
            state=there.state,
            attempts=there.attempts,
            executor="memory" if there.attempts else "",
            result=there.result,
            failure=there.failure,
        )

    def figures(self, tx: Tx) -> Figures:
        """What is to be seen of the whole."""
        runs = list(_runs(tx).values())
        waiting = [each for each in runs if each.state is RunState.WAITING]
        now = self._clock.now()
        return Figures(
            backlog=tuple(
                Backlog(
                    queue=name,
                    version=VERSION,
                    runs=len(those),
                    oldest=now - min(each.ordered for each in those),
                )
                for name in sorted(self._queues)
                if (those := [each for each in waiting if each.queue == name])
            ),
            running=len([each for each in runs if each.state is RunState.RUNNING]),
            orphaned=0,
            most_attempts=max((each.attempts for each in runs if not each.state.ended), default=0),
            given_up=len([each for each in runs if each.state is RunState.GIVEN_UP]),
            requeued=0,
            put_back=0,
            refused=self._refused,
        )

    def forget(self, tx: Tx, before: datetime) -> int:
        """Remove the runs that ended before then."""
        runs = _runs(tx).values()
        old = [each for each in runs if each.ended is not None and each.ended < before]
        for each in old:
            _kept(tx).change().work.pop(each.order.id)
        return len(old)

    def works_at(self, run: str) -> bool:
        """Whether somebody of this engine is at it."""
        return run in self._tasks.values()

    def at_rest(self, tx: Tx) -> bool:
        """Whether nothing is under way, and nothing will be before the clock moves."""
        if any(each.state is RunState.RUNNING for each in _runs(tx).values()):
            return False
        due = (self._slot(each).id for each in self._schedules)
        return all(run in _runs(tx) for run in due) and not any(self._fit(tx))

    def give_back(self, tx: Tx, run: str) -> None:
        """As if whoever works at it had died: others may take it up."""
        there = _runs(tx)[run]
        if there.state is RunState.RUNNING:
            spent = there.attempts >= ATTEMPTS
            state = RunState.GIVEN_UP if spent else RunState.WAITING
            _put(tx, _changed(there, state=state, owner=0))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work, on this loop."""
        looking = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            for task in (looking, *self._tasks):
                task.cancel()
            await asyncio.gather(looking, *self._tasks, return_exceptions=True)
            with self._store.transaction() as tx:
                for run in _runs(tx):
                    self.give_back(tx, run)

    async def _look_on(self) -> None:
        while True:
            with self._store.transaction() as tx:
                self._order_what_is_due(tx)
                claimed = [self._claim(tx, run) for run in self._fit(tx)]
            for run in claimed:
                task = asyncio.create_task(self._work(run))
                self._tasks[task] = run.order.id
                task.add_done_callback(self._tasks.pop)
            await asyncio.sleep(LOOK)

    def _order_what_is_due(self, tx: Tx) -> None:
        for each in self._schedules:
            self.enqueue(tx, self._slot(each))

    def _slot(self, each: Schedule) -> Order:
        slot = (self._clock.now() - _EPOCH) // each.every
        return Order(id=f"{each.name}-{slot}", phase=each.phase, argument=each.argument)

    def _fit(self, tx: Tx) -> Iterable[Run]:
        """What may begin now, oldest first; seen again after each, because each takes a place."""
        waiting = [each for each in _runs(tx).values() if each.state is RunState.WAITING]
        for run in sorted(waiting, key=lambda each: each.place):
            if self._has_room(tx, run):
                yield run

    def _has_room(self, tx: Tx, run: Run) -> bool:
        queue, now = self._queues[run.queue], self._clock.now()
        if run.ordered + run.order.delay > now:
            return False
        those = [each for each in _runs(tx).values() if each.queue == run.queue]
        going = [each for each in those if each.state is RunState.RUNNING]
        beside = [each for each in going if each.order.partition == run.order.partition]
        if queue.at_once is not None and len(going) >= queue.at_once:
            return False
        if queue.in_each_partition is not None and len(beside) >= queue.in_each_partition:
            return False
        if queue.rate is None:
            return True
        since = now - queue.rate.within
        begun = [each for each in those if each.started is not None and each.started > since]
        return len(begun) < queue.rate.starts

    def _claim(self, tx: Tx, run: Run) -> Run:
        claimed = _changed(
            run,
            state=RunState.RUNNING,
            owner=next(self._tokens),
            attempts=run.attempts + 1,
            started=self._clock.now(),
        )
        _put(tx, claimed)
        return claimed

    async def _work(self, run: Run) -> None:
        phase = self._phases[run.order.phase]
        attempt = AttemptInMemory(self._store, run, self._types)
        try:
            result = await phase.body(attempt, run.order.argument)
            attempt.must_fit(result)
        except TakenOver:
            self._refused += 1
            return
        except NOT_NOW:  # whoever takes it up goes on
            with self._store.transaction() as tx:
                self.give_back(tx, run.order.id)
            return
        except HoldfastError as failed:
            self._end(run, state=RunState.FAILED, failure=str(failed))
            return
        self._end(run, state=RunState.DONE, result=result)

    def _end(self, run: Run, **how: object) -> None:
        with self._store.transaction() as tx:
            there = _runs(tx).get(run.order.id)
            if there is not None and there.owner == run.owner:
                _put(tx, _changed(there, owner=0, ended=self._clock.now(), **how))


class AttemptInMemory:
    """An `Attempt`."""

    def __init__(self, store: Store, run: Run, types: set[type[msgspec.Struct]]) -> None:
        self._store = store
        self._claimed = run
        self._types = types
        self._place = 0
        self.run = run.order.id
        self.number = run.attempts

    async def step[V: Value](self, name: str, act: Callable[[], Awaitable[V]]) -> V:
        """Do something in the world, and keep what came of it."""
        place, before = self._next(name)
        if before is not None:
            return cast(V, _again(before))
        with self._store.reading() as tx:
            self._hold(tx)
        try:
            value = await act()
        except (TakenOver, *NOT_NOW):
            raise
        except HoldfastError as failed:
            with self._store.transaction() as tx:
                self._keep(tx, place, Step(name=name, error=failed))
            raise
        self.must_fit(value)
        with self._store.transaction() as tx:
            self._keep(tx, place, Step(name=name, value=value))
        return value

    async def commit[V: Value](self, name: str, write: Callable[[Tx], V]) -> V:
        """Write something in one transaction, exactly once."""
        place, before = self._next(name)
        if before is not None:
            return cast(V, _again(before))
        with self._store.transaction() as tx:
            self._hold(tx)
            value = write(tx)
            self.must_fit(value)
            self._keep(tx, place, Step(name=name, value=value))
        return value

    def must_fit(self, value: object) -> None:
        """Raise for what the engine may not keep."""
        if not isinstance(value, (str, int, type(None))) and type(value) not in self._types:
            raise NotCanonical(
                f"{type(value).__name__} is not a type that the engine may keep.",
                remedy="Register it with the phase that takes or gives it.",
            )

    def _next(self, name: str) -> tuple[int, Step | None]:
        self._place += 1
        if self._place > len(self._claimed.steps):
            return self._place, None
        before = self._claimed.steps[self._place - 1]
        if before.name != name:
            raise UnreadableWork(
                f"The run {self.run} has done {before.name} where {name} is to be done now.",
                remedy="A phase whose steps change gets another name; this run is ended.",
            )
        return self._place, before

    def _hold(self, tx: Tx) -> Run:
        there = _runs(tx).get(self.run)
        if there is None or there.owner != self._claimed.owner:
            raise TakenOver(f"The run {self.run} was taken over.", remedy="Nothing was written.")
        return there

    def _keep(self, tx: Tx, place: int, step: Step) -> None:
        there = self._hold(tx)
        if len(there.steps) == place - 1:
            _put(tx, _changed(there, steps=(*there.steps, step)))


def _again(step: Step) -> object:
    if step.error is not None:
        raise step.error
    return step.value


def _kept(tx: Tx) -> Kept:
    if not isinstance(tx.native, Kept):
        raise TypeError("this engine works in memory only")
    return tx.native


def _runs(tx: Tx) -> dict[str, Run]:
    return {name: each for name, each in _kept(tx).work.items() if isinstance(each, Run)}


def _put(tx: Tx, run: Run) -> None:
    _kept(tx).change().work[run.order.id] = run


def _changed(run: Run, **how: object) -> Run:
    return msgspec.structs.replace(run, **how)

"""Deaths at every boundary: before and after each call that a phase makes of the store, of the
cluster, of its hands and of the leases.

Whoever is killed does nothing more, as after kill -9: what it holds in hand is lost, and what it
sent was sent. Its run is then given back, as the engine does it when a process falls silent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import msgspec

from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.ordered import SWEEP, CaseOrder, SweepOrder
from holdfast.model.runs import Order, RunState
from holdfast.ports import Store, Tx
from holdfast.ports.engine import Attempt, Phase
from holdfast.ports.leases import Lent, NotLent
from holdfast.testing.engine import EngineInMemory
from holdfast.workflow.leash import Leash
from tests.workflow.executing import QUEUES, TYPES, Stage, a_stage, the_phases

SHORT: dict[str, timedelta] = {"soak": timedelta(seconds=1), "settled": timedelta(0)}
_LIFE: ContextVar["Life | None"] = ContextVar("life", default=None)


class Killed(asyncio.CancelledError):
    """kill -9."""


@dataclass(eq=False)
class Life:
    """One attempt of a phase."""

    dead: bool = False


@dataclass
class Fate:
    """At which of the calls somebody is killed: of the first life that comes so far, then of the
    next.
    """

    at: list[int] = field(default_factory=list)
    count: int = 0
    kills: int = 0
    places: list[str] = field(default_factory=list)

    def meet(self, place: str) -> None:
        """A boundary."""
        life = _LIFE.get()
        if life is None:
            return
        if life.dead:
            raise Killed
        self.count += 1
        self.places.append(place)
        if self.at and self.count == self.at[0]:
            self.at.pop(0)
            self.count = 0
            self.kills += 1
            life.dead = True
            raise Killed

    async def around[V](self, name: str, call: Callable[[], Awaitable[V]]) -> V:
        """A call, with a boundary on each side."""
        self.meet(f"before {name}")
        value = await call()
        self.meet(f"after {name}")
        return value


class MortalStore:
    """A `Store`."""

    def __init__(self, store: Store, fate: Fate) -> None:
        self._store = store
        self._fate = fate
        self.cluster = store.cluster

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        self._fate.meet("before a transaction")
        with self._store.transaction() as tx:
            yield tx
        self._fate.meet("after a transaction")

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        self._fate.meet("before a read")
        with self._store.reading() as tx:
            yield tx
        self._fate.meet("after a read")


class Mortal:
    """Whatever port has methods to be awaited: each of them a boundary before and after."""

    def __init__(self, port: Any, fate: Fate) -> None:
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*given: Any, **named: Any) -> Any:
            answer = await self._fate.around(name, lambda: method(*given, **named))
            return self._lent(answer) if isinstance(answer, Lent) else answer

        return call

    def _lent(self, lent: Lent) -> Lent | NotLent:
        fate = self._fate

        @asynccontextmanager
        async def hands() -> Any:
            async with lent.hands as real:
                yield Mortal(real, fate)

        return Lent(hands=hands())


def mortal(phase: Phase) -> Phase:
    """A phase of which each attempt is a life."""

    async def body(attempt: Attempt, argument: msgspec.Struct) -> Any:
        _LIFE.set(Life())
        return await phase.body(attempt, argument)

    return msgspec.structs.replace(phase, body=body)


@asynccontextmanager
async def a_mortal_stage(fate: Fate, rules: Rules | None = None, **timing: timedelta) -> Any:
    """A stage on which phases are killed where their fate says."""
    async with a_stage(rules=rules, store=None, **(SHORT | timing)) as stage:
        store, leash = MortalStore(stage.store, fate), stage.leash
        held: list[Leash] = []
        phases = [mortal(each) for each in the_phases(lambda: held[0])]
        engine = EngineInMemory(store, stage.clock, phases, QUEUES, types=TYPES)
        cluster: Any = Mortal(leash.cluster, fate)
        held.append(
            replace(
                leash,
                store=store,
                engine=engine,
                cluster=cluster,
                hands=Mortal(leash.hands, fate),
                leases=Mortal(leash.leases, fate),
                fences=Mortal(leash.fences, fate),
            )
        )
        stage.engine, stage.held = engine, held
        yield stage


def give_back(stage: Stage) -> None:
    """Give the runs of the dead back."""
    with stage.store.transaction() as tx:
        for each in stage.runs():
            if each.state is RunState.RUNNING and not stage.engine.works_at(each.order.id):
                stage.engine.give_back(tx, each.order.id)


async def lived(
    stage: Stage, order: CaseOrder, *states: State, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """The whole story, with whoever takes over from the dead, and a sweep at the end."""

    def go_on() -> None:
        meanwhile()
        give_back(stage)

    await stage.until(order, *states, meanwhile=go_on)
    with stage.store.transaction() as tx:
        swept = Order(id="sweep/last", phase=SWEEP, argument=SweepOrder())
        stage.engine.enqueue(tx, swept)
    async with stage.engine.running(), asyncio.timeout(30):
        while any(each.state is not RunState.DONE for each in stage.runs()):
            go_on()
            stage.clock.advance(timedelta(seconds=1))
            await asyncio.sleep(0.003)


def events(stage: Stage) -> Sequence[str]:
    """What the record says that happened."""
    return [each["event"] for each in stage.entries("outcome")]

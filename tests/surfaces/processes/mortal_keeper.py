"""A keeper that kills itself, by SIGKILL, before or after a call that it makes of one of its ports.

It is the keeper's own process on real parts, put together as `wiring` does it, with the store, the
cluster, the hands, the leases and the fences wrapped, so that each call of them is a boundary.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from holdfast import settings
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works, executor_of
from holdfast.adapters.logs import Lines
from holdfast.model.access import Process
from holdfast.model.forms import look_at_forms
from holdfast.model.keys import Purpose
from holdfast.model.letters import Beat, Letter
from holdfast.model.ordered import REVOKE
from holdfast.model.runs import Order
from holdfast.ports import Store, Tx
from holdfast.ports.engine import Attempt
from holdfast.surfaces.cli.anchors import anchorage
from holdfast.surfaces.processes.keeper import run
from holdfast.wiring.acting import Footing, Work, keepers_cluster, leashed, on_the_leash
from holdfast.wiring.footing import beneath, ground
from holdfast.workflow.anchoring import Witness
from holdfast.workflow.inbox import Hearing, Inbox
from holdfast.workflow.keeping import Keeper
from holdfast.workflow.leash import Leash
from holdfast.workflow.leashed import Holder
from tests.surfaces.processes.boundaries import (
    Deadly,
    MortalStore,
    Point,
    SealersStore,
    Through,
    Trace,
    doing,
    mortal_phase,
)
from tests.surfaces.processes.faults import FAULTS, Fault
from tests.workflow.crashing import Mortal

SWEEP_EVERY = timedelta(seconds=2)  # 30 s in earnest
ENDED_LATER = timedelta(seconds=2)  # the same: a lease whose run goes on is looked at again


@dataclass(frozen=True, kw_only=True)
class Fated:
    """How one keeper lives, and where it dies."""

    environ: Mapping[str, str]
    point: Point | None
    trace: Path
    log: Path
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Mortality:
    """What makes a keeper mortal, and wrong if it is to be."""

    fate: Deadly
    fault: Fault
    store: Store

    def work(self, work: Work, engine: Callable[[], TransactEngine]) -> Work:
        """Phases and hearings whose calls are boundaries."""
        scheduled = {each.phase for each in work.schedules}
        return replace(
            work,
            phases=[
                mortal_phase(each, self.fate, self._attempt, scheduled=each.name in scheduled)
                for each in work.phases
            ],
            hearings={
                kind: self._hearing(kind, hear, engine) for kind, hear in work.hearings.items()
            },
            schedules=[msgspec.structs.replace(each, every=SWEEP_EVERY) for each in work.schedules],
        )

    def _attempt(self, attempt: Attempt) -> Attempt:
        return self.fault.attempt(attempt, self.store)

    def _hearing(self, kind: str, hear: Hearing, engine: Callable[[], TransactEngine]) -> Hearing:
        async def heard(letter: Letter) -> None:
            with doing(f"{kind} of {letter.sender.rpartition(':')[2]}"):
                await hear(letter)
                await asyncio.to_thread(self.fault.heard, engine(), self.store)

        return heard

    def leash(self, leash: Leash) -> Leash:
        """A leash of which each port has boundaries."""
        ports: dict[str, Any] = {
            name: Mortal(getattr(leash, name), self.fate)
            for name in ("cluster", "hands", "leases", "fences")
        }
        engine: Any = Through(leash.engine, enqueue=_sooner(self.fault.enqueue(leash.engine)))
        return replace(leash, engine=engine, **ports)


def _sooner(enqueue: Callable[[Tx, Order], bool]) -> Callable[[Tx, Order], bool]:
    """The end of a lease is put off for less than in earnest."""

    def ordered(tx: Tx, order: Order) -> bool:
        if order.phase == REVOKE:
            order = msgspec.structs.replace(order, delay=min(order.delay, ENDED_LATER))
        return enqueue(tx, order)

    return ordered


def _keep(fate: Deadly, fault: Fault) -> None:
    ours, clock = ground(None, Process.KEEPER), SystemClock()
    id_, now = executor_of("keeper-mortal", SystemDice()), clock.now()
    me = Beat(executor=id_, role=Process.KEEPER.value, version="0", started=now, beat=now)
    log = Lines(sys.stderr, "json", clock.now, process="keeper", id_=id_)
    holder = Holder()
    connection = keepers_cluster(settings.read())
    assert connection is not None
    with ours.store() as real, beneath(None, Process.KEEPER) as connections:
        store = MortalStore(real, fate)
        mortality = Mortality(fate=fate, fault=fault, store=store)
        work = mortality.work(leashed(holder), lambda: engine)
        works = Works(
            role=me.role,
            executor=me.executor,
            release=me.version,
            phases=work.phases,
            queues=work.queues,
            schedules=work.schedules,
            types=work.types,
        )
        engine = TransactEngine(works, store, connections, clock)
        kept = anchorage(ours, lambda note, name: ours.keep_note(note, name, None))
        witness = Witness(store, kept, log)
        footing = Footing(
            connection=connection,
            ours=ours,
            store=store,
            engine=engine,
            log=log,
            policy=Path(os.environ["HOLDFAST_POLICY"]),
            witness=witness,
        )

        @asynccontextmanager
        async def reach() -> AsyncIterator[Leash]:
            async with on_the_leash(footing, holder) as leash:
                wrapped = mortality.leash(leash)
                holder.take(wrapped)
                yield wrapped

        sealing: Any = SealersStore(real, fate)
        keeper = Keeper(
            me=me,
            engine=engine,
            inbox=Inbox(store=store, clock=clock, dice=SystemDice(), hearings=work.hearings),
            sealer=ours.sealer(sealing, ours.keyring(Purpose.AUDIT)),
            sinks=(),
            witness=witness,
            anchor_every=1,
            log=log,
            reach=reach,
        )
        look_at_forms()
        run(keeper, until_input_ends=False)


def live(fated: Fated) -> None:
    """Be that keeper."""
    for name in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        del os.environ[name]
    os.environ.update(fated.environ)
    said = os.open(fated.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(said, 2)
    with Trace.opened(fated.trace) as trace:
        _keep(Deadly(point=fated.point, trace=trace), FAULTS[fated.fault]())

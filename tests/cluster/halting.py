"""A keeper in this process that halts where a test wants it to: between an approval and the act.

Everything is real but where it keeps things and how it is given work: the cluster, leases, fences,
the policy's folder, people's signatures, the inbox and the record.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.logs import Lines
from holdfast.errors import HoldfastError
from holdfast.execution.recovering import Timing
from holdfast.model.access import Process
from holdfast.model.keys import Purpose
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.runs import RunState
from holdfast.ports.engine import Attempt, Phase, Value
from holdfast.surfaces.cli.anchors import anchorage
from holdfast.testing.engine import EngineInMemory, Run
from holdfast.testing.memory import Kept, StoreInMemory
from holdfast.wiring.acting import Footing, on_the_leash
from holdfast.wiring.footing import ground
from holdfast.workflow.anchoring import Witness
from holdfast.workflow.inbox import Inbox, answer_on
from holdfast.workflow.leashed import QUEUES, TYPES, Holder, hearings, phases
from holdfast.workflow.sealing import seal_on
from tests.cluster.finding import PACE
from tests.cluster.leash import Installation
from tests.surfaces.processes.running import PATIENCE

IN_PROCESS = (
    pytest.mark.usefixtures("cut_short"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
)
"""Marks of tests with such a keeper: what it asks in its end is cut, and sockets are left over."""

SHORT = Timing(
    soak=timedelta(seconds=1),
    deadline=timedelta(seconds=60),
    late=timedelta(seconds=60),
    settled=timedelta(seconds=2),
)


type Meanwhile = Callable[[str], Awaitable[None]]
"""Is told the proposal's id."""


@dataclass(frozen=True, kw_only=True)
class Halting:
    """The keeper, and the installation as people reach it."""

    installed: Installation
    engine: EngineInMemory
    store: StoreInMemory
    troubles: list[HoldfastError]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """It works at what was ordered; in the end it has done so."""
        async with self.engine.running():
            yield
            async with asyncio.timeout(PATIENCE):
                while any(run.state is RunState.RUNNING for run in self._runs()):
                    await asyncio.sleep(PACE)
        assert not [run.failure for run in self._runs() if run.failure]

    def _runs(self) -> list[Run]:
        with self.store.reading() as tx:
            assert isinstance(tx.native, Kept)
            return [each for each in tx.native.work.values() if isinstance(each, Run)]


@asynccontextmanager
async def halting(
    installed: Installation, timing: Timing = SHORT, meanwhile: Meanwhile | None = None
) -> AsyncIterator[Halting]:
    """One, which hears and seals all the time and acts when it is told to.

    `meanwhile` is what happens to the world between the last yes to a proposal and its act.
    """
    clock, holder = SystemClock(), Holder()
    store = StoreInMemory(installed.store.cluster, clock)
    troubles: list[HoldfastError] = []
    work = [_after(each, meanwhile) for each in phases(holder.held)]
    engine = EngineInMemory(store, clock, work, QUEUES, types=TYPES)
    ours = ground(installed.state, Process.KEEPER)
    log = Lines(io.StringIO(), "json", clock.now, process="keeper", id_="in-process")
    passes = Path(installed.settings["keeper_kubeconfig"])
    notes: dict[str, bytes] = {}  # of this record, which is another than the installation's
    anchors = replace(
        anchorage(ours, lambda _, __: None),
        notes=lambda: [*notes.values()],
        keep=lambda note, name: notes.update({name: note}),
    )
    footing = Footing(
        connection=connect_to(environ={}, kubeconfig=passes, home=installed.state),
        ours=ours,
        store=store,
        engine=engine,
        log=log,
        policy=installed.policy,
        witness=Witness(store, anchors, log),
    )
    inbox = Inbox(store=store, clock=clock, dice=SystemDice(), hearings=hearings(holder.held))
    sealer, ended = ours.sealer(store, ours.keyring(Purpose.AUDIT)), asyncio.Event()
    async with on_the_leash(footing, holder) as leash, asyncio.TaskGroup() as works:
        holder.take(replace(leash, timing=timing))
        works.create_task(answer_on(inbox, ended, log))
        works.create_task(seal_on(sealer, ended, troubles.append))
        try:
            yield Halting(
                installed=replace(installed, store=store),
                engine=engine,
                store=store,
                troubles=troubles,
            )
        finally:
            ended.set()
    assert troubles == []


def _after(phase: Phase, meanwhile: Meanwhile | None) -> Phase:
    """The same phase, and what happens before the act, if it is that."""
    if phase.name != ACT or meanwhile is None:
        return phase

    async def body(attempt: Attempt, argument: msgspec.Struct) -> Value:
        if isinstance(argument, CaseOrder):
            await meanwhile(argument.proposal)
        return await phase.body(attempt, argument)

    return msgspec.structs.replace(phase, body=body)

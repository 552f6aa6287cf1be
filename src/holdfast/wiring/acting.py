"""The keeper's leash, put together: a cluster that it reads and lends leases on, and the rules.

Without a cluster of its own the keeper answers, seals and anchors as ever, and acts on nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from holdfast import settings

if TYPE_CHECKING:
    import msgspec

    from holdfast.adapters.kubernetes.connection import Connection
    from holdfast.adapters.logs import Lines
    from holdfast.execution.recovering import Timing
    from holdfast.model.runs import Queue, Schedule
    from holdfast.ports import Store
    from holdfast.ports.engine import Engine, Phase
    from holdfast.surfaces.cli.ground import Ground
    from holdfast.workflow.anchoring import Witness
    from holdfast.workflow.inbox import Hearing
    from holdfast.workflow.leash import Leash
    from holdfast.workflow.leashed import Holder


def keepers_cluster(wanted: settings.Settings) -> Connection | None:
    """The cluster that the keeper is to act on, by a kubeconfig of its own or from inside a pod."""
    from holdfast.adapters.kubernetes.in_pod import SERVICE_ACCOUNT, inside_a_pod
    from holdfast.adapters.kubernetes.kubeconfig import connect_to

    if not wanted.keeper_kubeconfig:
        return inside_a_pod(settings.environment(), SERVICE_ACCOUNT)
    return connect_to(
        environ=settings.environment(),
        kubeconfig=Path(wanted.keeper_kubeconfig),
        home=settings.home(),
    )


def timing(wanted: settings.Settings) -> Timing:
    """How long is waited, as it is set; what is not asked for stays as it is."""
    from holdfast.execution.recovering import Timing

    return Timing(
        soak=timedelta(seconds=wanted.soak),
        deadline=timedelta(seconds=wanted.deadline),
        late=timedelta(seconds=wanted.late),
        settled=timedelta(seconds=wanted.settled),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the engine and the inbox of a process are made with; of most, nothing."""

    phases: Sequence[Phase] = ()
    queues: Sequence[Queue] = ()
    schedules: Sequence[Schedule] = ()
    types: Sequence[type[msgspec.Struct]] = ()
    hearings: Mapping[str, Hearing] = MappingProxyType({})


def leashed(holder: Holder) -> Work:
    """The work of a keeper that has a cluster."""
    from holdfast.workflow.leashed import QUEUES, TYPES, hearings, phases, schedules

    return Work(
        phases=phases(holder.held),
        queues=QUEUES,
        schedules=schedules(),
        types=TYPES,
        hearings=hearings(holder.held),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """What the leash stands on."""

    connection: Connection
    ours: Ground
    store: Store
    engine: Engine
    log: Lines
    policy: Path  # the folder
    witness: Witness


@asynccontextmanager
async def on_the_leash(footing: Footing, holder: Holder) -> AsyncIterator[Leash]:
    """The leash, for as long as the keeper lives. Raises what keeps it from holding."""
    import asyncio

    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.dice import SystemDice
    from holdfast.adapters.kubernetes.hands import KubernetesHands
    from holdfast.adapters.kubernetes.reader import Reader
    from holdfast.adapters.signers.ed25519 import check
    from holdfast.adapters.signers.ssh import check as ssh_check
    from holdfast.model.forms import look_at_forms
    from holdfast.model.keys import Purpose
    from holdfast.wiring.fencing import fences, leases
    from holdfast.wiring.policies import Policies
    from holdfast.workflow.keeping import require_signing
    from holdfast.workflow.leash import Leash
    from holdfast.workflow.ruling import ruled_by

    wanted, clock, connection = settings.read(), SystemClock(), footing.connection
    sealer = footing.ours.sealer(footing.store, footing.ours.keyring(Purpose.AUDIT))
    policies = Policies(
        footing.policy,
        lambda broken: footing.log.trouble("policy", broken),
        lambda files: ruled_by(sealer, files),
    )
    await policies.refreshed()
    tickets = footing.ours.keyring(Purpose.TICKETS)
    await asyncio.to_thread(require_signing, tickets, "", check)
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(
            Reader(connection, clock=clock, page_size=wanted.page_size)
        )
        leash = Leash(
            store=footing.store,
            engine=footing.engine,
            cluster=reader,
            hands=await stack.enter_async_context(KubernetesHands(connection, clock=clock)),
            leases=await stack.enter_async_context(leases(connection, clock)),
            fences=await stack.enter_async_context(fences(connection, clock)),
            operator=policies,
            people=policies.people,
            rules=policies.rules,
            refreshed=policies.refreshed,
            tickets=tickets,
            check=check,
            sealed_by=lambda: footing.ours.keys(()),
            ssh_check=ssh_check,
            clock=clock,
            dice=SystemDice(),
            timing=timing(wanted),
            log=footing.log,
            witness=footing.witness.anchored,
            lines=reader,
        )
        look_at_forms()  # also those that came with the leash
        holder.take(leash)
        watching = asyncio.create_task(policies.watched())
        stack.callback(watching.cancel)
        yield leash

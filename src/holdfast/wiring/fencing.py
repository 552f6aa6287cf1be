"""Leases and fences, put together: names that `grants` made, and adapters that heed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast import settings

if TYPE_CHECKING:
    from holdfast.adapters.kubernetes.connection import Connection
    from holdfast.adapters.kubernetes.fences import KubernetesFences
    from holdfast.adapters.kubernetes.install import KubernetesInstaller
    from holdfast.adapters.kubernetes.lease_requests import Marks
    from holdfast.adapters.kubernetes.leases import KubernetesLeases
    from holdfast.adapters.kubernetes.manifests import Manifest
    from holdfast.ports import Clock, Shelf


def marks() -> Marks:
    """How leases are known on the cluster."""
    from holdfast.adapters.kubernetes.lease_requests import Marks
    from holdfast.execution.lease_names import is_lease
    from holdfast.grants.minter_policies import TOKEN_SECONDS
    from holdfast.grants.names import KINDS, LABELS, LEASES, REFUSES, UNSET, VALUES, WIDE, role_of

    return Marks(
        namespace=LEASES,
        values=VALUES,
        roles=frozenset(map(role_of, KINDS)),
        wide=WIDE,
        labels=LABELS,
        refuses=REFUSES,
        unset=UNSET,
        seconds=TOKEN_SECONDS,
        is_lease=is_lease,
    )


def leases(connection: Connection, clock: Clock) -> KubernetesLeases:
    """What makes leases with the keeper's credential, and ends them."""
    from holdfast.adapters.kubernetes.hands import KubernetesHands
    from holdfast.adapters.kubernetes.leases import KubernetesLeases, Limits

    return KubernetesLeases(
        connection,
        marks(),
        hands=lambda lent: KubernetesHands(lent, clock=clock),
        clock=clock,
        limits=Limits(remembered=settings.read().remembered),
    )


def fences(connection: Connection, clock: Clock) -> KubernetesFences:
    """What the keeper compares before it acts: all of the fences that it may read."""
    from holdfast.adapters.kubernetes.fences import KubernetesFences
    from holdfast.grants.fences import compared

    return KubernetesFences(connection, _plain(compared()), clock=clock)


def _plain(manifests: Sequence[object]) -> Sequence[Manifest]:
    """As the API server gives them back."""
    import msgspec

    return [msgspec.json.decode(msgspec.json.encode(each), type=dict) for each in manifests]


def installer(connection: Connection, clock: Clock) -> KubernetesInstaller:
    """What puts the fences up, with the credential of an administrator."""
    from holdfast.adapters.kubernetes.besides import Plan
    from holdfast.adapters.kubernetes.install import KubernetesInstaller
    from holdfast.grants.fences import fences
    from holdfast.grants.names import KEEPER, OURS, SERVE
    from holdfast.model.access import Process

    made = _plain(fences())
    plan = Plan(
        manifests=made,
        protects=made[-1],
        ours=OURS,
        accounts={Process.SERVE: SERVE, Process.KEEPER: KEEPER},
        marks=marks(),
    )
    return KubernetesInstaller(connection, plan, clock=clock)


def on_cluster(connection: Connection) -> Shelf:
    """The ConfigMap for checkpoints."""
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.kubernetes.checkpoints import OnCluster
    from holdfast.grants.names import CHECKPOINTS, OURS

    return OnCluster(connection, SystemClock(), (OURS, CHECKPOINTS))

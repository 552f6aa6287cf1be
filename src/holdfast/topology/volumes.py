"""How pods come to their volumes: class, claim, volume, node. One home for every rule that asks."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from holdfast.model.kinds import Claim, Event, PersistentVolume, Pod, StorageClass
from holdfast.model.quantities import worth
from holdfast.model.snapshot import Snapshot

CREATING = frozenset({"", "ContainerCreating", "PodInitializing"})


class Provision(StrEnum):
    """Who is to serve a claim."""

    CLASS = "its class"
    BY_HAND = "volumes made by hand"  # volumes of that class exist although the class does not
    MISSING = "a class that does not exist"
    NO_DEFAULT = "the default class, and no class is"
    UNSEEN = "unseen"


def provision(cluster: Snapshot, claim: Claim) -> Provision:
    """Who is to serve a claim, as far as we see: a name may also stand for volumes made by hand."""
    name = claim.spec.storage_class_name
    if name == "":
        return Provision.BY_HAND  # that is what asking for no class means
    if name is not None and cluster.find(StorageClass, "", name) is not None:
        return Provision.CLASS
    if not cluster.sees(StorageClass):
        return Provision.UNSEEN
    if name is None and any(is_default(c) for c in cluster.all(StorageClass)):
        return Provision.CLASS
    if (name or "") in cluster.once(_classes_of_volumes):
        return Provision.BY_HAND
    return Provision.NO_DEFAULT if name is None else Provision.MISSING


def _classes_of_volumes(cluster: Snapshot) -> frozenset[str]:
    return frozenset(v.spec.storage_class_name for v in cluster.all(PersistentVolume))


def is_default(storage_class: StorageClass) -> bool:
    """Whether claims without a class get this one."""
    said = storage_class.metadata.annotations
    return "true" in (said.default_storage_class, said.beta_default_storage_class)


def mounting(cluster: Snapshot, namespace: str, claim: str) -> Iterator[Pod]:
    """Pods that mount a claim and are not over."""
    for pod in cluster.within(Pod, namespace):
        if not pod.over and claim in pod.claims:
            yield pod


def asks_for_volumes(pod: Pod) -> bool:
    """Whether anybody is to provide a late-binding volume for it now: not while the scheduler finds
    no node for other reasons, because the volume is made where the pod will be.
    """
    scheduled = pod.condition("PodScheduled")
    if scheduled is None or scheduled.status != "False" or not scheduled.message:
        return True
    return "volume" in scheduled.message.lower()


def set_up_since(pod: Pod) -> datetime | None:
    """Since when its node has been setting it up, volumes first; None before and after that."""
    started = pod.condition("PodReadyToStartContainers")
    if started is not None and started.status == "True":
        return None  # its sandbox runs, and that comes after the volumes
    return starting_since(pod)


def starting_since(pod: Pod) -> datetime | None:
    """Since when its node is to start it; None before that, and once a container has started."""
    if pod.over or not pod.spec.node_name:
        return None
    for status in pod.statuses:
        waiting = status.state.waiting
        if waiting is None or waiting.reason not in CREATING:
            return None
    scheduled = pod.condition("PodScheduled")
    return (scheduled.last_transition_time if scheduled else None) or pod.born


def misfits(claim: Claim, volume: PersistentVolume) -> str:
    """Why a claim may not have the volume that it names; empty when it may, as far as we see."""
    asks, has, belongs = claim.spec, volume.spec, volume.spec.claim_ref
    here = (claim.metadata.namespace, claim.metadata.name)
    if belongs is not None and (belongs.namespace, belongs.name) != here:
        return f"belongs to claim {belongs.namespace}/{belongs.name}"
    if belongs is not None and belongs.uid not in ("", claim.metadata.uid):
        return "belongs to an earlier claim of this name"
    wanted, size = asks.resources.requests.get("storage"), has.capacity.get("storage")
    enough, there = worth(wanted), worth(size)
    lacking = [mode for mode in asks.access_modes if mode not in has.access_modes]
    said = (
        (enough is not None and there is not None and there < enough, f"has {size} of {wanted}"),
        (bool(lacking), f"is not {', '.join(lacking)}"),
        (asks.volume_mode != has.volume_mode, f"is of mode {has.volume_mode}"),
        (
            (asks.storage_class_name or "") != has.storage_class_name,
            f"is of class {has.storage_class_name or 'none'}",
        ),
        (volume.leaving, "is being deleted"),
    )
    return ", ".join(what for so, what in said if so)


def claim_of(cluster: Snapshot, volume: PersistentVolume) -> Claim | None:
    """The claim that a volume belongs to, by uid."""
    belongs = volume.spec.claim_ref
    if belongs is None:
        return None
    claim = cluster.find(Claim, belongs.namespace, belongs.name)
    return claim if claim is not None and claim.metadata.uid == belongs.uid else None


class VolumeTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """What the control plane or the kubelet says of a volume that a pod waits for."""

    pod: Pod
    volume: str  # the PersistentVolume's name, or the pod's own for a volume without one
    what: str  # `Multi-Attach error`, `AttachVolume.Attach failed`, `MountVolume.SetUp failed`
    message: str
    since: datetime


def volume_events(cluster: Snapshot, reason: str) -> Iterator[VolumeTrouble]:
    """Volumes that pods wait for now, by the events of that reason: one for each pod and volume.

    The form is the control plane's own: `<what> for volume "<name>" <why>`. An event without it
    (the kubelet's summary of several volumes) adds nothing to those that have it.
    """
    told: dict[tuple[str, str], VolumeTrouble] = {}
    said = (event for event in cluster.all(Event) if event.reason == reason)
    for event in sorted(said, key=lambda event: event.last_seen):
        subject = event.involved_object
        pod = cluster.find(Pod, subject.namespace, subject.name)
        if pod is None or not subject.uid or pod.metadata.uid != subject.uid:
            continue  # about a pod that is gone, or an earlier one of that name
        what, form, rest = event.message.partition(' for volume "')
        volume, quote, why = rest.partition('"')
        waits = set_up_since(pod)
        if waits is None or not form or not quote:
            continue  # healthy: not scheduled yet, or its volumes are there
        before = told.get((pod.metadata.uid, volume))
        since = max(waits, event.first_seen)
        told[pod.metadata.uid, volume] = VolumeTrouble(
            pod=pod,
            volume=volume,
            what=what,
            message=why.removeprefix(" ").removeprefix(": "),
            since=min(since, before.since) if before else since,
        )
    yield from told.values()

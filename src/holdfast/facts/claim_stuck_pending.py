"""A volume claim that nobody serves: pods that mount it cannot start."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Claim, PersistentVolume, Pod, StorageClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import Provision, asks_for_volumes, misfits, mounting, provision
from holdfast.topology.workloads import SHORT

REMAKE = (
    "Nobody provisions a volume that is named, and a claim cannot change it: make the claim again "
    "so that they fit, or mend the volume"
)
MAKE = "Nobody provisions a volume that is named: make that volume, or the claim again with another"


@fact(
    code="HF-STO-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # dynamic provisioning that works is done well before this
    reads=(Claim, StorageClass, PersistentVolume, Pod),
    next_step="Ask why nobody provisions it: kubectl describe pvc {name} -n {namespace}",
    explains=("HF-WRK-001", *SHORT),
)
def claim_stuck_pending(cluster: Snapshot) -> Iterator[Found]:
    """A claim that somebody asked for is Pending. A claim whose class binds late counts from
    the first pod that mounts it and that fits a node otherwise; before that it waits as it should.
    One that names its volume waits for that one alone: told is whether it exists, whose it is, and
    in what it does not fit. A claim whose class does not exist, or that relies on a default class
    where there is none, has facts of its own.
    """
    for claim in cluster.all(Claim):
        if claim.status.phase != "Pending" or claim.metadata.deletion_timestamp is not None:
            continue
        served_by = provision(cluster, claim)
        if served_by in (Provision.MISSING, Provision.NO_DEFAULT):
            continue  # told by storage_class_missing and no_default_storage_class
        wanted = _first_wanted(cluster, claim)
        if wanted is None:
            continue  # healthy: binds when the first pod arrives, and none has
        waited = f"{claim.metadata.name} has waited {cluster.elapsed(wanted)}"
        named, step = _named(cluster, claim)
        yield Found(
            about=claim.ref,
            since=wanted,
            says=f"{waited} for {named}",
            seen=_seen(cluster, claim),
            next_step=step,
            names={"volume": claim.spec.volume_name},
        )


def _named(cluster: Snapshot, claim: Claim) -> tuple[str, str | None]:
    """What it waits for, and the next step where that is not to ask who provisions it."""
    name = claim.spec.volume_name
    if not name:
        return "a volume", None
    volume, look = cluster.find(PersistentVolume, "", name), "kubectl describe pv {volume}"
    if volume is not None and (wrong := misfits(claim, volume)):
        return f"volume {name}, which {wrong}", f"{REMAKE}: {look}"
    if volume is None and cluster.sees(PersistentVolume):
        return f"volume {name}, which does not exist", f"{MAKE}: kubectl get pv"
    return f"volume {name}", f"See why it does not get the volume that it names: {look}"


def _first_wanted(cluster: Snapshot, claim: Claim) -> datetime | None:
    """Since when somebody has wanted it; None while it may rightly wait, as far as we can see."""
    if claim.spec.volume_name or _binds_at_once(cluster, claim):
        return claim.born
    asking = mounting(cluster, claim.metadata.namespace, claim.metadata.name)
    first = min((pod.born for pod in asking if asks_for_volumes(pod)), default=None)
    return max(claim.born, first) if first else None


def _binds_at_once(cluster: Snapshot, claim: Claim) -> bool:
    name = claim.spec.storage_class_name
    served_by = provision(cluster, claim)
    if served_by is Provision.BY_HAND:
        return True
    if served_by is Provision.CLASS and name:
        found = cluster.find(StorageClass, "", name)
        return found is not None and found.volume_binding_mode != "WaitForFirstConsumer"
    # A class that we may not see may bind late. A claim that names none was made where no class
    # was the default, or it would have got that one's name.
    return name is None and served_by is Provision.UNSEEN


def _seen(cluster: Snapshot, claim: Claim) -> dict[str, str]:
    name = claim.spec.storage_class_name or ""
    storage_class = cluster.find(StorageClass, "", name)
    seen = {"status.phase": claim.status.phase, "class": name or "none asked for"}
    if storage_class is not None:
        seen["provisioner"] = storage_class.provisioner
    if claim.spec.volume_name:
        seen["spec.volumeName"] = claim.spec.volume_name
    return seen

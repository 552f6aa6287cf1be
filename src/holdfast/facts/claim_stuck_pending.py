"""A volume claim that nobody serves: pods that mount it cannot start."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Claim, Pod, StorageClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-STO-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # dynamic provisioning that works is done well before this
    reads=(Claim, StorageClass, Pod),
    next_step="Ask why nobody provisions it: kubectl describe pvc {name} -n {namespace}",
)
def claim_stuck_pending(cluster: Snapshot) -> Iterator[Found]:
    """A claim that somebody asked for is Pending. A claim whose class binds late counts from
    the first pod that mounts it; before that it waits as it should.
    """
    for claim in cluster.all(Claim):
        if claim.status.phase != "Pending" or claim.metadata.deletion_timestamp is not None:
            continue
        wanted = _first_wanted(cluster, claim)
        if wanted is None:
            continue  # healthy: binds when the first pod arrives, and none has
        yield Found(
            about=claim.ref,
            since=wanted,
            says=f"{claim.metadata.name} has waited {cluster.elapsed(wanted)} for a volume",
            seen=_seen(cluster, claim),
        )


def _first_wanted(cluster: Snapshot, claim: Claim) -> datetime | None:
    """Since when somebody has wanted it; None while it may rightly wait, as far as we can see."""
    if _binds_at_once(cluster, claim):
        return claim.born
    mounting = [
        pod.born
        for pod in cluster.within(Pod, claim.metadata.namespace)
        if not pod.over and claim.metadata.name in pod.claims
    ]
    return max(claim.born, min(mounting)) if mounting else None


def _binds_at_once(cluster: Snapshot, claim: Claim) -> bool:
    name = claim.spec.storage_class_name
    if not name:
        return True  # no class: only a volume that is already there can serve it
    found = cluster.find(StorageClass, "", name)
    if found is None:
        # A class that does not exist serves nobody; one that we may not see may bind late.
        return cluster.sees(StorageClass)
    return found.volume_binding_mode != "WaitForFirstConsumer"


def _seen(cluster: Snapshot, claim: Claim) -> dict[str, str]:
    name = claim.spec.storage_class_name or ""
    storage_class = cluster.find(StorageClass, "", name)
    seen = {"status.phase": claim.status.phase, "class": name or "none asked for"}
    if storage_class is not None:
        seen["provisioner"] = storage_class.provisioner
    elif name and cluster.sees(StorageClass):
        seen["class"] = f"{name}, which does not exist"
    return seen

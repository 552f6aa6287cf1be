"""A volume claim was deleted while a pod uses it: what is on it goes when that pod ends."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Claim, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import mounting


@fact(
    code="HF-STO-012",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # who resets a workload deletes its claim and then its pods
    reads=(Claim, Pod),
    next_step="Save what is on it before a pod that uses it ends, for a deletion cannot be taken "
    "back; keep the volume beyond it: kubectl patch pv {part} "
    '-p \'{{"spec":{{"persistentVolumeReclaimPolicy":"Retain"}}}}\'',
)
def claim_deleted_in_use(cluster: Snapshot) -> Iterator[Found]:
    """A claim has a deletion time and a volume, and a pod mounts it that is neither over nor being
    deleted itself. Kubernetes keeps the claim until that pod ends; the next pod finds none.
    """
    for claim in cluster.all(Claim):
        deleted, volume = claim.metadata.deletion_timestamp, claim.spec.volume_name
        if deleted is None or not volume:
            continue
        here = claim.metadata.namespace
        staying = [p for p in mounting(cluster, here, claim.metadata.name) if not p.leaving]
        if not staying:
            continue  # healthy: whoever used it goes too, or nobody did
        users = ", ".join(sorted(pod.metadata.name for pod in staying)[:3])
        yield Found(
            about=claim.ref,
            part=volume,
            since=deleted,
            says=f"deleted, and kept only until {users} ends",
            seen={"spec.volumeName": volume, "pods": users},
        )

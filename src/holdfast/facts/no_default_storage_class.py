"""A volume claim relies on the default storage class, and no class is the default."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Claim, PersistentVolume, StorageClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import Provision, provision
from holdfast.topology.workloads import SHORT


@fact(
    code="HF-STO-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a new cluster gets its classes and its first claims together
    reads=(Claim, StorageClass, PersistentVolume),
    next_step="Make one class the default, and the claim gets it: kubectl annotate storageclass "
    "CLASS storageclass.kubernetes.io/is-default-class=true",
    explains=("HF-WRK-001", *SHORT),
)
def no_default_storage_class(cluster: Snapshot) -> Iterator[Found]:
    """A Pending claim names no class, no class is marked as the default, and there is no volume
    without a class that could serve it. A claim that asks for the class `""` wants no default.
    """
    for claim in cluster.all(Claim):
        if claim.status.phase != "Pending" or claim.leaving:
            continue
        if provision(cluster, claim) is not Provision.NO_DEFAULT:
            continue  # healthy: it names a class, or there is a default
        classes = sorted(c.metadata.name for c in cluster.all(StorageClass))
        yield Found(
            about=claim.ref,
            since=claim.born,
            says="it names no storage class, and no class is the default",
            seen={"status.phase": claim.status.phase, "classes": ", ".join(classes[:5]) or "none"},
        )

"""A volume claim names a storage class that does not exist: nobody will ever serve it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Claim, PersistentVolume, StorageClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import Provision, provision
from holdfast.topology.workloads import SHORT


@fact(
    code="HF-STO-002",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a chart may bring its class a moment after its claims
    reads=(Claim, StorageClass, PersistentVolume),
    next_step="A claim's class cannot be changed: create the class, or make the claim again with "
    "one of: kubectl get storageclass",
    explains=("HF-WRK-001", *SHORT),
)
def storage_class_missing(cluster: Snapshot) -> Iterator[Found]:
    """A Pending claim asks for a class that does not exist. A class that only names volumes made
    by hand needs no object: while any volume carries its name, the claim waits for one of those.
    """
    for claim in cluster.all(Claim):
        if claim.status.phase != "Pending" or claim.leaving:
            continue
        if provision(cluster, claim) is not Provision.MISSING:
            continue  # healthy: its class exists, or volumes made by hand carry the name
        name = claim.spec.storage_class_name or ""
        others = sorted(c.metadata.name for c in cluster.all(StorageClass))
        yield Found(
            about=claim.ref,
            since=claim.born,
            says=f"there is no storage class {name}",
            seen={
                "status.phase": claim.status.phase,
                "spec.storageClassName": name,
                "classes": ", ".join(others[:5]) or "none",
            },
        )

"""An object was deleted long ago, and finalizers that nobody takes off keep it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import (
    KINDS,
    Claim,
    Event,
    Lease,
    Namespace,
    PersistentVolume,
    Pod,
    Secret,
)
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import mounting

# Nobody waits for an event or a lease to go; Secrets are left to rules that cannot do without.
READ = tuple(kind for kind in KINDS if kind not in (Event, Lease, Namespace, Secret))
JUDGED = tuple(kind for kind in READ if kind is not Pod)  # pods, as namespaces, have their own fact

CLAIM_IN_USE = ("kubernetes.io/pvc-protection",)
VOLUME_IN_USE = ("kubernetes.io/pv-protection",)


@fact(
    code="HF-CTL-002",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # who cleans up outside the cluster needs minutes for it
    reads=READ,
    next_step="Find who is to take its finalizers off, and whether that one works: "
    "kubectl get KIND {name} -n {namespace} -o jsonpath='{{.metadata.finalizers}}'",
    explains=("HF-CTL-001",),
)
def finalizers_hold_object(cluster: Snapshot) -> Iterator[Found]:
    """An object of any kind that is read, but Secrets, has a deletion time in the past and still
    has finalizers. Pods and namespaces have facts of their own. A claim that a pod mounts, and a
    volume that is bound, wait as they should.
    """
    for kind in JUDGED:
        for each in cluster.all(kind):
            deleted, held = each.metadata.deletion_timestamp, each.metadata.finalizers
            if deleted is None or not held or _in_use(cluster, each):
                continue
            resource = each.api.resource
            where = " -n {namespace}" if each.api.namespaced else ""
            yield Found(
                about=each.ref,
                since=deleted,
                says=f"deleted, and held by {', '.join(held)}",
                seen={"metadata.finalizers": ", ".join(held)},
                next_step="Find who is to take its finalizers off, and whether that one works: "
                f"kubectl get {resource} {{name}}{where} -o "
                "jsonpath='{{.metadata.finalizers}}'",
            )


def _in_use(cluster: Snapshot, each: Object) -> bool:
    """Whether it rightly waits for those who use it, or may do so as far as we see."""
    match each:
        case Claim() if each.metadata.finalizers == CLAIM_IN_USE:
            here = each.metadata.namespace
            if cluster.blind((Pod,), namespace=here):
                return True
            return any(mounting(cluster, here, each.metadata.name))
        case PersistentVolume() if each.metadata.finalizers == VOLUME_IN_USE:
            return each.status.phase == "Bound"
        case _:
            return False

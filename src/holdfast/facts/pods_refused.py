"""A workload cannot create its pods, for a reason of its own."""

from collections.abc import Iterator

from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-058",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Read why: kubectl get events -n {namespace} "
    "--field-selector involvedObject.name={name},reason=FailedCreate",
    explains=EXPLAINS,
)
def pods_refused(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and its last attempt to create one failed for a reason that no other rule names: a
    priority class that does not exist, a template that is not valid. A namespace that is being
    deleted is left alone.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.OTHER):
        yield refusal.found

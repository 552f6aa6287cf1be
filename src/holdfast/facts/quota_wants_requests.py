"""A quota refuses pods that do not say what they need."""

from collections.abc import Iterator

from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-059",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Set what the quota asks for in the template, or defaults in a limit range: "
    "kubectl describe resourcequota {part} -n {namespace}",
    explains=EXPLAINS,
)
def quota_wants_requests(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and its last attempt to create one was refused because a quota of the namespace counts a
    resource that the pod states no request or limit for, or because the quota has not been counted
    yet.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.QUOTA_WANTS):
        yield refusal.found

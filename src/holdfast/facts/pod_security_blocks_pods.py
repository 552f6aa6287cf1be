"""The pod security level of a namespace refuses the pods that a workload wants."""

from collections.abc import Iterator

from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-057",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Compare the template with the level that the namespace enforces: "
    "kubectl get namespace {namespace} --show-labels",
    explains=EXPLAINS,
)
def pod_security_blocks_pods(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and its last attempt to create one violated the Pod Security Standard that its namespace
    enforces.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.POD_SECURITY):
        yield refusal.found

"""A limit range refuses the pods that a workload wants."""

from collections.abc import Iterator

from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-053",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Compare the template's requests and limits with what is allowed: "
    "kubectl describe limitrange -n {namespace}",
    explains=EXPLAINS,
)
def limit_range_blocks_pods(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and its last attempt to create one was refused because a container, pod or claim asks for
    more, or less, than a LimitRange of the namespace allows.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.LIMIT_RANGE):
        yield refusal.found

"""A quota refuses the pods that a workload wants."""

from collections.abc import Iterator

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.refusals import EXPLAINS, GRACE, READ, Cause, refusals


@fact(
    code="HF-WRK-052",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="See what uses the quota up, then free or raise it: "
    "kubectl describe resourcequota -n {namespace}",
    explains=EXPLAINS,
)
def quota_blocks_pods(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, StatefulSet, DaemonSet or Job has fewer pods than it wants, and its last
    attempt to create one was refused by a quota that would be exceeded. Some pods may be there;
    critical when none is, unless it is work of a Job.
    """
    for refusal in refusals(cluster, Cause.QUOTA):
        yield refusal.found

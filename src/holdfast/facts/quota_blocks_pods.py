"""A quota refuses the pods that a workload wants."""

from collections.abc import Iterator

import msgspec

from holdfast.model.kinds import ResourceQuota
from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


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
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and its last attempt to create one was refused by a quota that would be exceeded. Some
    pods may be there; critical when none is, unless it is work of a Job.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.QUOTA):
        quota, here = refusal.reason.by, refusal.about.metadata.namespace
        through = ResourceQuota.at(here, quota) if quota else None
        yield msgspec.structs.replace(refusal.found, through=through)

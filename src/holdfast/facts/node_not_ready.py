"""A node says that it cannot run pods."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying
from holdfast.topology.workloads import SHORT


@fact(
    code="HF-NOD-001",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=5),  # a restart takes two to four, and pods stay for five
    reads=(Node,),
    next_step="Read what its kubelet says is wrong: kubectl describe node {name}",
    explains=("HF-WRK-030", "HF-WRK-032", *SHORT, "HF-WRK-011"),
)
def node_not_ready(cluster: Snapshot) -> Iterator[Found]:
    """A node's kubelet reports and says Ready=False, with the reason. A warning only while the
    node is cordoned: somebody is at work on it. A kubelet that has fallen silent is another fact.
    """
    for node, ready in saying(cluster.all(Node), "Ready", "False"):
        since = ready.last_transition_time or node.born
        yield Found(
            about=node.ref,
            since=since,
            says=f"not ready for {cluster.elapsed(since)}, says its kubelet",
            seen={"reason": ready.reason, "message": ready.message},
            severity=Severity.WARNING if node.spec.unschedulable else None,
        )

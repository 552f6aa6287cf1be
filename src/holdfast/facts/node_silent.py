"""A node has stopped reporting: its machine, its kubelet or its network is gone."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying
from holdfast.topology.workloads import SHORT

JUST = timedelta(minutes=1)
STOPPED = "node.cloudprovider.kubernetes.io/shutdown"


@fact(
    code="HF-NOD-002",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=4),  # a restart takes four; the silence began 50 s before it is told
    reads=(Node,),
    next_step="Ask the machine itself (its cloud's console, or ssh), whether it runs and reaches "
    "the API server; what ran there: kubectl get pods -A --field-selector spec.nodeName={name}",
    explains=("HF-WRK-030", "HF-WRK-032", *SHORT, "HF-WRK-011"),
)
def node_silent(cluster: Snapshot) -> Iterator[Found]:
    """A node's Ready condition is Unknown: the control plane has not heard from its kubelet. A
    warning only while the node is cordoned: somebody is at work on it.
    """
    for node, ready in saying(cluster.all(Node), "Ready", "Unknown"):
        since = ready.last_transition_time or node.born
        stopped = any(taint.key == STOPPED for taint in node.spec.taints)
        lately = cluster.now - since < JUST  # when its silence began, nobody says
        says = "has just fallen silent" if lately else f"silent for {cluster.elapsed(since)}"
        yield Found(
            about=node.ref,
            since=since,
            says=says + ("; its cloud says that the machine is stopped" if stopped else ""),
            seen={"reason": ready.reason, "message": ready.message},
            severity=Severity.WARNING if node.spec.unschedulable else None,
        )

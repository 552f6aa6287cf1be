"""A node has been cordoned for so long that somebody may have forgotten it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

TAINT = "node.kubernetes.io/unschedulable"


@fact(
    code="HF-NOD-005",
    channel=Channel.INCIDENT,
    severity=Severity.INFO,
    grace=timedelta(hours=24),  # work on a node is done within a day
    reads=(Node,),
    next_step="If the work on it is done: kubectl uncordon {name}",
    explains=("HF-WRK-011",),
)
def node_cordoned_for_long(cluster: Snapshot) -> Iterator[Found]:
    """A node is unschedulable, counted from the taint that says so."""
    for node in cluster.all(Node):
        if not node.spec.unschedulable or node.leaving:
            continue
        since = _since(node)
        yield Found(
            about=node.ref,
            since=since,
            says=f"cordoned for {cluster.elapsed(since)}",
            seen={"spec.unschedulable": "true"},
        )


def _since(node: Node) -> datetime:
    tainted = (t.time_added for t in node.spec.taints if t.key == TAINT)
    cordoned = (
        fields.time
        for fields in node.metadata.managed_fields
        if "f:unschedulable" in fields.fields_v1.spec
    )
    return next((time for time in (*tainted, *cordoned) if time is not None), node.born)

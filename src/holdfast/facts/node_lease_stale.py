"""A node counts as ready although its kubelet has stopped renewing its lease."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Lease, Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying

HEARTBEATS = "kube-node-lease"


@fact(
    code="HF-NOD-006",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # the control plane marks a silent node within one
    reads=(Node, Lease),
    next_step="Its heartbeat stopped and nobody marks it: see that the controller manager works, "
    "and that the node's clock is right: kubectl get lease {name} -n kube-node-lease -o yaml",
)
def node_lease_stale(cluster: Snapshot) -> Iterator[Found]:
    """A node is Ready, but its lease in kube-node-lease has run out: either the control plane does
    not notice silent nodes any more, or the node's clock lags. Counted from when it ran out.
    """
    for node, _ in saying(cluster.all(Node), "Ready", "True"):  # others have facts of their own
        lease = cluster.find(Lease, HEARTBEATS, node.metadata.name)
        if lease is None or lease.spec.renew_time is None:
            continue  # nodes of some providers have none
        ran_out = lease.runs_out
        if ran_out is None or ran_out >= cluster.now:
            continue  # healthy: it holds
        yield Found(
            about=node.ref,
            since=ran_out,
            says=f"ready, but its last heartbeat was {cluster.elapsed(lease.spec.renew_time)} ago",
            seen={
                "spec.renewTime": lease.spec.renew_time.isoformat(),
                "spec.leaseDurationSeconds": str(lease.spec.lease_duration_seconds),
            },
        )

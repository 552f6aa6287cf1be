"""A node's network is not set up: its pods cannot talk to pods elsewhere."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying
from holdfast.topology.workloads import SHORT


@fact(
    code="HF-NOD-004",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=2),  # routes and the network's own pod come up a minute after a node
    reads=(Node,),
    next_step="Look at the network's own pod on that node: kubectl get pods -A "
    "--field-selector spec.nodeName={name}",
    explains=("HF-NOD-001", "HF-WRK-032", *SHORT, "HF-WRK-011"),
)
def node_network_unavailable(cluster: Snapshot) -> Iterator[Found]:
    """A node's NetworkUnavailable condition is True, as its network plugin or cloud wrote it."""
    for node, network in saying(cluster.all(Node), "NetworkUnavailable", "True"):
        yield Found(
            about=node.ref,
            since=network.last_transition_time or node.born,
            says="its network is not set up",
            seen={"reason": network.reason, "message": network.message},
        )

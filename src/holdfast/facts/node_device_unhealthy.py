"""A node has devices (GPUs, for one) that it does not offer: they are broken, or nobody speaks
for them.
"""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.quantities import worth
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying

OURS = "kubernetes.io"


@fact(
    code="HF-NOD-009",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a device plugin that restarts registers again within two
    reads=(Node,),
    next_step="Look at the device plugin's pod on that node: kubectl get pods -A "
    "--field-selector spec.nodeName={name}",
)
def node_device_unhealthy(cluster: Snapshot) -> Iterator[Found]:
    """A node offers fewer of an extended resource (`vendor.example/device`) than it has."""
    # What a node that is not ready says of devices is old.
    for node, ready in saying(cluster.all(Node), "Ready", "True"):
        for resource, amount in node.status.capacity.items():
            domain, extended, _ = resource.partition("/")
            if not extended or domain == OURS or domain.endswith(f".{OURS}"):
                continue
            offered = node.status.allocatable.get(resource, "0")
            has, offers = worth(amount), worth(offered)
            if has is None or offers is None or offers >= has:
                continue  # healthy: every one is offered
            yield Found(
                about=node.ref,
                part=resource,
                since=max(node.born, ready.last_transition_time or node.born),
                says=f"offers {offered} of {amount} {resource}",
                seen={"status.capacity": str(amount), "status.allocatable": str(offered)},
            )

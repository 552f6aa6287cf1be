"""A node offers far less to pods than it has."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from holdfast.model.kinds import Node
from holdfast.model.quantities import worth
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

LEAST = Fraction(1, 4)  # what is reserved takes up to half of the smallest machines
PLAIN = ("cpu", "memory", "ephemeral-storage", "pods")
HUGE = "hugepages-"


@fact(
    code="HF-NOD-007",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a node that joins says what it has in several steps
    reads=(Node,),
    next_step="Compare what it has with what it offers, then with what its kubelet reserves: "
    "kubectl describe node {name}",
)
def node_allocatable_collapsed(cluster: Snapshot) -> Iterator[Found]:
    """A node offers less than a quarter of its cpu, memory, disk or pods. Memory that is set aside
    as huge pages is offered as such and does not count.
    """
    for node in cluster.all(Node):
        if node.leaving:
            continue
        for resource in PLAIN:
            has, offers = _has(node, resource), worth(node.status.allocatable.get(resource))
            if has is None or offers is None or has <= 0 or offers >= has * LEAST:
                continue  # healthy: most of it is offered, or nobody says
            yield Found(
                about=node.ref,
                part=resource,
                since=node.born,  # nothing tells when it shrank
                says=f"offers {node.status.allocatable[resource]} of "
                f"{node.status.capacity[resource]} {resource} ({offers * 100 // has} %)",
                seen={
                    f"status.capacity.{resource}": str(node.status.capacity[resource]),
                    f"status.allocatable.{resource}": str(node.status.allocatable[resource]),
                },
            )


def _has(node: Node, resource: str) -> Fraction | None:
    capacity = node.status.capacity
    has = worth(capacity.get(resource))
    if has is None or resource != "memory":
        return has
    pages = (worth(amount) for name, amount in capacity.items() if name.startswith(HUGE))
    return has - sum(page for page in pages if page is not None)

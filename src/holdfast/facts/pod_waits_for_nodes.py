"""A pod whose nodes are out of service: cordoned, not ready, under pressure, or not there."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.names import few
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck

SHOWN = 3  # nodes by name; a fleet is counted


@fact(
    code="HF-WRK-011",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # nodes that join or restart are tainted for a moment
    reads=READS,
    next_step="Bring a node back, or let it take pods again (kubectl uncordon): kubectl get nodes",
)
def pod_waits_for_nodes(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node, and those that could take it are cordoned or carry the taint of a
    node that is not ready, unreachable or under pressure; or the cluster has no nodes.
    """
    yield from stuck(
        cluster,
        lambda each: Told(says=f"the nodes that could take it are out of service{_named(each)}"),
        Obstacle.OUT,
    )


def _named(each: Stuck) -> str:
    names = sorted(node.metadata.name for node in each.nodes)
    return f": {few(names, SHOWN)}" if names else ""

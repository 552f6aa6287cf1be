"""A pod that no node takes: each that it could use has a taint that it does not tolerate."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds.core import Taint
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck, untolerated


@fact(
    code="HF-WRK-004",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # nodes that join carry taints for a moment
    reads=READS,
    next_step="Let the pod tolerate the taint, or take it off a node: kubectl get nodes "
    "-o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints",
)
def pod_tolerates_no_node(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node, and a taint is all that keeps it from those that it could use:
    they have room and the labels that it asks for. Taints that say that a node is not well are
    another matter, and a control plane's taint counts only where no other node could be meant.
    """
    yield from stuck(cluster, _told, Obstacle.TAINT, Obstacle.RESERVED)


def _told(each: Stuck) -> Told:
    taints = ", ".join(_taints(each))
    named = taints or "which its scheduler does not name"
    return Told(
        says=f"tolerates no node that it could use; tainted {named}", seen={"taints": taints}
    )


def _taints(each: Stuck) -> list[str]:
    """The taints in the way, with how many nodes have each."""
    there = Counter(_written(taint) for node in each.nodes for taint in untolerated(each.pod, node))
    return [f"{taint} (nodes: {count})" for taint, count in sorted(there.items())]


def _written(taint: Taint) -> str:
    value = f"={taint.value}" if taint.value else ""
    return f"{taint.key}{value}:{taint.effect}"

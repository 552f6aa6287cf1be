"""A pod that the rules between pods keep off every node: affinity, anti-affinity or spread."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Told, stuck


@fact(
    code="HF-WRK-009",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # the pod that it must keep away from may be on its way out
    reads=READS,
    next_step="Ask for fewer replicas, relax the rule or add nodes: "
    "kubectl get pod {name} -n {namespace} -o yaml",
)
def pod_kept_apart(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node, and the nodes with room for it are ruled out by its own or
    another pod's affinity or anti-affinity, or by its topology spread constraints.
    """
    says = "rules between pods (affinity, anti-affinity or spread) leave it no node"
    yield from stuck(cluster, lambda _: Told(says=says), Obstacle.APART)

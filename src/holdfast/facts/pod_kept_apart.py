"""A pod that the rules between pods keep off every node: affinity, anti-affinity or spread."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.names import nearly
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck

HARD = "DoNotSchedule"


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
    another pod's affinity or anti-affinity, or by its topology spread constraints. Where such a
    rule goes by a label that no node has, told is which.
    """
    yield from stuck(cluster, lambda each: _told(cluster, each), Obstacle.APART)


def _told(cluster: Snapshot, each: Stuck) -> Told:
    spec = each.pod.spec
    keys = [term.topology_key for term in spec.affinity.pod_affinity.required]
    keys += [
        s.topology_key for s in spec.topology_spread_constraints if s.when_unsatisfiable == HARD
    ]
    have = {label for node in cluster.all(Node) for label in node.metadata.labels}
    missing = [key for key in keys if key not in have] if cluster.sees(Node) else []
    if not missing:
        return Told(says="rules between pods (affinity, anti-affinity or spread) leave it no node")
    near = nearly(missing[0], sorted(have))
    return Told(
        says=f"a rule between pods goes by label {missing[0]}, which no node has"
        + (f"; there is {near[0]}" if near else ""),
        seen={"topologyKey": missing[0]},
        next_step="Correct the topologyKey in its workload's template, or label the nodes: "
        "kubectl get nodes --show-labels",
    )

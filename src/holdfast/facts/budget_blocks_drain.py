"""A disruption budget that keeps pods on a node that is being emptied."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from holdfast.model.kinds import DisruptionBudget, Node, Pod
from holdfast.model.names import few
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.budgets import keepers, refuses

EMPTYING = frozenset(
    {
        "node.kubernetes.io/unschedulable",
        "ToBeDeletedByClusterAutoscaler",
        "karpenter.sh/disrupted",
        "karpenter.sh/disruption",
    }
)
"""Taints of nodes that somebody means to empty: cordoned, or chosen by an autoscaler."""


@fact(
    code="HF-WRK-092",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a pod that was evicted elsewhere is replaced within this
    reads=(DisruptionBudget, Pod, Node),
    next_step="Make room in the budget, by one more healthy pod or by its bounds: "
    "kubectl describe pdb {name} -n {namespace}",
    spreads=False,
)
def budget_blocks_drain(cluster: Snapshot) -> Iterator[Found]:
    """Pods on a node that takes no new ones would be refused eviction by their budget now. Only
    information while other pods stay on the node as well, which an emptying would have moved.
    """
    nodes = {n.metadata.name: n for n in cluster.all(Node) if _emptied_since(n) is not None}
    if not nodes:
        return  # healthy: nobody empties a node
    for name, pods in _pods_on(cluster, nodes).items():
        blocked: dict[str, tuple[DisruptionBudget, list[Pod]]] = {}
        others = 0
        for pod in pods:
            refusing = [b for b in keepers(cluster, pod) if refuses(b, pod)]
            others += not refusing
            for budget in refusing:
                blocked.setdefault(budget.metadata.uid, (budget, []))[1].append(pod)
        for budget, kept in blocked.values():
            names = few(sorted(pod.metadata.name for pod in kept), 3)
            yield Found(
                about=budget.ref,
                part=name,
                since=_since(budget, nodes[name]),
                says=f"keeps {names} on {name}, which is being emptied",
                seen={
                    "node": name,
                    "pods kept": names,
                    "pods that could go": str(others),
                    "status.disruptionsAllowed": str(budget.status.disruptions_allowed),
                    "status.currentHealthy": str(budget.status.current_healthy),
                    "status.desiredHealthy": str(budget.status.desired_healthy),
                },
                severity=Severity.INFO if others else None,
            )


def _emptied_since(node: Node) -> datetime | None:
    """Since when a node has been taking no pods because somebody wants it empty."""
    if node.metadata.deletion_timestamp is not None:
        return None  # it goes, whatever stays on it
    times = [taint.time_added or node.born for taint in node.spec.taints if taint.key in EMPTYING]
    if not times and node.spec.unschedulable:
        return node.born
    return min(times, default=None)


def _pods_on(cluster: Snapshot, nodes: Mapping[str, Node]) -> Mapping[str, Sequence[Pod]]:
    """Pods on those nodes that an eviction would concern: none of DaemonSets or of the node's."""
    found: dict[str, list[Pod]] = {}
    for pod in cluster.all(Pod):
        if pod.spec.node_name not in nodes or pod.over:
            continue
        owner = pod.controller
        if owner is None or owner.kind not in ("DaemonSet", "Node"):
            found.setdefault(pod.spec.node_name, []).append(pod)
    return found


def _since(budget: DisruptionBudget, node: Node) -> datetime:
    """Since both were so: the node was to be emptied, and the budget allowed nothing."""
    allowed = budget.condition("DisruptionAllowed")
    closed = allowed.last_transition_time if allowed is not None else None
    return max(_emptied_since(node) or node.born, closed or budget.born)

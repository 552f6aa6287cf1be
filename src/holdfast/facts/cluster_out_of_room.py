"""A cluster with no room left on any node that takes pods."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from holdfast.model.kinds import Node, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.placement import the_cluster
from holdfast.topology.room import Amounts, Used, allocatable, said, used

LITTLE = (
    20  # a twentieth of a node is no room for a workload that nodes of this size were chosen for
)


@fact(
    code="HF-CAP-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a rollout's surge, or a node that is just being added
    reads=(Node, Pod),
    next_step="Add a node or lower requests; see who asks for what: "
    "kubectl describe nodes | grep -A 8 'Allocated resources'",
    explains=("HF-WRK-003",),
)
def cluster_out_of_room(cluster: Snapshot) -> Iterator[Found]:
    """On every node that is ready and takes pods, the pods' requests leave less than a twentieth
    of its cpu or memory, or no place for a pod. A warning while a pod cannot be scheduled, counted
    from when; else only information, counted from the last pod that was placed.
    """
    taken = used(cluster)
    if taken is None or not cluster.sees(Node):
        return  # what is free cannot be told
    nodes = [node for node in cluster.all(Node) if _takes_pods(node)]
    if not nodes:
        return  # that nobody takes pods is another matter
    tight: dict[str, int] = {}
    for node in nodes:
        there = taken.get(node.metadata.name)
        short = _short(allocatable(node), there.amounts if there else {})
        if short is None:
            return  # healthy: here is room
        tight[short] = tight.get(short, 0) + 1
    waiting = _waiting(cluster)
    since = min(waiting) if waiting else _last_placed(cluster, {n.metadata.name for n in nodes})
    what = ", ".join(f"{resource}: {count}" for resource, count in sorted(tight.items()))
    yield Found(
        about=the_cluster(cluster),
        since=since,
        says=f"none of the nodes that take pods has room; lacking {what}"
        + (f"; pods that wait: {len(waiting)}" if waiting else ""),
        seen={
            "nodes that take pods": str(len(nodes)),
            "pods that wait": str(len(waiting)),
            **_totals(nodes, taken),
        },
        severity=None if waiting else Severity.INFO,
    )


def _takes_pods(node: Node) -> bool:
    ready = node.condition("Ready")
    return (
        ready is not None
        and ready.status == "True"
        and not node.spec.unschedulable
        and node.metadata.deletion_timestamp is None
        and not any(taint.effect in ("NoSchedule", "NoExecute") for taint in node.spec.taints)
    )


def _short(has: Amounts, taken: Amounts) -> str | None:
    """What the node lacks first; None when it has room, or does not say."""
    for resource in ("cpu", "memory"):
        total = has.get(resource, 0)
        if total <= 0:
            return None  # it does not say what it has
        if (total - taken.get(resource, 0)) * LITTLE < total:
            return resource
    if "pods" in has and has["pods"] - taken.get("pods", 0) < 1000:
        return "pods"
    return None


def _waiting(cluster: Snapshot) -> Sequence[datetime]:
    """Since when pods have waited that the scheduler found no node for."""
    times: list[datetime] = []
    for pod in cluster.all(Pod):
        if pod.spec.node_name or pod.over:
            continue
        scheduled = pod.condition("PodScheduled")
        if scheduled is not None and scheduled.reason == "Unschedulable":
            times.append(scheduled.last_transition_time or pod.born)
    return times


def _last_placed(cluster: Snapshot, nodes: set[str]) -> datetime:
    times: list[datetime] = []
    for pod in cluster.all(Pod):
        if pod.spec.node_name in nodes and not pod.over:
            scheduled = pod.condition("PodScheduled")
            placed = scheduled.last_transition_time if scheduled is not None else None
            times.append(placed or pod.born)
    return max(times, default=cluster.now)


def _totals(nodes: Sequence[Node], taken: Mapping[str, Used]) -> Mapping[str, str]:
    """Requested and allocatable together, of what every pod needs."""
    seen: dict[str, str] = {}
    used_there = [u.amounts for n in nodes if (u := taken.get(n.metadata.name)) is not None]
    for resource in ("cpu", "memory"):
        total = sum(allocatable(node).get(resource, 0) for node in nodes)
        asked = sum(amounts.get(resource, 0) for amounts in used_there)
        seen[resource] = f"{said(asked, resource)} of {said(total, resource)} requested"
    return seen

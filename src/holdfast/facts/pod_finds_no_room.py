"""A pod that waits for room: no node that it may use has what it asks for left."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.room import allocatable, requested, said, used
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck


@fact(
    code="HF-WRK-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # pods that go away make room, and the scheduler tries again
    reads=READS,
    next_step="Ask for less, make room or add nodes; what is left of each: kubectl describe nodes",
)
def pod_finds_no_room(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node, and what keeps it from those that are meant for it is what others
    use there: cpu, memory, ephemeral storage, devices or places for pods. Also when no such node
    ever had as much as it asks for.
    """
    yield from stuck(
        cluster,
        lambda each: Told(says=_says(cluster, each, _lacks(each)), seen=_asks(each)),
        Obstacle.ROOM,
        Obstacle.TOO_BIG,
    )


def _lacks(each: Stuck) -> list[str]:
    """The resources of which it finds too little, most telling first."""
    asks = requested(each.pod.spec)
    if each.obstacle is Obstacle.TOO_BIG:
        has = [allocatable(node) for node in each.nodes]
        return sorted(n for n, a in asks.items() if all(h.get(n, 0) < a for h in has))
    return sorted(set(each.said.lacking))


def _says(cluster: Snapshot, each: Stuck, lacks: list[str]) -> str:
    asks = requested(each.pod.spec)
    taken = used(cluster) or {}
    told = []
    for name in lacks:
        if name not in asks:
            told.append("no place for another pod" if name == "pods" else f"too little {name}")
            continue
        wanted = f"asks for {said(asks[name], name)} {name}"
        there = []
        for node in each.nodes:
            gone = taken.get(node.metadata.name)
            has = allocatable(node).get(name, 0)
            if each.obstacle is Obstacle.ROOM and gone is not None:
                has -= gone.amounts.get(name, 0)
            there.append(has)
        if not there or (each.obstacle is Obstacle.ROOM and not taken):
            told.append(wanted)
        elif each.obstacle is Obstacle.TOO_BIG:
            told.append(f"{wanted}, the largest node for it has {said(max(there), name)}")
        else:
            told.append(f"{wanted}, at most {said(max(0, *there), name)} is left on a node")
    what = "; ".join(told) or "asks for more than any node for it has"
    return f"finds no node with room: {what}"


def _asks(each: Stuck) -> dict[str, str]:
    asks = requested(each.pod.spec)
    return {f"requests.{name}": said(amount, name) for name, amount in sorted(asks.items())}

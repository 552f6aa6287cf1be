"""A pod whose volume is where no node can take it: volumes do not move between zones."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import PersistentVolume
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, ZONES, Stuck, Told, reaches, stuck, volumes


@fact(
    code="HF-WRK-006",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a node of the volume's zone may just be restarting
    reads=READS,
    next_step="Bring up a node where the volume is, or give up the volume: kubectl get pv "
    "-o custom-columns=CLAIM:.spec.claimRef.name,NODES:.spec.nodeAffinity.required",
)
def pod_bound_to_another_zone(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node because a volume that it mounts can only be reached from nodes
    that are not there. Where such nodes are there, but full, tainted or cordoned, that binds.
    """
    yield from stuck(cluster, lambda each: _told(cluster, each), Obstacle.VOLUME)


def _told(cluster: Snapshot, each: Stuck) -> Told:
    away = [
        volume
        for volume in volumes(cluster, each.pod)
        if any(not reaches(volume, node) for node in each.nodes)
    ]
    places = {f"volume {v.metadata.name}": _where(v) for v in away}
    named = "; ".join(f"{name} is reached from {where}" for name, where in places.items())
    return Told(says=f"no node can reach its volume{f': {named}' if named else ''}", seen=places)


def _where(volume: PersistentVolume) -> str:
    required = volume.spec.node_affinity.required
    terms = [
        f"{r.key} {r.operator} {', '.join(r.values)}"
        for term in (required.node_selector_terms if required else ())
        for r in term.match_expressions
    ]
    labels = [f"{k}={v}" for k, v in sorted(volume.metadata.labels.items()) if k in ZONES]
    return " or ".join((*terms, *labels)) or "elsewhere"

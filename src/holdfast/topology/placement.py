"""What a pod that has found no node waits for, as edges: a node that is out of service, or room."""

from collections.abc import Iterator

from holdfast.model.kinds import Node
from holdfast.model.objects import Ref
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Snapshot
from holdfast.topology.graph import Edge, place, place_of
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import kept_by


def the_cluster(cluster: Snapshot) -> Ref:
    """The cluster as something that a fact can be about."""
    identity = cluster.cluster
    return Ref(
        api_version="v1", kind="Cluster", name=identity.name or "this cluster", uid=identity.uid
    )


def waits(snapshot: Snapshot) -> Iterator[Edge]:
    """Every edge of that sort."""
    read = "status.conditions, PodScheduled"
    for each in kept_by(snapshot, Obstacle.OUT):
        for node in each.nodes:
            yield Edge(
                relation=Relation.WAITS_FOR,
                source=place(each.pod),
                target=place_of(Node, "", node.metadata.name),
                read=read,
            )
    whole = place(the_cluster(snapshot))
    for each in kept_by(snapshot, Obstacle.ROOM):
        yield Edge(relation=Relation.WAITS_FOR, source=place(each.pod), target=whole, read=read)

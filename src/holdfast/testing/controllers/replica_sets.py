"""The ReplicaSet controller."""

from collections.abc import Iterator, Sequence

from holdfast.testing.controllers.placing import placed
from holdfast.testing.controllers.world import (
    Due,
    World,
    leaving,
    over,
    ready,
    with_condition,
)
from holdfast.testing.documents import Json, copied
from holdfast.testing.manifests import condition, owner
from holdfast.testing.status import StatusError


def replica_sets(world: World) -> Iterator[Due]:
    """As many pods as each wants, and what there is of them."""
    for replica_set in world.all("replicasets"):
        if leaving(replica_set):
            continue
        pods = [pod for pod in world.owned("pods", replica_set) if not over(pod)]
        wanted = replica_set["spec"]["replicas"]
        refused = ""
        if len(pods) < wanted:
            refused = _make(world, replica_set, wanted - len(pods))
        for pod in _dispensable(pods)[: max(0, len(pods) - wanted)]:
            world.delete(pod)
        pods = [pod for pod in world.owned("pods", replica_set) if not over(pod)]
        world.tell(replica_set, _status(world, replica_set, pods, refused))
    yield from ()


def _make(world: World, replica_set: Json, missing: int) -> str:
    """Why no more could be made; empty if all were."""
    template = copied(replica_set["spec"]["template"])
    metadata = {
        **template["metadata"],
        "generateName": f"{replica_set['metadata']['name']}-",
        "namespace": replica_set["metadata"]["namespace"],
        "ownerReferences": [owner(replica_set)],
    }
    for _ in range(missing):
        spec = placed(world, template["spec"])
        try:
            world.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        except StatusError as no:
            return no.message
    return ""


def _dispensable(pods: Sequence[Json]) -> Sequence[Json]:
    """Those that are not ready before those that are, the youngest first."""
    return sorted(pods, key=ready, reverse=True)[::-1]


def _status(world: World, replica_set: Json, pods: Sequence[Json], refused: str) -> Json:
    counts = {
        "replicas": len(pods),
        "fullyLabeledReplicas": len(pods),
        "readyReplicas": sum(map(ready, pods)),
        "availableReplicas": sum(map(ready, pods)),
    }
    told: Json = {
        "observedGeneration": replica_set["metadata"]["generation"],
        "replicas": 0,
        **{name: n for name, n in counts.items() if n},
    }
    conditions = (replica_set.get("status") or {}).get("conditions") or []
    if refused:
        failure = condition("ReplicaFailure", "True", world.now, "FailedCreate", refused)
        conditions = with_condition(conditions, failure)
        if conditions != (replica_set.get("status") or {}).get("conditions"):
            message = f"Error creating: {refused}"
            world.event(replica_set, "FailedCreate", message, "replicaset-controller")
    else:
        conditions = [each for each in conditions if each["type"] != "ReplicaFailure"]
    return {**told, "conditions": conditions} if conditions else told

"""The StatefulSet controller: pods are made from the first on, and changed from the last on.

Left out: claims by template, partitions, `Parallel`, `OnDelete`, and the records of revisions.
"""

from collections.abc import Iterator, Mapping

from holdfast.testing.controllers.placing import placed
from holdfast.testing.controllers.templates import code_of
from holdfast.testing.controllers.world import Due, World, controlled, leaving, over, ready
from holdfast.testing.documents import Json, copied
from holdfast.testing.manifests import owner

REVISION = "controller-revision-hash"


def stateful_sets(world: World) -> Iterator[Due]:
    """One step of each, and what there is of it."""
    for stateful_set in world.all("statefulsets"):
        if not leaving(stateful_set):
            _step(world, stateful_set)
            _tell(world, stateful_set)
    yield from ()


def _step(world: World, stateful_set: Json) -> None:
    """Nothing more is done while a pod comes, goes or is not ready: the next waits for it."""
    pods, wanted = _pods(world, stateful_set), stateful_set["spec"]["replicas"]
    for number in range(wanted):
        if number not in pods:
            _make(world, stateful_set, number)
            return
        if leaving(pods[number]) or not ready(pods[number]):
            return
    surplus = [number for number in pods if number >= wanted]
    old = [n for n, pod in pods.items() if _revision(pod, stateful_set) != _wanted(stateful_set)]
    for number in (*sorted(surplus, reverse=True), *sorted(old, reverse=True)):
        if not leaving(pods[number]):
            world.delete(pods[number])
        return


def _make(world: World, stateful_set: Json, number: int) -> None:
    template, metadata = copied(stateful_set["spec"]["template"]), stateful_set["metadata"]
    name = f"{metadata['name']}-{number}"
    labels = {
        **template["metadata"]["labels"],
        "apps.kubernetes.io/pod-index": str(number),
        "statefulset.kubernetes.io/pod-name": name,
        REVISION: _wanted(stateful_set),
    }
    born = {
        **template["metadata"],
        "name": name,
        "namespace": metadata["namespace"],
        "labels": labels,
        "ownerReferences": [owner(stateful_set)],
    }
    spec = placed(world, {**template["spec"], "hostname": name})
    world.create({"apiVersion": "v1", "kind": "Pod", "metadata": born, "spec": spec})


def _tell(world: World, stateful_set: Json) -> None:
    pods, update = _pods(world, stateful_set).values(), _wanted(stateful_set)
    current, wanted = _current(stateful_set), stateful_set["spec"]["replicas"]
    there = [pod for pod in pods if not leaving(pod)]
    updated = sum(_revision(pod, stateful_set) == update for pod in there)
    well = sum(map(ready, there))
    if updated == well == wanted == len(pods):
        current = update
    kept = sum(_revision(pod, stateful_set) == current for pod in there)
    counts = {
        "readyReplicas": well,
        "availableReplicas": well,
        "currentReplicas": updated if current == update else kept,
        "updatedReplicas": updated,
    }
    status = {
        "observedGeneration": stateful_set["metadata"]["generation"],
        "replicas": len(pods),
        **{name: n for name, n in counts.items() if n},
        "currentRevision": current,
        "updateRevision": update,
    }
    world.tell(stateful_set, status)


def _pods(world: World, stateful_set: Json) -> Mapping[int, Json]:
    """By their numbers, those included that are on their way out."""
    found = [pod for pod in controlled(world.all("pods"), stateful_set) if not over(pod)]
    return {int(pod["metadata"]["name"].rpartition("-")[2]): pod for pod in found}


def _wanted(stateful_set: Json) -> str:
    return f"{stateful_set['metadata']['name']}-{code_of(stateful_set['spec']['template'])}"


def _current(stateful_set: Json) -> str:
    status = stateful_set.get("status") or {}
    return str(status.get("currentRevision") or _wanted(stateful_set))


def _revision(pod: Json, stateful_set: Json) -> str:
    """One that says nothing was there before its controller was at work."""
    return str(pod["metadata"]["labels"].get(REVISION) or _current(stateful_set))

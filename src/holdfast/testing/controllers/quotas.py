"""Quotas for pods: counted, and heeded when one is born. Other resources are not counted."""

from collections.abc import Iterator

from holdfast.testing.admission import Admission, Change, Operation
from holdfast.testing.controllers.world import Due, World, leaving, over

_PODS = ("pods", "count/pods")


def quotas(world: World) -> Iterator[Due]:
    """What each quota allows, and what is used of it."""
    for quota in world.all("resourcequotas"):
        hard = quota["spec"].get("hard") or {}
        used = str(_pods(world, quota["metadata"]["namespace"]))
        counted = {name: used for name in hard if name in _PODS}
        world.tell(quota, {"hard": hard, "used": counted})
    yield from ()


def quota_admission(world: World) -> Admission:
    """Refuses the pod that would be one too many."""

    def judge(change: Change) -> str:
        born = change.operation is Operation.CREATE and not change.subresource
        if change.resource.qualified != "pods" or not born:
            return ""
        return next(_exceeded(world, change.namespace), "")

    return judge


def _exceeded(world: World, namespace: str) -> Iterator[str]:
    used = _pods(world, namespace)
    for quota in world.all("resourcequotas"):
        metadata, hard = quota["metadata"], quota["spec"].get("hard") or {}
        if metadata["namespace"] != namespace or leaving(quota):
            continue
        for name in (name for name in _PODS if name in hard and used + 1 > int(hard[name])):
            yield (
                f"exceeded quota: {metadata['name']}, requested: {name}=1, used: {name}={used}, "
                f"limited: {name}={hard[name]}"
            )


def _pods(world: World, namespace: str) -> int:
    there = (pod for pod in world.all("pods") if pod["metadata"]["namespace"] == namespace)
    return sum(1 for pod in there if not over(pod))

"""Nodes: a taint says whether one takes pods, and follows the field that people set."""

from collections.abc import Iterator

from holdfast.testing.controllers.world import Due, World
from holdfast.testing.documents import Json, rfc3339

_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def nodes(world: World) -> Iterator[Due]:
    """The taint of whoever is cordoned, and of nobody else."""
    for node in world.all("nodes"):
        there: list[Json] = node["spec"].get("taints") or []
        others = [each for each in there if each["key"] != _TAINT["key"]]
        cordoned = bool(node["spec"].get("unschedulable"))
        if cordoned is (len(others) == len(there)):
            added = [{**_TAINT, "timeAdded": rfc3339(world.now)}] if cordoned else []
            world.change(node, {"spec": {"taints": [*others, *added]}})
    yield from ()

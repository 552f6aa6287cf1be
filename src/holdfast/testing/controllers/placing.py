"""The scheduler: pods are born with the node that they go to."""

from holdfast.testing.controllers.world import World, over
from holdfast.testing.documents import Json


def placed(world: World, spec: Json) -> Json:
    """On the node with the fewest pods. Where there is no node, a pod stays Pending."""
    taken = [pod["spec"].get("nodeName") for pod in world.all("pods") if not over(pod)]
    free = [n for n in world.all("nodes") if not n["spec"].get("unschedulable")]
    names = sorted(str(node["metadata"]["name"]) for node in free)
    return {**spec, "nodeName": min(names, key=taken.count)} if names else spec

"""The kubelets of all nodes: what they say of pods, and when those that were deleted are gone."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.testing.controllers.fates import (
    Crashes,
    Fate,
    Fates,
    Unpullable,
    Unready,
    looks,
)
from holdfast.testing.controllers.world import Due, World, leaving, moment, over
from holdfast.testing.documents import Json

STOPS_WITHIN = timedelta(seconds=1)  # whatever grace there is: the programs here obey


class Kubelets:
    """Each pod's fate is asked for once. A pod that somebody has written the status of is left as
    it is, unless it still waits to start.
    """

    def __init__(self, fates: Fates) -> None:
        self._fates = fates
        self._known: dict[str, Fate | None] = {}

    def __call__(self, world: World) -> Iterator[Due]:
        """Every pod that has a node."""
        for pod in world.all("pods"):
            if leaving(pod):
                yield from self._stop(world, pod)
            elif pod["spec"].get("nodeName"):
                yield from self._look(world, pod)

    def _stop(self, world: World, pod: Json) -> Iterator[Due]:
        metadata = pod["metadata"]
        grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds", 0))
        gone = moment(metadata["deletionTimestamp"]) - grace + min(grace, STOPS_WITHIN)
        if world.now >= gone and not metadata.get("finalizers"):
            world.delete(pod, grace=0)
        elif world.now < gone:
            yield gone

    def _look(self, world: World, pod: Json) -> Iterator[Due]:
        fate = self._fate(pod)
        if fate is None:
            return
        born, seen = moment(pod["metadata"]["creationTimestamp"]), None
        for at, status in looks(pod, fate, born):
            if at > world.now:
                yield at
                break
            seen = status
        if seen is not None and seen != pod.get("status"):
            world.tell(pod, seen)
            _warn(world, pod, fate, seen)

    def _fate(self, pod: Json) -> Fate | None:
        uid = str(pod["metadata"]["uid"])
        if uid not in self._known:
            waits = (pod.get("status") or {}).get("phase", "Pending") == "Pending"
            self._known[uid] = self._fates(pod) if waits and not over(pod) else None
        return self._known[uid]


def _warn(world: World, pod: Json, fate: Fate, status: Json) -> None:
    metadata, container = pod["metadata"], pod["spec"]["containers"][0]
    waiting = status["containerStatuses"][0]["state"].get("waiting", {}).get("reason")
    match fate, waiting:
        case Unpullable(), "ImagePullBackOff":
            message = f'Back-off pulling image "{container["image"]}"'
        case Crashes(), "CrashLoopBackOff":
            who = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            message = f"Back-off restarting failed container {container['name']} in pod {who}"
        case Unready(), None:
            message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            world.event(pod, "Unhealthy", message, "kubelet")
            return
        case _:
            return
    world.event(pod, "BackOff", message, "kubelet")

"""What becomes of a pod, as its scenario says: there is no program in it that could decide."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count

import msgspec

from holdfast.testing import manifests
from holdfast.testing.documents import Json, rfc3339

SOON = timedelta(seconds=2)  # from a pod's birth until its container starts


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """It is ready after a moment."""

    after: timedelta = SOON


class Unready(msgspec.Struct, frozen=True, kw_only=True):
    """It runs, and its readiness probe fails."""


class Crashes(msgspec.Struct, frozen=True, kw_only=True):
    """It ends a second after each start, and is held back for longer and longer."""

    exit_code: int = 1


class Unpullable(msgspec.Struct, frozen=True, kw_only=True):
    """Its image is not there."""


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """It does its work and ends well, as a pod of a Job does."""

    after: timedelta = timedelta(seconds=5)


type Fate = Runs | Unready | Crashes | Unpullable | Ends
type Fates = Callable[[Json], Fate]
"""Asked once for each new pod: what it became stays with it."""


def by_image(bad: Mapping[str, Fate]) -> Fates:
    """The fate of a pod by the image of its first container; others run. The table may change."""

    def fate(pod: Json) -> Fate:
        return bad.get(str(pod["spec"]["containers"][0]["image"]), Runs())

    return fate


def looks(pod: Json, fate: Fate, born: datetime) -> Iterator[tuple[datetime, Json]]:
    """The statuses that its kubelet writes, each with its moment."""
    yield born, manifests.waiting_status(pod, born, "ContainerCreating")
    started = born + SOON
    match fate:
        case Runs(after=after):
            yield born + after, manifests.running_status(pod, born + after)
        case Unready():
            yield started, _unready(pod, started)
        case Unpullable():
            message = manifests.unpulled(str(pod["spec"]["containers"][0]["image"]))
            yield started, manifests.waiting_status(pod, born, "ImagePullBackOff", message)
        case Ends(after=after):
            yield started, manifests.running_status(pod, started)
            yield started + after, manifests.completed_status(pod, started, started + after)
        case Crashes(exit_code=code):
            yield from _crashes(pod, started, code)


def _unready(pod: Json, started: datetime) -> Json:
    app = pod["spec"]["containers"][0]["name"]
    running = manifests.running_status(pod, started)
    containers = [{**each, "ready": False} for each in running["containerStatuses"]]
    conditions = manifests.pod_conditions(started, ready=None, app=app)
    return {**running, "conditions": conditions, "containerStatuses": containers}


def _crashes(pod: Json, first: datetime, code: int) -> Iterator[tuple[datetime, Json]]:
    """The second run comes at once; then it is held back for ten seconds, and each time twice as
    long, for five minutes at most.
    """
    started, pause = first + timedelta(seconds=1), 10
    for run in count(1):
        ended = started + timedelta(seconds=1)
        last = {
            "exitCode": code,
            "reason": "Error",
            "startedAt": rfc3339(started),
            "finishedAt": rfc3339(ended),
        }
        held = _held_back(pod, pause, {"terminated": last}, run)
        conditions = manifests.pod_conditions(first, ready=None, app=str(held["name"]))
        yield (
            ended,
            {
                "phase": "Running",
                "qosClass": "BestEffort",
                "startTime": rfc3339(first),
                "conditions": conditions,
                "containerStatuses": [held],
            },
        )
        started, pause = ended + timedelta(seconds=pause), min(pause * 2, 300)


def _held_back(pod: Json, pause: int, last: Json, run: int) -> Json:
    metadata, app = pod["metadata"], pod["spec"]["containers"][0]["name"]
    minutes, seconds = divmod(pause, 60)
    wait = f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
    message = (
        f"back-off {wait} restarting failed container={app} "
        f"pod={metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    )
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    ran = manifests.container_status(pod, waiting, ready=True)  # for its image, which was pulled
    return {**ran, "ready": False, "started": False, "restartCount": run, "lastState": last}

"""Containers that wait for another reason than their start, sorted by what it takes to start them.

One container has one reason, so that each is found by exactly one rule.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from holdfast.model.events import events_about, events_of_container
from holdfast.model.kinds import Event, Pod, Secret
from holdfast.model.kinds.pods import Container, ContainerStatus, Waiting
from holdfast.model.objects import Object
from holdfast.model.rules import Found
from holdfast.model.snapshot import Snapshot
from holdfast.topology.images import REASONS, Pull, pull
from holdfast.topology.missing import missing_object

READS: tuple[type[Object], ...] = (Pod, Event)
"""What a rule about waiting containers reads; all read the same, so that pods are judged once."""

STARTING = frozenset({"", "ContainerCreating", "PodInitializing", "RestartingAllContainers"})
"""What every start looks like."""

NEVER_RAN = frozenset({"StartError", "ContainerCannotRun"})  # the runtime could not start it at all


_NOT_RETRIEVED = "FailedToRetrieveImagePullSecret"
_UNRETRIEVED = re.compile(r"Unable to retrieve some image pull secrets \(([^)]{1,2000})\);")


class Wait(StrEnum):
    """What a container waits for."""

    CREDENTIALS = "image needs credentials"
    NOT_FOUND = "image not found"
    UNREACHABLE = "registry unreachable"
    RATE_LIMITED = "registry limits its rate"
    NAME_INVALID = "image name invalid"
    CONFIGURATION = "configuration missing"
    CREATION = "cannot be created"
    RUN = "cannot run"
    BACK_OFF = "crashed"
    OTHER = "other"


_OF_PULL = {
    Pull.CREDENTIALS: Wait.CREDENTIALS,
    Pull.NOT_FOUND: Wait.NOT_FOUND,
    Pull.UNREACHABLE: Wait.UNREACHABLE,
    Pull.RATE_LIMITED: Wait.RATE_LIMITED,
    Pull.NAME_INVALID: Wait.NAME_INVALID,
    Pull.OTHER: Wait.OTHER,
}


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """A container that waits, and for what."""

    pod: Pod
    status: ContainerStatus
    image: str
    wait: Wait
    reason: str
    message: str  # the kubelet's own, or that of its event where its own says nothing
    since: datetime

    @property
    def seen(self) -> dict[str, str]:
        """What the kubelet says of it."""
        seen = {"reason": self.reason, "message": self.message, "image": self.image}
        return {key: value for key, value in seen.items() if value}

    def found(self, says: str, **more: str) -> Found:
        """The fact that it waits, in those words."""
        return Found(
            about=self.pod.ref,
            part=self.status.name,
            since=self.since,
            says=f"container {self.status.name} {says}",
            seen={**self.seen, **more},
        )


def waiting(cluster: Snapshot, *waits: Wait) -> Sequence[Waits]:
    """The containers, init containers and sidecars that wait for one of those."""
    return [each for each in cluster.once(_waiting) if each.wait in waits]


def unretrieved(cluster: Snapshot, pod: Pod) -> frozenset[str]:
    """The pull secrets that the kubelet last said it could not get."""
    said = [e.message for e in events_about(cluster, pod) if e.reason == _NOT_RETRIEVED]
    match = _UNRETRIEVED.match(said[-1]) if said else None
    return frozenset(match[1].split(", ")) if match else frozenset()


def pull_secrets_missing(cluster: Snapshot, pod: Pod) -> Sequence[str]:
    """The pull secrets that it names and that do not exist, as Secrets or the kubelet tell."""
    here, named = pod.metadata.namespace, [s.name for s in pod.spec.image_pull_secrets]
    if not cluster.blind((Secret,), namespace=here):
        return [name for name in named if cluster.find(Secret, here, name) is None]
    told = unretrieved(cluster.narrowed(READS), pod)
    return [name for name in named if name in told]


def container_of(pod: Pod, name: str) -> Container | None:
    """What was asked of that container."""
    spec = pod.spec
    return next((c for c in (*spec.init_containers, *spec.containers) if c.name == name), None)


def runs_first(pod: Pod, name: str) -> bool:
    """An init container that must end before others start; a sidecar is none."""
    return any(c.name == name and c.restart_policy != "Always" for c in pod.spec.init_containers)


def its_turn(pod: Pod, status: ContainerStatus) -> datetime:
    """When nothing more stood between the container and its first start.

    The pod's Ready condition will not do: containers that start for a moment refresh it.
    """
    inits = pod.status.init_container_statuses
    first = any(s.name == status.name for s in inits)
    reached = ("PodScheduled", "PodReadyToStartContainers", *(() if first else ("Initialized",)))
    turned = [
        c.last_transition_time
        for c in pod.status.conditions
        if c.type in reached and c.status == "True" and c.last_transition_time is not None
    ]
    before = [
        s.state.terminated.finished_at
        for s in inits
        if s.name != status.name and s.state.terminated and s.state.terminated.finished_at
    ]
    return max((*turned, *before), default=pod.born)


def _waiting(cluster: Snapshot) -> Sequence[Waits]:
    found: list[Waits] = []
    for pod in cluster.all(Pod):
        if pod.over:
            continue
        for status in pod.statuses:
            state = status.state.waiting
            if state is None or state.reason in STARTING:
                continue  # healthy: running, ended as it should, or about to start
            found.append(_judged(cluster, pod, status, state))
    return found


def _judged(cluster: Snapshot, pod: Pod, status: ContainerStatus, state: Waiting) -> Waits:
    container = container_of(pod, status.name)
    image = (container.image if container else "") or status.image
    message = state.message
    if state.reason == "ImagePullBackOff" and not _says_why(message):
        message = _failed_pull(cluster, pod, status.name) or message
    ended = status.last_state.terminated
    return Waits(
        pod=pod,
        status=status,
        image=image,
        wait=_wait(status, state.reason, message, image),
        reason=state.reason,
        message=message,
        since=(ended.finished_at if ended else None) or its_turn(pod, status),
    )


def _wait(status: ContainerStatus, reason: str, message: str, image: str) -> Wait:
    if reason in REASONS:
        return _OF_PULL[pull(reason, message, image)]
    if reason == "CreateContainerConfigError":
        return Wait.CONFIGURATION if missing_object(message) else Wait.OTHER
    if reason in ("CreateContainerError", "PreCreateHookError"):
        return Wait.CREATION
    if reason == "RunContainerError":
        return Wait.RUN
    if reason == "CrashLoopBackOff":
        ended = status.last_state.terminated
        return Wait.RUN if ended is not None and ended.reason in NEVER_RAN else Wait.BACK_OFF
    return Wait.OTHER


def _says_why(message: str) -> bool:
    """Kubelets since 1.30 repeat the reason after the image's name, in quotes."""
    return '": ' in message


def _failed_pull(cluster: Snapshot, pod: Pod, container: str) -> str:
    """The last failure of which an older kubelet told its events alone."""
    for event in reversed(events_of_container(cluster, pod, container)):
        if event.reason == "Failed" and event.message.startswith("Failed to pull image"):
            return event.message
    return ""

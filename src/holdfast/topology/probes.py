"""Probes that fail now, as the containers' own state shows it; events only add the words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from holdfast.model.events import events_of_container
from holdfast.model.kinds import Event, Pod
from holdfast.model.kinds.pods import Container, ContainerStatus, Probe
from holdfast.model.rules import Found
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import moved
from holdfast.topology.loops import RESET, Hand, killed_for, kills_for, loops
from holdfast.topology.waiting import container_of, runs_first


class Asked(StrEnum):
    """What a probe asks."""

    READINESS = "readiness"
    LIVENESS = "liveness"
    STARTUP = "startup"


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that fails, and how long that has hurt."""

    pod: Pod
    status: ContainerStatus
    asked: Asked
    probe: Probe | None
    since: datetime
    said: str  # by the kubelet's last event of it; empty when there is none

    @property
    def seen(self) -> dict[str, str]:
        """What the probe is, and what came of it."""
        seen = {"probe": _written(self.probe), "event": self.said, "image": self.status.image}
        return {key: value for key, value in seen.items() if value}

    def found(self, says: str) -> Found:
        """The fact that it fails, in those words and the kubelet's."""
        said = f": {self.said}" if self.said else ""
        return Found(
            about=self.pod.ref,
            part=self.status.name,
            since=self.since,
            says=f"container {self.status.name} {says}{said}",
            seen=self.seen,
        )


def failing(cluster: Snapshot, *asked: Asked) -> Sequence[Failing]:
    """The containers and sidecars of which such a probe fails now."""
    return [each for each in cluster.once(_failing) if each.asked in asked]


def port_of(probe: Probe) -> int | str | None:
    """The port that it asks at the pod, by number or name; None for one that needs none."""
    action = probe.http_get or probe.tcp_socket or probe.grpc
    return None if action is None or action.host else action.port


def _failing(cluster: Snapshot) -> Sequence[Failing]:
    looping = {
        (loop.pod.metadata.uid, loop.status.name): (loop.hand, loop.since)
        for loop in loops(cluster)
    }
    found: list[Failing] = []
    for pod in cluster.all(Pod):
        if pod.over:
            continue
        for status in pod.statuses:
            ended = status.last_state.terminated is not None
            if status.ready and not ended:
                continue  # healthy: it answers, whatever events remember
            if runs_first(pod, status.name):
                continue  # an init container that ends is not probed
            container = container_of(pod, status.name)
            hand, since = looping.get((pod.metadata.uid, status.name), (None, None))
            unready = _unready_since(pod, status, container)
            unstarted = since if hand is Hand.STARTUP else None
            killed = since if hand is Hand.LIVENESS else None
            if hand is None:  # in no loop: what ends it again and again is known there
                unstarted = _unstarted(cluster, pod, status)
                killed = _killed(cluster, pod, status)
            for asked, began in (
                (Asked.READINESS, unready),
                (Asked.STARTUP, unstarted),
                (Asked.LIVENESS, killed),
            ):
                if began is not None:
                    found.append(_judged(cluster, pod, status, container, asked, began))
    return found


def _judged(
    cluster: Snapshot,
    pod: Pod,
    status: ContainerStatus,
    container: Container | None,
    asked: Asked,
    since: datetime,
) -> Failing:
    probes = {
        Asked.READINESS: container.readiness_probe if container else None,
        Asked.STARTUP: container.startup_probe if container else None,
        Asked.LIVENESS: container.liveness_probe if container else None,
    }
    sign = f"{asked.value.capitalize()} probe "
    said = [
        event.message
        for event in events_of_container(cluster, pod, status.name)
        if event.reason == "Unhealthy"
        and event.message.startswith(sign)
        and event.last_seen >= moved(since, -RESET)
    ]
    return Failing(
        pod=pod,
        status=status,
        asked=asked,
        probe=probes[asked],
        since=since,
        said=said[-1].rstrip(": ") if said else "",  # its command may have said nothing
    )


def _unready_since(
    pod: Pod, status: ContainerStatus, container: Container | None
) -> datetime | None:
    """Since when it runs and is not ready, from when its probe was first due."""
    running = status.state.running
    if running is None or status.ready or status.started is False or container is None:
        return None
    probe, unready = container.readiness_probe, pod.unready_since
    if probe is None or unready is None:
        return None
    due = running.started_at or unready
    delay = timedelta(seconds=max(0, min(probe.initial_delay_seconds, 86_400)))
    return max(unready, moved(due, delay))


def _unstarted(cluster: Snapshot, pod: Pod, status: ContainerStatus) -> datetime | None:
    """Since when it was killed for want of a start, and still has not started.

    Before that, a start that takes long is what a startup probe is for.
    """
    ended = status.last_state.terminated
    if status.started is not False or ended is None or ended.finished_at is None:
        return None
    if status.state.running is None:
        return None
    hand = killed_for(cluster, pod, status, ended)
    return ended.finished_at if hand is Hand.STARTUP else None


def _killed(cluster: Snapshot, pod: Pod, status: ContainerStatus) -> datetime | None:
    """Since when it has been killed for its liveness more than once, and is likely to be again:
    what recurs is over when it has stayed away for twice as long as between its times.
    """
    if status.last_state.terminated is None:
        return None  # healthy: it was never ended
    killed = [
        event
        for event in events_of_container(cluster, pod, status.name)
        if kills_for(event, "liveness")
    ]
    times = sum(_times(event) for event in killed)
    if times < 2:
        return None  # healthy: once is what the probe is for
    first, last = min(event.first_seen for event in killed), killed[-1].last_seen
    if cluster.now - last > max(RESET, 2 * (last - first) / (times - 1)):
        return None  # healthy: long ago is over
    return first


def _times(event: Event) -> int:
    return max(event.count, event.series.count if event.series else 0, 1)


def _written(probe: Probe | None) -> str:
    if probe is None:
        return ""
    for word, action in (
        ("GET", probe.http_get),
        ("connect to", probe.tcp_socket),
        ("ask gRPC at", probe.grpc),
    ):
        if action is not None:
            return f"{word} {action.host}:{action.port}{action.path}"
    return "a command"

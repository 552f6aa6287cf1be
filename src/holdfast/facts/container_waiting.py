"""A container that cannot start: the kubelet says why it waits."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Pod
from holdfast.model.kinds.pods import ContainerStatus, Waiting
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})  # what every start looks like


@fact(
    code="HF-WRK-002",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a failed pull is tried again after 10 and after 20 s
    reads=(Pod,),
    next_step="Read what the kubelet says: kubectl describe pod {name} -n {namespace}",
)
def container_waiting(cluster: Snapshot) -> Iterator[Found]:
    """A container, init container or sidecar waits for another reason than its start: an image
    that cannot be pulled, a configuration that is not there, a back-off after crashes.
    """
    for pod in cluster.all(Pod):
        if pod.over:
            continue
        inits = pod.status.init_container_statuses
        for container in (*inits, *pod.status.container_statuses):
            waiting = container.state.waiting
            if waiting is None or waiting.reason in STARTING:
                continue  # healthy: running, ended as it should, or about to start
            yield Found(
                about=pod.ref,
                part=container.name,
                since=_waits_since(pod, container, init=container in inits),
                says=f"container {container.name} cannot start: {waiting.reason}",
                seen=_seen(container, waiting),
            )


def _waits_since(pod: Pod, container: ContainerStatus, *, init: bool) -> datetime:
    """When it ended last or, if it never ran, when its turn came.

    A waiting state carries no time of its own, and the pod's Ready condition is refreshed by
    containers that start for a moment.
    """
    ended = container.last_state.terminated
    if ended is not None and ended.finished_at is not None:
        return ended.finished_at
    its_turn = ("PodScheduled", "PodReadyToStartContainers", *(() if init else ("Initialized",)))
    reached = [
        c.last_transition_time
        for c in pod.status.conditions
        if c.type in its_turn and c.status == "True" and c.last_transition_time is not None
    ]
    before = [
        s.state.terminated.finished_at
        for s in pod.status.init_container_statuses
        if s.state.terminated is not None and s.state.terminated.finished_at is not None
    ]
    return max((*reached, *before), default=pod.born)


def _seen(container: ContainerStatus, waiting: Waiting) -> dict[str, str]:
    seen = {"reason": waiting.reason, "message": waiting.message, "image": container.image}
    ended = container.last_state.terminated
    if ended is not None:
        how = f"signal {ended.signal}" if ended.signal else f"exit code {ended.exit_code}"
        seen["last end"] = f"{ended.reason}, {how}" if ended.reason else how
        seen["restarts"] = str(container.restart_count)
    return {key: value for key, value in seen.items() if value}

"""An init container that does not end: it waits for something, and the pod waits for it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import runs_first


@fact(
    code="HF-WRK-027",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=10),  # migrations and downloads rightly take minutes
    reads=(Pod,),
    next_step="See what it waits for: kubectl logs {name} -n {namespace} -c {part}",
)
def init_blocked(cluster: Snapshot) -> Iterator[Found]:
    """An init container has been running for longer than such work takes, so that nothing of the
    pod has started. Sidecars run on by design.
    """
    for pod in cluster.all(Pod):
        if pod.over:
            continue
        for status in pod.status.init_container_statuses:
            running = status.state.running
            if running is None or running.started_at is None:
                continue  # healthy: done, or not begun
            if not runs_first(pod, status.name):
                continue  # healthy: a sidecar
            yield Found(
                about=pod.ref,
                part=status.name,
                since=running.started_at,
                says=f"init container {status.name} runs, and does not end",
                seen={"image": status.image} if status.image else {},
            )

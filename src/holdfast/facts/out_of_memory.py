"""A container that was killed for its memory: it used more than it may, or than its node has."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, Job, Pod
from holdfast.model.kinds.pods import ContainerStatus, Terminated
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.loops import loops
from holdfast.topology.waiting import container_of
from holdfast.topology.workloads import owner_of

RECENT = timedelta(hours=1)  # what ran on for longer has got by with what it has
SLOWEST = timedelta(days=1)  # a leak that takes longer is no matter of tonight


@fact(
    code="HF-WRK-022",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a pod that is being replaced is gone by then
    reads=(Pod, Job, Event),  # events for when a loop of such kills began
    next_step="Raise its memory limit, or find what takes the memory: "
    "kubectl describe pod {name} -n {namespace}",
    explains=("HF-WRK-020", "HF-WRK-021", "HF-WRK-023", "HF-WRK-026"),
)
def out_of_memory(cluster: Snapshot) -> Iterator[Found]:
    """The last end of a container, init container or sidecar was OOMKilled, less than an hour ago.
    One that was restarted before counts until it has run a quarter longer than when it was killed,
    a day at most: a leak kills again and again. A pod that has failed for it counts while its Job
    has not finished. Counted from when the loop of such ends began, where it is one, so that the
    next kill makes it no younger. Exit code 137 alone, and how often the pod was restarted in its
    life, say nothing of memory.
    """
    began = {(loop.pod.metadata.uid, loop.status.name): loop.since for loop in loops(cluster)}
    for pod in cluster.all(Pod):
        for status in pod.statuses:
            killed = _killed(status)
            if killed is None or killed.finished_at is None:
                continue  # healthy: it was not ended for its memory
            if cluster.now - killed.finished_at > _as_long_as_it_counts(status, killed):
                continue  # healthy: it has run on since
            if pod.over and not _still_wanted(cluster, pod):
                continue  # healthy: nobody waits for it any more
            yield Found(
                about=pod.ref,
                part=status.name,
                since=began.get((pod.metadata.uid, status.name), killed.finished_at),
                says=_says(cluster, pod, status, killed),
                seen=_seen(pod, status),
            )


def _as_long_as_it_counts(status: ContainerStatus, killed: Terminated) -> timedelta:
    """A leak kills again and again, each time after about as long a run."""
    if status.restart_count < 2 or killed.started_at is None or killed.finished_at is None:
        return RECENT
    ran = killed.finished_at - killed.started_at
    return max(RECENT, min(ran * 5 / 4, SLOWEST))


def _killed(status: ContainerStatus) -> Terminated | None:
    """Its last end, if that was for its memory."""
    ended = status.state.terminated or status.last_state.terminated
    return ended if ended is not None and ended.reason == "OOMKilled" else None


def _still_wanted(cluster: Snapshot, pod: Pod) -> bool:
    """It failed as an attempt of a Job that goes on, or that failed with it."""
    if pod.metadata.deletion_timestamp is not None or pod.status.phase != "Failed":
        return False
    job = owner_of(cluster, pod, (Job,))
    if not isinstance(job, Job) or job.metadata.deletion_timestamp is not None:
        return False
    done = job.condition("Complete")
    return done is None or done.status != "True"


def _says(cluster: Snapshot, pod: Pod, status: ContainerStatus, killed: Terminated) -> str:
    limit = _asked(pod, status)[0]
    why = f"at its limit of {limit}" if limit else "without a limit of its own"
    ago = cluster.elapsed(killed.finished_at) if killed.finished_at else ""
    return f"container {status.name} was killed for its memory {why}, {ago} ago"


def _asked(pod: Pod, status: ContainerStatus) -> tuple[str, str]:
    container = container_of(pod, status.name)
    if container is None:
        return "", ""
    limit = container.resources.limits.get("memory", "")
    return str(limit), str(container.resources.requests.get("memory", ""))


def _seen(pod: Pod, status: ContainerStatus) -> dict[str, str]:
    limit, request = _asked(pod, status)
    seen = {
        "limits.memory": limit or "none",
        "requests.memory": request or "none",
        "image": status.image,
    }
    return {key: value for key, value in seen.items() if value}

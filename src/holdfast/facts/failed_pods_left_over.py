"""Failed pods that nobody needs any more, and nobody clears away."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Job, Pod
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.workloads import OWNERS, owner_of, root_of

BARE = "Read why it failed, then delete it: kubectl describe pod {name} -n {namespace}"


@fact(
    code="HF-WRK-029",
    channel=Channel.INCIDENT,
    severity=Severity.INFO,
    grace=timedelta(days=1),  # until then somebody may want to read why they failed
    reads=(Pod, *OWNERS),
    next_step="Read one, then clear them away: kubectl get pods -n {namespace} "
    "--field-selector status.phase=Failed",
    spreads=False,
)
def failed_pods_left_over(cluster: Snapshot) -> Iterator[Found]:
    """Failed pods whose owner has replaced them, has finished, or is gone. One finding for the
    pods of one workload, counted from the first that was left. A Job's attempts count only when
    it has finished and nothing will clear them away: no time to live, no CronJob above it.
    """
    left: dict[str, tuple[Object, list[Pod]]] = {}
    for pod in cluster.all(Pod):
        if pod.status.phase != "Failed" or pod.metadata.deletion_timestamp is not None:
            continue
        above = _left_by(cluster, pod)
        if above is not None:
            left.setdefault(above.metadata.uid, (above, []))[1].append(pod)
    for above, pods in left.values():
        oldest = min(pods, key=_failed)
        ago = cluster.elapsed(_failed(oldest))
        says = f"{len(pods)} failed pods are left over, the oldest for {ago}"
        if isinstance(above, Pod):
            says = f"it failed {ago} ago, and nobody has cleared it away"
        elif len(pods) == 1:
            says = f"a failed pod has been left over for {ago}"
        yield Found(
            about=above.ref,
            since=_failed(oldest),
            says=says,
            seen={"oldest": oldest.metadata.name, "reason": oldest.status.reason or "Failed"},
            next_step=BARE if isinstance(above, Pod) else None,
        )


def _left_by(cluster: Snapshot, pod: Pod) -> Object | None:
    """Whose the pod was, the pod itself where that is gone; None while it may be needed."""
    controller = pod.controller
    if controller is None:
        return pod  # nobody replaces it
    kind = next((k for k in OWNERS if k.api.kind == controller.kind), None)
    if kind is None:
        return None  # healthy as far as we know: others clear up after their own pods
    owner = owner_of(cluster, pod, (kind,))
    if owner is None:
        gone = cluster.sees(kind) and cluster.capture(kind).covers(pod.metadata.namespace)
        return pod if gone else None
    if isinstance(owner, Job):
        return owner if _stays(owner) else None
    return root_of(cluster, owner)


def _stays(job: Job) -> bool:
    """A Job that has finished, and that nothing will take away."""
    if job.controller is not None or job.spec.ttl_seconds_after_finished is not None:
        return False
    ends = (job.condition("Complete"), job.condition("Failed"))
    return any(end is not None and end.status == "True" for end in ends)


def _failed(pod: Pod) -> datetime:
    """When it failed."""
    ended = [
        s.state.terminated.finished_at
        for s in pod.statuses
        if s.state.terminated is not None and s.state.terminated.finished_at is not None
    ]
    return max(ended, default=pod.unready_since or pod.born)

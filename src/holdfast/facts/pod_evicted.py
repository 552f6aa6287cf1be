"""A pod that its node put out: the node ran low on something, or the pod used more than it may."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

RECENT = timedelta(hours=1)  # after that it is a pod left over, not a node in trouble


@fact(
    code="HF-WRK-028",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # the node says so itself, but often frees enough within seconds
    reads=(Pod,),
    next_step="See what its node ran low on, and what the pod asks for: "
    "kubectl describe pod {name} -n {namespace}",
    explains=("HF-WRK-029",),
)
def pod_evicted(cluster: Snapshot) -> Iterator[Found]:
    """A pod failed less than an hour ago because the kubelet evicted it: memory, disk, processes,
    or its own limit of ephemeral storage. Drains and preemption do not leave such pods.
    """
    for pod in cluster.all(Pod):
        status = pod.status
        if status.phase != "Failed" or status.reason != "Evicted":
            continue
        if pod.metadata.deletion_timestamp is not None:
            continue  # healthy: somebody is clearing it away
        when = _when(pod)
        if cluster.now - when > RECENT:
            continue  # healthy by now: only the pod is left over
        node = pod.spec.node_name
        yield Found(
            about=pod.ref,
            since=when,
            says=f"evicted{f' from {node}' if node else ''}: {status.message.strip()}",
            seen={"reason": status.reason, "message": status.message, "node": node},
        )


def _when(pod: Pod) -> datetime:
    """When it was put out, by the kubelet's own condition or the end of its last container."""
    put_out = pod.condition("DisruptionTarget")
    if put_out is not None and put_out.status == "True" and put_out.last_transition_time:
        return put_out.last_transition_time
    ended = [
        s.state.terminated.finished_at
        for s in pod.statuses
        if s.state.terminated is not None and s.state.terminated.finished_at is not None
    ]
    return max(ended, default=pod.unready_since or pod.status.start_time or pod.born)

"""A pod that should be gone: a finalizer holds it, or its node does not let it go."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Node, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

HELD = (
    "Ask whoever set the finalizers why they are still there: "
    "kubectl get pod {name} -n {namespace} -o jsonpath='{{.metadata.finalizers}}'"
)
LOST = (
    "Make sure that the node is gone for good, then let the pod go: "
    "kubectl delete pod {name} -n {namespace} --grace-period=0 --force"
)


@fact(
    code="HF-WRK-030",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # volumes and networks are taken down after the containers
    reads=(Pod, Node),
    next_step="Ask its node why it does not end: kubectl describe pod {name} -n {namespace}",
)
def pod_stuck_terminating(cluster: Snapshot) -> Iterator[Found]:
    """A pod was deleted, the time that it was given to stop has passed, and it is still there:
    somebody's finalizer, a node that is gone or silent, or a process that does not end.
    """
    for pod in cluster.all(Pod):
        due = pod.metadata.deletion_timestamp  # with the time to stop already added
        if due is None:
            continue
        why, step = _why(cluster, pod)
        yield Found(
            about=pod.ref,
            since=due,
            says=f"should have been gone {cluster.elapsed(due)} ago: {why}",
            seen=_seen(pod),
            next_step=step,
        )


def _why(cluster: Snapshot, pod: Pod) -> tuple[str, str | None]:
    name = pod.spec.node_name
    ended = pod.status.phase in ("Succeeded", "Failed") or not name
    if pod.metadata.finalizers and ended:
        return f"held by {', '.join(pod.metadata.finalizers)}", HELD
    node = cluster.find(Node, "", name)
    if node is None:
        if name and cluster.sees(Node):
            return f"its node {name} does not exist", LOST
        return "its node has not let it go", None
    ready = node.condition("Ready")
    if ready is not None and ready.status != "True":
        return f"its node {name} is not ready", None
    if pod.metadata.finalizers and not any(s.state.running for s in pod.statuses):
        return f"held by {', '.join(pod.metadata.finalizers)}", HELD
    return f"its node {name} has not let it go", None


def _seen(pod: Pod) -> dict[str, str]:
    seen = {
        "metadata.finalizers": ", ".join(pod.metadata.finalizers),
        "spec.nodeName": pod.spec.node_name,
        "status.phase": pod.status.phase,
    }
    return {key: value for key, value in seen.items() if value}

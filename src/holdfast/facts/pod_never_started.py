"""A pod that its node has not started for half an hour, and nobody says why."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.events import events_about
from holdfast.model.kinds import Claim, Event, Node, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import starting_since


@fact(
    code="HF-WRK-034",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=30),  # an image of many gigabytes over a slow line takes twenty
    reads=(Pod, Event, Node, Claim),
    next_step="Read the log of its node's kubelet, and whether it is at work: kubectl get lease "
    "-n kube-node-lease {part}; kubectl describe pod {name} -n {namespace}",
)
def pod_never_started(cluster: Snapshot) -> Iterator[Found]:
    """A pod has a node that is ready, its claims are bound, and none of its containers has started,
    counted from when it was given the node; no warning about it has been seen since. Whatever is
    said of its volumes, its sandbox or its images is a fact of its own.
    """
    for pod in cluster.all(Pod):
        since = starting_since(pod) if pod.status.phase in ("", "Pending") else None
        if since is None or cluster.blind((Event, Node), namespace=pod.metadata.namespace):
            continue  # healthy, or we cannot tell whether anybody says why
        node = cluster.find(Node, "", pod.spec.node_name)
        ready = node.condition("Ready") if node is not None else None
        if ready is None or ready.status != "True":
            continue  # its node is another fact
        said = [e for e in events_about(cluster, pod) if e.last_seen >= since]
        if any(e.type == "Warning" for e in said) or not _bound(cluster, pod):
            continue  # somebody says why
        last = f"{said[-1].reason}: {said[-1].message}" if said else "none is left"
        name, ago = pod.spec.node_name, cluster.elapsed(since)
        yield Found(
            about=pod.ref,
            part=name,
            since=since,
            says=f"node {name} has not started it for {ago}, and nobody says why",
            seen={"node": name, "last event": last},
        )


def _bound(cluster: Snapshot, pod: Pod) -> bool:
    """Whether all of its claims are, as far as they are seen."""
    claims = (cluster.find(Claim, pod.metadata.namespace, name) for name in pod.claims)
    return all(claim is None or claim.status.phase == "Bound" for claim in claims)

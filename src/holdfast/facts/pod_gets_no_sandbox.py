"""A pod whose node cannot set up its sandbox: no network for it, or no runtime that works."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.events import events_about
from holdfast.model.kinds import Event, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import set_up_since

NO_SANDBOX = "FailedCreatePodSandBox"


@fact(
    code="HF-WRK-032",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # the network of a node that has just joined comes a moment later
    reads=(Pod, Event),
    next_step="Look at the network plug-in and the runtime of its node: "
    "kubectl describe pod {name} -n {namespace}",
)
def pod_gets_no_sandbox(cluster: Snapshot) -> Iterator[Found]:
    """A pod that a node is setting up has the event FailedCreatePodSandBox, and nothing newer has
    been told of it: the network plug-in has no address or no answer, or the runtime fails.
    """
    if all(event.reason != NO_SANDBOX for event in cluster.all(Event)):
        return  # healthy: nobody says so of any pod
    for pod in cluster.all(Pod):
        waits = set_up_since(pod)
        if waits is None:
            continue  # healthy: not scheduled yet, or it has its sandbox
        events = events_about(cluster, pod)
        told = [e for e in events if e.reason == NO_SANDBOX]
        if not told or told[-1].last_seen < events[-1].last_seen:
            continue  # healthy: it is at another step by now (volumes, or an image that is pulled)
        node = pod.spec.node_name
        yield Found(
            about=pod.ref,
            since=max(waits, told[0].first_seen),
            says=f"node {node} cannot set up its sandbox: {told[-1].message}",
            seen={"event": told[-1].message, "node": node},
        )

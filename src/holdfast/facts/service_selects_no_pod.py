"""A service's selector matches no pod, and nobody would make one that it matches."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import (
    BEHIND,
    answers,
    hidden,
    last_changed,
    makers,
    nearest,
    selections,
    slices_of,
    unlike,
)


@fact(
    code="HF-NET-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a chart makes its services before its workloads
    reads=BEHIND,
    next_step="Compare its selector with the labels of the pods that it is for: "
    "kubectl get pods -n {namespace} --show-labels",
)
def service_selects_no_pod(cluster: Snapshot) -> Iterator[Found]:
    """A service has no ready endpoints, no pod carries the labels that it selects, and no workload
    has a template that does: one that is scaled to zero keeps its service in order. A service that
    an operator owns is filled by it when there is something to fill it with.
    """
    for service, pods in selections(cluster):
        here = service.metadata.namespace
        if pods or service.controller is not None or hidden(cluster, here):
            continue  # healthy, or somebody else's affair, or we cannot tell
        slices = slices_of(cluster, here, service.metadata.name)
        if answers(slices) or any(makers(cluster, service)):
            continue  # healthy: scaled to zero; what makes its pods has facts of its own
        wanted = service.spec.selector
        there = [p for p in cluster.within(Pod, here) if p.status.phase != "Failed"]
        if any(p.over and not unlike(p.metadata.labels, wanted) for p in there):
            continue  # healthy: what it led to has done its work, or is going
        words = ", ".join(f"{key}={value}" for key, value in wanted.items())
        yield Found(
            about=service.ref,
            since=last_changed(service, slices),
            says=f"selects no pod: none carries {words}",
            seen={"spec.selector": words, **_nearest([p for p in there if not p.over], wanted)},
        )


def _nearest(pods: Sequence[Pod], wanted: Mapping[str, str]) -> dict[str, str]:
    best = nearest(pods, wanted)
    if best is None:
        return {}
    return {"nearest pod": f"{best.metadata.name}: {unlike(best.metadata.labels, wanted)}"}

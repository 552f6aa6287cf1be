"""A service has pods, or is to have some, and none of them takes traffic."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from holdfast.model.kinds import (
    DaemonSet,
    Deployment,
    EndpointSlice,
    Job,
    Pod,
    ReplicaSet,
    Service,
    StatefulSet,
)
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import answers, last_changed, makers, selections, slices_of

READ = (Service, EndpointSlice, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job)


@fact(
    code="HF-NET-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=3),  # pods that start slowly take two
    reads=READ,
    next_step="Look at its pods, they are why: "
    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={name}",
)
def service_pods_not_ready(cluster: Snapshot) -> Iterator[Found]:
    """A service has no ready endpoints although pods carry the labels that it selects, or a
    workload that is to have some has none. A symptom: the pods or the workload say why. Headless
    services lead to pods that are not ready as well; scaled to zero, nobody is to answer.
    """
    for service, pods in selections(cluster):
        here = service.metadata.namespace
        slices = slices_of(cluster, here, service.metadata.name)
        if service.headless or answers(slices) or cluster.blind(READ, namespace=here):
            continue  # healthy: somebody answers, or nobody needs to, or we cannot tell
        since = min((pod.unready_since for pod in pods if pod.unready_since), default=None)
        if pods and since is None:
            continue  # its pods are ready, and its slices are about to say so
        if not pods:
            wanting = [maker.ref for maker, wanted in makers(cluster, service) if wanted > 0]
            if not wanting:
                continue  # healthy: scaled to zero, or nobody makes its pods: another fact
            says = f"{wanting[0]} is to have pods for it and has none"
            yield Found(about=service.ref, since=last_changed(service, slices), says=says)
            continue
        yield Found(
            about=service.ref,
            since=max(since or service.born, service.born),
            says=f"none of its {len(pods)} pods is ready: nobody answers",
            seen={"pods": _names(pods)},
        )


def _names(pods: Sequence[Pod]) -> str:
    names = sorted(pod.metadata.name for pod in pods)
    more = f", and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more

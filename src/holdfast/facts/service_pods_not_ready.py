"""A service has pods, or is to have some, and none of them takes traffic."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.names import few
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import BEHIND, makers, selections, silent_since


@fact(
    code="HF-NET-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=3),  # pods that start slowly take two
    reads=BEHIND,
    next_step="Look at its pods, they are why: "
    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={name}",
    follows=(Relation.SELECTS,),
)
def service_pods_not_ready(cluster: Snapshot) -> Iterator[Found]:
    """A service has no ready endpoints although pods carry the labels that it selects, or a
    workload that is to have some has none. A symptom: the pods or the workload say why. Headless
    services lead to pods that are not ready as well; scaled to zero, nobody is to answer.
    """
    for service, pods in selections(cluster):
        since = silent_since(cluster, service, pods)
        if since is None:
            continue
        if pods:
            all_ = "its only pod is not" if len(pods) == 1 else f"none of its {len(pods)} pods is"
            says = f"{all_} ready: nobody answers"
            names = few(sorted(pod.metadata.name for pod in pods))
            yield Found(about=service.ref, since=since, says=says, seen={"pods": names})
            continue
        maker = next(maker.ref for maker, wanted in makers(cluster, service) if wanted > 0)
        says = f"{maker} is to have pods for it and has none"
        yield Found(about=service.ref, since=since, says=says)

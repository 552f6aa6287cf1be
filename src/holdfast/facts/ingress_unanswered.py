"""An ingress leads to a service at which nobody answers: callers get a 503."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Ingress, Service
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import BEHIND, selections, silent_since, unfed_since


@fact(
    code="HF-NET-030",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=3),  # as long as its service may take: pods that start slowly
    reads=(Ingress, *BEHIND),
    next_step="Look at the service behind it, and at the pods behind that: "
    "kubectl describe ingress {name} -n {namespace}",
    follows=(Relation.ROUTES,),
)
def ingress_unanswered(cluster: Snapshot) -> Iterator[Found]:
    """A service that an ingress leads to has pods, or is to have some, and none takes traffic; or
    its endpoints are kept by hand, and none is ready. A symptom: the service, its pods or their
    workload say why. A service whose selector matches no pod is another fact; one that is scaled
    to zero is left alone.
    """
    silent = {
        (service.metadata.namespace, service.metadata.name): silent_since(cluster, service, pods)
        for service, pods in selections(cluster)
    }
    for ingress in cluster.all(Ingress):
        if ingress.leaving:
            continue
        for name in dict.fromkeys(b.service.name for b in ingress.backends if b.service):
            here = ingress.metadata.namespace
            service = cluster.find(Service, here, name)
            unfed = unfed_since(cluster, service) if service is not None else None
            since = silent.get((here, name)) or unfed
            if since is None:
                continue  # healthy, or missing: another fact
            yield Found(
                about=ingress.ref,
                part=name,
                through=Service.at(here, name),
                since=max(since, ingress.asked_since),
                says=f"leads to service {name}, where nobody answers",
                seen={"service": name, "ready endpoints": "0"},
            )

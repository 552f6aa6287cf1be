"""An ingress leads to a service that selects no pods, and nobody has given it endpoints."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import EndpointSlice, Ingress, Service
from holdfast.model.names import few
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import unfed_since


@fact(
    code="HF-NET-013",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=3),  # whoever keeps endpoints by hand may be choosing a new leader
    reads=(Service, EndpointSlice, Ingress),
    next_step="Give it a selector, or make the endpoints that it is to have: "
    "kubectl get service,endpointslices -n {namespace}",
)
def service_fed_by_nobody(cluster: Snapshot) -> Iterator[Found]:
    """A service without a selector leads to what somebody puts into EndpointSlices by hand, and
    no endpoint of it is ready, although an ingress leads there: callers get a 503. One that an
    operator owns, or that leads out of the cluster by a name, is left alone.
    """
    asked: dict[tuple[str, str], list[Ingress]] = {}
    for ingress in cluster.all(Ingress):
        for backend in () if ingress.leaving else ingress.backends:
            if backend.service is not None:
                place = (ingress.metadata.namespace, backend.service.name)
                asked.setdefault(place, []).append(ingress)
    for (here, name), ingresses in asked.items():
        service = cluster.find(Service, here, name)
        empty = unfed_since(cluster, service) if service is not None else None
        if service is None or empty is None:
            continue  # healthy, or with pods of its own, or missing: other facts
        since = min(ingress.asked_since for ingress in ingresses)
        names = sorted({ingress.metadata.name for ingress in ingresses})
        yield Found(
            about=service.ref,
            since=max(since, empty),
            says="selects no pods, and nobody has given it endpoints that are ready",
            seen={"ingresses": few(names), "ready endpoints": "0"},
        )

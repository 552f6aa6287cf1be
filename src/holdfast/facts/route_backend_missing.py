"""A route of the Gateway API leads to a service that does not exist."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import GrpcRoute, HttpRoute, ReferenceGrant, Service
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.routes import routes, unjudged


@fact(
    code="HF-NET-031",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a chart makes its services a moment before or after its routes
    reads=(HttpRoute, GrpcRoute, ReferenceGrant, Service),
    next_step="Make the service, or lead the route to one that exists: "
    "kubectl get services -n {namespace}",
)
def route_backend_missing(cluster: Snapshot) -> Iterator[Found]:
    """A service that an HTTPRoute or GRPCRoute leads to does not exist, and no controller has said
    so. What a controller said, and a service that may not be referred to, have facts of their own.
    """
    for route in routes(cluster):
        names = dict.fromkeys(
            (backend.namespace or route.metadata.namespace, backend.name)
            for backend in unjudged(cluster, route)
        )
        for there, name in names:
            if cluster.blind((Service,), namespace=there):
                continue
            if cluster.find(Service, there, name) is not None:
                continue  # healthy
            yield Found(
                about=route.ref,
                part=name if there == route.metadata.namespace else f"{there}/{name}",
                since=route.asked_since,
                says=f"leads to service {name}, which does not exist",
                seen={"service": f"{there}/{name}"},
                next_step="Make the service, or lead the route to one that exists: "
                "kubectl get services -n {there}",
                names={"there": there},
            )

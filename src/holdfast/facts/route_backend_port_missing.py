"""A route of the Gateway API leads to a port that its service does not have."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import GrpcRoute, HttpRoute, ReferenceGrant, Service
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.routes import routes, unjudged


@fact(
    code="HF-NET-032",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a change of both takes a moment
    reads=(HttpRoute, GrpcRoute, ReferenceGrant, Service),
    next_step="Compare the port in the route with those of the service: "
    "kubectl get services -n {namespace}",
)
def route_backend_port_missing(cluster: Snapshot) -> Iterator[Found]:
    """A service that an HTTPRoute or GRPCRoute leads to exists, and has no port of that number,
    and no controller has refused the route. The number is the service's own, not the pod's.
    """
    for route in routes(cluster):
        for backend in unjudged(cluster, route):
            there = backend.namespace or route.metadata.namespace
            service = cluster.find(Service, there, backend.name)
            if service is None or service.spec.type == "ExternalName" or backend.port is None:
                continue  # out of the cluster, or missing: another fact
            if any(port.port == backend.port for port in service.spec.ports):
                continue  # healthy
            ports = [f"{p.name}={p.port}" if p.name else str(p.port) for p in service.spec.ports]
            yield Found(
                about=route.ref,
                part=f"{backend.name}:{backend.port}",
                since=max(route.asked_since, service.asked_since),
                says=f"leads to port {backend.port} of service {backend.name}, "
                "which has no such port",
                seen={
                    "service": f"{there}/{backend.name}",
                    "port": str(backend.port),
                    "ports of the service": ", ".join(ports) or "none",
                },
                next_step="Compare the port in the route with those of the service: "
                "kubectl get service {service} -n {there}",
                names={"service": backend.name, "there": there},
            )

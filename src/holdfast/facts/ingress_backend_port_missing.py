"""An ingress leads to a port that its service does not have."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Ingress, Service
from holdfast.model.kinds.network import BackendPort
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-NET-008",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a change of both takes a moment
    reads=(Ingress, Service),
    next_step="Compare the port in the ingress with those of the service: "
    "kubectl describe ingress {name} -n {namespace}",
)
def ingress_backend_port_missing(cluster: Snapshot) -> Iterator[Found]:
    """A service that an ingress leads to exists, and has no port of that name or number. The
    number is the service's own, not that of the pod behind it.
    """
    for ingress in cluster.all(Ingress):
        if ingress.leaving:
            continue
        wanted = dict.fromkeys(
            (b.service.name, b.service.port) for b in ingress.backends if b.service is not None
        )
        for name, port in wanted:
            service = cluster.find(Service, ingress.metadata.namespace, name)
            if service is None or service.spec.type == "ExternalName" or _has(service, port):
                continue  # healthy, out of the cluster, or missing: another fact
            asked = port.name or str(port.number)
            ports = [f"{p.name}={p.port}" if p.name else str(p.port) for p in service.spec.ports]
            yield Found(
                about=ingress.ref,
                part=f"{name}:{asked}",
                since=max(ingress.asked_since, service.asked_since),
                says=f"leads to port {asked} of service {name}, which has no such port",
                seen={"port": asked, "ports of the service": ", ".join(ports) or "none"},
            )


def _has(service: Service, wanted: BackendPort) -> bool:
    if not wanted.name and not wanted.number:
        return True  # nothing is asked for
    return any(
        port.name == wanted.name if wanted.name else port.port == wanted.number
        for port in service.spec.ports
    )

"""A service leads to a port that none of its pods has."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from holdfast.model.kinds import Pod, Service
from holdfast.model.kinds.core import ServicePort
from holdfast.model.kinds.pods import Container
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import declared, leads_to, selections, target


@fact(
    code="HF-NET-002",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a rollout that renames a port changes pods and service in turn
    reads=(Service, Pod),
    next_step="Compare its targetPort with the ports of its pods: "
    "kubectl describe service {name} -n {namespace}",
)
def service_port_unserved(cluster: Snapshot) -> Iterator[Found]:
    """A service's targetPort is a name that none of its pods declares: nothing is ever led there.
    Only worth an info when it is a number: containers may listen on ports that they do not
    declare, so it is told only of a service none of whose ports is declared or probed, by pods
    that declare others. Headless services lead nowhere by port.
    """
    for service, pods in selections(cluster):
        here = service.metadata.namespace
        if not pods or service.headless or cluster.blind((Pod,), namespace=here):
            continue  # nobody to ask, or we cannot tell
        ports = service.spec.ports
        unnamed = [
            p
            for p in ports
            if isinstance(target(p), str) and all(leads_to(p, pod) is None for pod in pods)
        ]
        yield from (_found(service, port, pods) for port in unnamed)
        if not unnamed and ports and not any(_known(port, pods) for port in ports):
            yield from (_found(service, port, pods) for port in ports)


def _known(port: ServicePort, pods: Sequence[Pod]) -> bool:
    """Whether some pod is known to listen there, or none of them says anything of its ports."""
    wanted = target(port)
    said = False
    for pod in pods:
        for mine in declared(pod):
            said = True
            if wanted in (mine.container_port, mine.name):
                return True
        if any(_probed(container, wanted) for container in pod.spec.containers):
            return True
    return not said


def _probed(container: Container, port: int | str) -> bool:
    probes = (container.liveness_probe, container.readiness_probe, container.startup_probe)
    return any(
        action is not None and action.port == port
        for probe in probes
        if probe is not None
        for action in (probe.http_get, probe.tcp_socket, probe.grpc)
    )


def _found(service: Service, port: ServicePort, pods: Sequence[Pod]) -> Found:
    wanted = target(port)
    ports = sorted(
        {
            f"{mine.name}={mine.container_port}" if mine.name else str(mine.container_port)
            for pod in pods
            for mine in declared(pod)
        }
    )
    certain = isinstance(wanted, str)
    several = f"none of its {len(pods)} pods declares"
    return Found(
        about=service.ref,
        part=port.name or str(port.port),
        since=max(service.asked_since, min(pod.born for pod in pods)),
        says=f"port {port.port} leads to {wanted}, which "
        + ("its only pod does not declare" if len(pods) == 1 else several),
        seen={
            "spec.ports.targetPort": str(wanted),
            "ports of its pods": ", ".join(ports) or "none",
        },
        severity=None if certain else Severity.INFO,
    )

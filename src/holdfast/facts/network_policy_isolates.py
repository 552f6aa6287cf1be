"""Network policies let nobody in to the port that a service leads to."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from holdfast.model.kinds import NetworkPolicy, Pod, Service
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.policies import Chooser, Way, admits, policies
from holdfast.topology.services import leads_to, selections


@fact(
    code="HF-NET-012",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # who denies everything first allows the rest in the next moment
    reads=(NetworkPolicy, Service, Pod),
    next_step="Allow ingress to the pod's port, which is the service's targetPort: "
    "kubectl describe networkpolicy {name} -n {namespace}",
)
def network_policy_isolates(cluster: Snapshot) -> Iterator[Found]:
    """Every pod of a service is closed by policies that, taken together, let nobody in to any port
    that the service leads to: no rule at all, or rules for other ports. Whom a rule lets in is
    not judged, and kinds of policies of network plugins are not read.
    """
    if not cluster.sees(NetworkPolicy):
        return
    closing = {here: (there, Chooser(there)) for here, there in policies(cluster, Way.IN).items()}
    for service, pods in selections(cluster):
        here = service.metadata.namespace
        there, chooser = closing.get(here, ((), None))
        if chooser is None or not pods or cluster.blind((NetworkPolicy, Pod), namespace=here):
            continue  # healthy: nobody closes anything
        blamed = _closed(service, pods, there, chooser)
        if blamed is None:
            continue
        whom = "the only pod" if len(pods) == 1 else f"the {len(pods)} pods"
        ports = sorted({str(p.target_port or p.port) for p in service.spec.ports})
        yield Found(
            about=blamed.ref,
            part=service.metadata.name,
            since=max(blamed.asked_since, service.asked_since),
            says=f"lets nobody in to {whom} of service {service.metadata.name}",
            seen={"service": service.metadata.name, "ports that are closed": ", ".join(ports)},
        )


def _closed(
    service: Service, pods: Sequence[Pod], there: Sequence[NetworkPolicy], chooser: Chooser
) -> NetworkPolicy | None:
    """The strictest policy, when no port of the service is open on any of its pods."""
    blamed: set[int] = set()
    for pod in pods:
        if pod.spec.host_network:
            return None
        mine = chooser.select(pod)
        if not mine or not service.spec.ports:
            return None
        for port in service.spec.ports:
            number = leads_to(port, pod)
            if number is None or any(admits(there[at], pod, number, port.protocol) for at in mine):
                return None
        blamed.update(mine)
    return min((there[at] for at in blamed), key=lambda p: (len(p.spec.ingress), p.metadata.name))

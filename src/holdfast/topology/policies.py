"""What network policies let through, as far as it is certain.

Policies add up: a pod that none selects may talk to everybody, one that some select may do what
any of them allows. Blocks of addresses may hold anybody, so they count as allowing.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from holdfast.model.kinds import Namespace, NetworkPolicy, Pod, Service
from holdfast.model.kinds.network import EgressAllowed, Peer, PolicyPort
from holdfast.model.snapshot import Snapshot
from holdfast.topology.labels import Choosers
from holdfast.topology.services import declared, leads_to
from holdfast.topology.workloads import selected

OF_A_NAMESPACE = "kubernetes.io/metadata.name"
DNS_PORT = 53


class Way(StrEnum):
    """The direction that a policy speaks of."""

    IN = "Ingress"
    OUT = "Egress"


def policies(cluster: Snapshot, way: Way) -> Mapping[str, Sequence[NetworkPolicy]]:
    """The policies of each namespace that speak of that direction."""
    there: dict[str, list[NetworkPolicy]] = {}
    for policy in cluster.all(NetworkPolicy):
        types = policy.spec.policy_types or (
            (Way.IN, Way.OUT) if policy.spec.egress else (Way.IN,)  # what the API server fills in
        )
        if way in types and not policy.leaving:
            there.setdefault(policy.metadata.namespace, []).append(policy)
    return there


class Chooser:
    """Which of a namespace's policies select a pod; pods of equal labels are asked about once."""

    def __init__(self, there: Sequence[NetworkPolicy]) -> None:
        self._choosers = Choosers([policy.spec.pod_selector for policy in there])
        self._known: dict[frozenset[tuple[str, str]], Sequence[int]] = {}

    def select(self, pod: Pod) -> Sequence[int]:
        """The places of those policies in the sequence."""
        labels = pod.metadata.labels
        key = frozenset(labels.items())
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._choosers.choosing(labels)
        return known


def admits(policy: NetworkPolicy, pod: Pod, port: int, protocol: str) -> bool:
    """Whether a policy may let anybody in to that port of a pod."""
    return any(
        not allowed.ports or any(_opens(p, pod, port, protocol) for p in allowed.ports)
        for allowed in policy.spec.ingress
    )


def _opens(allowed: PolicyPort, pod: Pod | None, port: int, protocol: str) -> bool:
    if allowed.protocol != protocol:
        return False
    if isinstance(allowed.port, str):
        # A name is looked up at whoever is called: of a pod that we do not see it may be anything.
        return pod is None or any(
            p.name == allowed.port and p.container_port == port for p in declared(pod)
        )
    if allowed.port is None:
        return True
    return allowed.port <= port <= max(allowed.port, allowed.end_port or 0)


class Dns(msgspec.Struct, frozen=True, kw_only=True):
    """Where the cluster answers questions for names."""

    namespace: str
    labels: Mapping[str, str]  # of that namespace
    pods: Sequence[Pod]
    ports: frozenset[int]


def dns(cluster: Snapshot) -> Dns | None:
    """The cluster's DNS; None when not seen."""
    service = dns_service(cluster)
    return _dns(cluster, service) if service is not None else None


def dns_service(cluster: Snapshot) -> Service | None:
    """The service of the cluster's DNS, which everybody names the same; None when not seen."""
    for service in cluster.all(Service):
        named = (service.metadata.namespace, service.metadata.name)
        if service.metadata.labels.get("k8s-app") == "kube-dns" or named == (
            "openshift-dns",
            "dns-default",
        ):
            return service
    return None


def _dns(cluster: Snapshot, service: Service) -> Dns:
    name = service.metadata.namespace
    pods = tuple(selected(cluster, name, service.spec.selector))
    ports = {leads_to(port, pod) for pod in pods for port in service.spec.ports}
    namespace = cluster.find(Namespace, "", name)
    return Dns(
        namespace=name,
        labels={OF_A_NAMESPACE: name, **(namespace.metadata.labels if namespace else {})},
        pods=pods,
        ports=frozenset({DNS_PORT, *(port for port in ports if port is not None)}),
    )


def may_ask(policy: NetworkPolicy, of: Dns | None) -> bool:
    """Whether a policy may let its pods ask the DNS over UDP."""
    return any(
        (not allowed.ports or any(_opens_dns(p, of) for p in allowed.ports))
        and _reaches(allowed, policy.metadata.namespace, of)
        for allowed in policy.spec.egress
    )


def _opens_dns(allowed: PolicyPort, of: Dns | None) -> bool:
    ports = of.ports if of is not None else {DNS_PORT}
    return any(_opens(allowed, None, port, "UDP") for port in ports)


def _reaches(allowed: EgressAllowed, here: str, of: Dns | None) -> bool:
    return not allowed.to or of is None or any(_means(peer, here, of) for peer in allowed.to)


def _means(peer: Peer, here: str, of: Dns) -> bool:
    if peer.ip_block is not None:
        return True
    chosen = peer.namespace_selector
    if (of.namespace != here) if chosen is None else not chosen.matches(of.labels):
        return False
    wanted = peer.pod_selector
    return wanted is None or not of.pods or any(wanted.matches(p.metadata.labels) for p in of.pods)

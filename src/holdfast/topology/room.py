"""What pods ask of nodes, and what of it is left: cpu, memory, devices, places, host ports.

Amounts are whole numbers of thousandths, as the scheduler counts them.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from math import ceil

import msgspec

from holdfast.model.kinds import Node, Pod
from holdfast.model.kinds.pods import Container, PodSpec
from holdfast.model.objects import Quantities
from holdfast.model.quantities import in_words, worth
from holdfast.model.snapshot import Snapshot

type Amounts = dict[str, int]
type HostPort = tuple[str, str, int]
"""Protocol, address of the node ("" for all of them), port."""


class Used(msgspec.Struct, kw_only=True):
    """What is used of one node."""

    amounts: Amounts
    ports: set[HostPort]


def requested(spec: PodSpec) -> Amounts:
    """What a pod asks of a node: its containers together, or the init container that asks most
    while only the sidecars before it run; plus its overhead. A pod that asks as a whole overrides.
    """
    lasting = _sum(c.resources.requests for c in spec.containers)
    peak: Amounts = {}
    sidecars: Amounts = {}
    for init in spec.init_containers:
        asks = _amounts(init.resources.requests)
        if init.restart_policy == "Always":
            _add(sidecars, asks)
        else:
            asks = _plus(asks, sidecars)
        _raise(peak, asks if init.restart_policy != "Always" else sidecars)
    _add(lasting, sidecars)
    _raise(lasting, peak)
    lasting.update(_amounts(spec.resources.requests))
    _add(lasting, _amounts(spec.overhead))
    return {name: amount for name, amount in lasting.items() if amount > 0}


def host_ports(spec: PodSpec) -> Iterator[HostPort]:
    """The ports of its node that a pod takes."""
    containers: tuple[Container, ...] = (*spec.init_containers, *spec.containers)
    for container in containers:
        for port in container.ports:
            if port.host_port:
                everywhere = port.host_ip in ("0.0.0.0", "::")  # noqa: S104 - read, not bound
                yield (port.protocol, "" if everywhere else port.host_ip, port.host_port)


def clash(wanted: Iterable[HostPort], taken: Iterable[HostPort]) -> HostPort | None:
    """The first port that is wanted and taken."""
    taken = tuple(taken)
    for want in wanted:
        for have in taken:
            same_address = want[1] == have[1] or not want[1] or not have[1]
            if want[0] == have[0] and want[2] == have[2] and same_address:
                return want
    return None


def used(cluster: Snapshot) -> Mapping[str, Used] | None:
    """What is used of every node, by its name; None when not every pod was seen."""
    cluster.capture(Pod)  # a rule that did not declare pods gets nothing of them
    return cluster.narrowed((Pod,)).once(_used)


def allocatable(node: Node) -> Amounts:
    """What a node has for pods."""
    return _amounts(node.status.allocatable)


def said(amount: int, resource: str) -> str:
    """An amount, for people."""
    return in_words(Fraction(amount, 1000), resource)


def _used(cluster: Snapshot) -> Mapping[str, Used] | None:
    pods = cluster.capture(Pod)
    if not pods.whole or pods.namespaces is not None:
        return None
    by_node: dict[str, Used] = {}
    asks: dict[tuple[int, ...], tuple[Amounts, tuple[HostPort, ...]]] = {}
    for pod in pods.objects:
        name = pod.spec.node_name
        if not name or pod.status.phase in ("Succeeded", "Failed"):
            continue  # takes no room; one that is still being deleted does
        spec = pod.spec
        # Pods of one template mostly hold the very same parts, and then they ask for the same.
        parts = (spec.containers, spec.init_containers, spec.resources, spec.overhead)
        same = tuple(map(id, parts))
        if same not in asks:
            asks[same] = (requested(spec), tuple(host_ports(spec)))
        amounts, ports = asks[same]
        of_node = by_node.setdefault(name, Used(amounts={}, ports=set()))
        _add(of_node.amounts, amounts)
        of_node.amounts["pods"] = of_node.amounts.get("pods", 0) + 1000
        of_node.ports.update(ports)
    return by_node


@lru_cache(maxsize=4096)
def _thousandths(written: str | int | float) -> int:
    amount = worth(written)
    return 0 if amount is None else ceil(amount * 1000)


def _amounts(quantities: Quantities) -> Amounts:
    return {name: _thousandths(written) for name, written in quantities.items()}


def _sum(several: Iterable[Quantities]) -> Amounts:
    total: Amounts = {}
    for quantities in several:
        _add(total, _amounts(quantities))
    return total


def _plus(one: Amounts, other: Amounts) -> Amounts:
    total = dict(one)
    _add(total, other)
    return total


def _add(to: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        to[name] = to.get(name, 0) + amount


def _raise(to: Amounts, at_least: Amounts) -> None:
    for name, amount in at_least.items():
        to[name] = max(to.get(name, 0), amount)

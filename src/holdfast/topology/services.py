"""What stands behind a service: its endpoints as slices tell them, its pods, and who makes those.

One home for every rule that asks whether anybody answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher

import msgspec

from holdfast.model.kinds import (
    DaemonSet,
    Deployment,
    EndpointSlice,
    Job,
    Pod,
    ReplicaSet,
    ReplicationController,
    Service,
    StatefulSet,
)
from holdfast.model.kinds.control import ServiceReference
from holdfast.model.kinds.core import ServicePort
from holdfast.model.kinds.pods import ContainerPort
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot
from holdfast.topology.labels import pods
from holdfast.topology.workloads import MAKERS, OF_TODAY, Maker, makers_by_labels, owner_of


def slices_of(cluster: Snapshot, namespace: str, service: str) -> Sequence[EndpointSlice]:
    """The slices of a service."""
    return cluster.once(_by_service).get((namespace, service), ())


def _by_service(cluster: Snapshot) -> Mapping[tuple[str, str], Sequence[EndpointSlice]]:
    of: dict[tuple[str, str], list[EndpointSlice]] = {}
    for each in cluster.all(EndpointSlice):
        if each.service:
            of.setdefault((each.metadata.namespace, each.service), []).append(each)
    return of


def answers(slices: Sequence[EndpointSlice]) -> bool:
    """Whether any endpoint takes traffic; while all of them end, those that still serve do."""
    return any(
        endpoint.conditions.ready
        or (endpoint.conditions.terminating and endpoint.conditions.serving)
        for each in slices
        for endpoint in each.endpoints
    )


def last_changed(service: Service, slices: Sequence[EndpointSlice]) -> datetime:
    """When what it leads to last changed: its own words, or its slices."""
    return max(
        service.asked_since,
        *(each.metadata.last_written or each.born for each in slices),
        *(each.born for each in slices),
        service.born,
    )


BEHIND = (Service, EndpointSlice, Pod, *MAKERS)
"""What a rule must declare that asks whether anybody answers at a service."""


def hidden(cluster: Snapshot, namespace: str) -> bool:
    """Whether too little of that namespace was seen to say that nobody answers at a service."""
    return bool(cluster.blind((Service, EndpointSlice, Pod, *OF_TODAY), namespace=namespace))


def silent_since(cluster: Snapshot, service: Service, pods: Sequence[Pod]) -> datetime | None:
    """Since when nobody answers at a service that has pods, or is to have some; else None.

    Headless services lead to pods that are not ready as well; scaled to zero, nobody is to answer.
    """
    here = service.metadata.namespace
    slices = slices_of(cluster, here, service.metadata.name)
    if service.headless or answers(slices) or hidden(cluster, here):
        return None  # healthy: somebody answers, or nobody needs to, or we cannot tell
    if pods:
        since = min((pod.unready_since for pod in pods if pod.unready_since), default=None)
        return max(since, service.born) if since else None  # ready: its slices will say so
    if any(wanted > 0 for _, wanted in makers(cluster, service)):
        return last_changed(service, slices)
    return None  # healthy: scaled to zero, or nobody makes its pods: another fact


def unfed_since(cluster: Snapshot, service: Service) -> datetime | None:
    """Since when nobody answers at a service whose endpoints somebody keeps by hand; else None.

    One that an operator owns is filled by it when there is something to fill it with.
    """
    if service.spec.selector or service.spec.type == "ExternalName":
        return None  # its pods are its endpoints, or it leads out of the cluster
    here = service.metadata.namespace
    slices = slices_of(cluster, here, service.metadata.name)
    unseen = cluster.blind((EndpointSlice,), namespace=here)
    if answers(slices) or unseen or service.leaving or service.controller is not None:
        return None  # healthy, or somebody else's affair, or we cannot tell
    return last_changed(service, slices)


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """Why nobody answers at a service that the API server calls."""

    because: str
    since: datetime | None  # None: as long as it has been asked for


def unanswered(cluster: Snapshot, wanted: ServiceReference) -> Unanswered | None:
    """Why a call to that service fails for certain; None when somebody answers, or nobody saw."""
    if cluster.blind((Service, EndpointSlice), namespace=wanted.namespace):
        return None
    service = cluster.find(Service, wanted.namespace, wanted.name)
    if service is None:
        return Unanswered(because="does not exist", since=None)
    if service.spec.type == "ExternalName":
        return None  # healthy: it leads out of the cluster, where we cannot look
    if all(port.port != wanted.port for port in service.spec.ports):
        return Unanswered(because=f"has no port {wanted.port}", since=service.asked_since)
    slices = slices_of(cluster, wanted.namespace, wanted.name)
    if answers(slices):
        return None
    return Unanswered(because="has no ready endpoints", since=last_changed(service, slices))


type Selected = tuple[Service, Sequence[Pod]]


def selections(cluster: Snapshot) -> Sequence[Selected]:
    """Every service that selects pods, with the pods that it selects and that are not over.

    Worked out once for all rules that may see both, whatever else they read.
    """
    cluster.capture(Service)
    cluster.capture(Pod)  # refused to a rule that does not declare them, as everywhere
    return cluster.narrowed((Service, Pod)).once(_selections)


def _selections(cluster: Snapshot) -> Sequence[Selected]:
    return tuple(
        (service, _behind(cluster, service))
        for service in cluster.all(Service)
        if service.selects and not service.leaving
    )


def _behind(cluster: Snapshot, service: Service) -> Sequence[Pod]:
    selected = pods(cluster).carrying(service.metadata.namespace, service.spec.selector)
    return [pod for pod in selected if not pod.over]


def makers(cluster: Snapshot, service: Service) -> Iterator[tuple[Maker, int]]:
    """Whoever would make pods for that service, with how many pods it is to have now.

    A ReplicaSet of a Deployment is an old revision or the Deployment's own word: only one whose
    owner is of another kind, or that has none, speaks for itself.
    """
    namespace, wanted = service.metadata.namespace, service.spec.selector
    for maker in makers_by_labels(cluster).carrying(namespace, wanted):
        if isinstance(maker, ReplicaSet) and owner_of(cluster, maker, (Deployment,)):
            continue
        yield maker, _wanted(maker)


def _wanted(maker: Maker) -> int:
    match maker:
        case DaemonSet():
            return maker.status.desired_number_scheduled
        case Job():
            return 0  # it ends, so that nobody may count on its pods
        case Deployment() | StatefulSet() | ReplicaSet() | ReplicationController():
            return maker.spec.replicas


def declared(pod: Pod) -> Iterator[ContainerPort]:
    """Every port that a pod's containers say they listen on, sidecars included."""
    for container in pod.spec.containers:
        yield from container.ports
    for container in pod.spec.init_containers:
        if container.restart_policy == "Always":
            yield from container.ports


def target(port: ServicePort) -> int | str:
    """The port of the pod that a service's port leads to."""
    return port.target_port or port.port


def leads_to(port: ServicePort, pod: Pod) -> int | None:
    """The number of that port on that pod; None when the pod declares none of that name."""
    wanted = target(port)
    if isinstance(wanted, int):
        return wanted
    return next(
        (
            p.container_port
            for p in declared(pod)
            if p.name == wanted and p.protocol == port.protocol
        ),
        None,
    )


def unlike(labels: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """In which labels that are wanted those differ, in words."""
    return ", ".join(
        f"{key}={labels[key]} instead of {value}" if key in labels else f"no {key}"
        for key, value in wanted.items()
        if labels.get(key) != value
    )


def nearest(objects: Sequence[Object], wanted: Mapping[str, str]) -> Object | None:
    """The object whose labels come nearest to what is wanted, of several the one whose values are
    spelled most like it; None when none shares a key.
    """
    alike: dict[tuple[str | None, ...], Object] = {}  # thousands of pods have few labels
    for each in objects:
        alike.setdefault(tuple(each.metadata.labels.get(key) for key in wanted), each)
    best = max(alike, key=lambda values: _nearness(values, tuple(wanted.values())), default=())
    return alike[best] if any(value is not None for value in best) else None


def _nearness(values: Sequence[str | None], wanted: Sequence[str]) -> tuple[int, int, float]:
    """How many of them are equal, how many are there at all, and how alike they are spelled."""
    there = [(has, wants) for has, wants in zip(values, wanted, strict=True) if has is not None]
    spelled = sum(SequenceMatcher(None, has, wants).ratio() for has, wants in there)
    return sum(has == wants for has, wants in there), len(there), spelled

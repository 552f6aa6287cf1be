"""Routes of the Gateway API and what they are attached to; one home for every rule that asks."""

from collections.abc import Iterator

import msgspec

from holdfast.model.kinds import Gateway, GrpcRoute, HttpRoute, ReferenceGrant
from holdfast.model.kinds.gateway import GROUP, BackendRef, ParentRef, RouteParent
from holdfast.model.objects import Condition, condition
from holdfast.model.snapshot import Snapshot

type Route = HttpRoute | GrpcRoute


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that a controller wrote of a route at one of its parents."""

    route: Route
    parent: RouteParent
    condition: Condition


def routes(cluster: Snapshot) -> Iterator[Route]:
    """Every route that nobody has deleted."""
    every: tuple[Route, ...] = (*cluster.all(HttpRoute), *cluster.all(GrpcRoute))
    for route in every:
        if not route.leaving:
            yield route


def refused(cluster: Snapshot, type_: str) -> Iterator[Said]:
    """Every False of that type that speaks of a route as it stands, once for each parent."""
    for route in routes(cluster):
        yield from _refused(route, type_)


def _refused(route: Route, type_: str) -> Iterator[Said]:
    for parent in route.status.parents:
        said = condition(parent.conditions, type_)
        if said is None or said.status != "False":
            continue
        if said.speaks_of(route.metadata.generation):
            yield Said(route=route, parent=parent, condition=said)


def is_gateway(parent: ParentRef) -> bool:
    """Whether a parent is a gateway: a mesh attaches routes to services."""
    return (parent.group, parent.kind) == (GROUP, "Gateway")


def gateway_of(cluster: Snapshot, route: Route, parent: ParentRef) -> Gateway | None:
    """The gateway that a route names, if it was seen."""
    return cluster.find(Gateway, parent.namespace or route.metadata.namespace, parent.name)


def in_words(route: Route, parent: ParentRef) -> str:
    """A parent for people, and to tell it from others: `infra/web, listener https`."""
    name = f"{parent.namespace or route.metadata.namespace}/{parent.name}"
    listener = f", listener {parent.section_name}" if parent.section_name else ""
    return name + listener + (f", port {parent.port}" if parent.port else "")


def unjudged(cluster: Snapshot, route: Route) -> Iterator[BackendRef]:
    """The services that it leads to, each with its port; none that gets no traffic, as before or
    after a canary, and none that a controller refuses or that is not granted: these have facts of
    their own.
    """
    if any(_refused(route, "ResolvedRefs")):
        return
    refs = (b for rule in route.spec.rules for b in rule.backend_refs if b.weight != 0)
    barred = [*ungranted(cluster, route)]
    for backend in dict.fromkeys(b for b in refs if (b.group, b.kind) == ("", "Service")):
        if backend not in barred:
            yield backend


def ungranted(cluster: Snapshot, route: Route) -> Iterator[BackendRef]:
    """Backends in other namespaces that no ReferenceGrant there opens to that route."""
    here = route.metadata.namespace
    for backend in (b for rule in route.spec.rules for b in rule.backend_refs):
        there = backend.namespace or here
        if there == here:
            continue
        grants = cluster.within(ReferenceGrant, there)
        if not any(_opens(grant, route, backend) for grant in grants):
            yield backend


def _opens(grant: ReferenceGrant, route: Route, backend: BackendRef) -> bool:
    me = (route.api.group, route.api.kind, route.metadata.namespace)
    return any((f.group, f.kind, f.namespace) == me for f in grant.spec.from_) and any(
        (t.group, t.kind) == (backend.group, backend.kind) and t.name in (None, "", backend.name)
        for t in grant.spec.to
    )

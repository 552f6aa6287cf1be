"""A route is to be attached to a gateway that does not exist."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Gateway, GrpcRoute, HttpRoute
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.routes import gateway_of, in_words, is_gateway, routes


@fact(
    code="HF-NET-027",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # route and gateway may be applied in either order
    reads=(HttpRoute, GrpcRoute, Gateway),
    next_step="Name a gateway that exists, and its namespace, in spec.parentRefs: "
    "kubectl get gateways -A",
)
def route_parent_missing(cluster: Snapshot) -> Iterator[Found]:
    """A route names a Gateway as its parent, and there is none of that name in that namespace."""
    for route in routes(cluster):
        missing = dict.fromkeys(
            (parent.namespace or route.metadata.namespace, parent.name)
            for parent in route.spec.parent_refs
            if is_gateway(parent) and gateway_of(cluster, route, parent) is None
        )
        for there, name in missing:
            if cluster.blind((Gateway,), namespace=there):
                continue  # we cannot tell
            yield Found(
                about=route.ref,
                part=f"{there}/{name}",
                since=route.asked_since,
                says=f"there is no gateway {there}/{name}",
                seen={
                    "spec.parentRefs": ", ".join(in_words(route, p) for p in route.spec.parent_refs)
                },
            )

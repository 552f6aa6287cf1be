"""A route is not attached to its gateway: its traffic does not come in."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Gateway, GrpcRoute, HttpRoute
from holdfast.model.kinds.gateway import ParentRef
from holdfast.model.objects import Ref, condition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.routes import Route, gateway_of, in_words, is_gateway, refused, routes


@fact(
    code="HF-NET-026",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # route and gateway may be applied in either order
    reads=(HttpRoute, GrpcRoute, Gateway),
    next_step="Compare its hosts, port and namespace with what the listeners allow: "
    "kubectl describe httproute {name} -n {namespace}",
)
def route_not_accepted(cluster: Snapshot) -> Iterator[Found]:
    """A controller wrote Accepted=False of a route at one of its parents (the reason says which of
    the attachment rules it breaks), or a gateway that exists has not taken note of the route. A
    parent that does not exist has a fact of its own.
    """
    for said in refused(cluster, "Accepted"):
        parent = said.parent.parent_ref
        if is_gateway(parent) and gateway_of(cluster, said.route, parent) is None:
            continue  # told by route_parent_missing, or not seen
        at = in_words(said.route, parent)
        yield Found(
            about=said.route.ref,
            part=at,
            through=_gateway(said.route, parent),
            since=max(said.route.born, said.condition.last_transition_time or said.route.born),
            says=f"{at} does not take it: {said.condition.reason}",
            seen={"reason": said.condition.reason, "message": said.condition.message},
            next_step=_step(said.route),
        )
    for route in routes(cluster):
        heard = {
            in_words(route, parent.parent_ref)
            for parent in route.status.parents
            if condition(parent.conditions, "Accepted") is not None
        }
        for parent in route.spec.parent_refs:
            at = in_words(route, parent)
            if at in heard or not is_gateway(parent):
                continue
            gateway = gateway_of(cluster, route, parent)
            if gateway is None or gateway.leaving:
                continue  # told by route_parent_missing, or not seen
            yield Found(
                about=route.ref,
                part=at,
                through=_gateway(route, parent),
                since=max(route.asked_since, gateway.asked_since),
                says=f"{at} has not taken note of it",
                next_step=_step(route),
            )


def _gateway(route: Route, parent: ParentRef) -> Ref | None:
    if not is_gateway(parent):
        return None
    return Gateway.at(parent.namespace or route.metadata.namespace, parent.name)


def _step(route: Route) -> str:
    return (
        "Compare its hosts, port and namespace with what the listeners allow: "
        f"kubectl describe {route.api.resource} {{name}} -n {{namespace}}"
    )

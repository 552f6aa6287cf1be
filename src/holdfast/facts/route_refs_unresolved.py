"""A route leads to a backend that cannot be found: callers get a 500."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import GrpcRoute, HttpRoute
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.routes import in_words, refused

NOT_PERMITTED = "RefNotPermitted"


@fact(
    code="HF-NET-028",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a chart makes its services a moment before or after its routes
    reads=(HttpRoute, GrpcRoute),
    next_step="Make the backend that it names, or name one that exists: "
    "kubectl get services -n {namespace}",
)
def route_refs_unresolved(cluster: Snapshot) -> Iterator[Found]:
    """A controller wrote ResolvedRefs=False of a route: a backend does not exist, is of a kind
    that it does not know, or speaks another protocol. One that may not be referred to has a fact
    of its own.
    """
    for said in refused(cluster, "ResolvedRefs"):
        if said.condition.reason == NOT_PERMITTED:
            continue  # told by route_reference_not_granted
        at = in_words(said.route, said.parent.parent_ref)
        backends = (b for rule in said.route.spec.rules for b in rule.backend_refs)
        names = dict.fromkeys(f"{b.kind} {b.name}" for b in backends)
        yield Found(
            about=said.route.ref,
            part=at,
            since=max(said.route.born, said.condition.last_transition_time or said.route.born),
            says=f"a backend cannot be found: {said.condition.reason}",
            seen={
                "reason": said.condition.reason,
                "message": said.condition.message,
                "backends": ", ".join(list(names)[:5]),
            },
        )

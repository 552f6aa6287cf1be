"""A route leads into another namespace, and nothing there allows it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import GrpcRoute, HttpRoute, ReferenceGrant
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.routes import in_words, refused, ungranted

NOT_PERMITTED = "RefNotPermitted"


@fact(
    code="HF-NET-029",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # grant and route may be applied in either order
    reads=(HttpRoute, GrpcRoute, ReferenceGrant),
    next_step="Make a ReferenceGrant in the namespace of the backend, from this route's kind and "
    "namespace to that service: kubectl get referencegrants -A",
)
def route_reference_not_granted(cluster: Snapshot) -> Iterator[Found]:
    """A controller wrote ResolvedRefs=False with the reason RefNotPermitted of a route. Which of
    its backends no ReferenceGrant opens is named where grants may be seen.
    """
    for said in refused(cluster, "ResolvedRefs"):
        if said.condition.reason != NOT_PERMITTED:
            continue  # told by route_refs_unresolved
        seen = {"message": said.condition.message}
        if cluster.sees(ReferenceGrant):
            lacking = (f"{b.kind} {b.namespace}/{b.name}" for b in ungranted(cluster, said.route))
            seen["without a grant"] = ", ".join(lacking) or "none that we see"
        yield Found(
            about=said.route.ref,
            part=in_words(said.route, said.parent.parent_ref),
            since=max(said.route.born, said.condition.last_transition_time or said.route.born),
            says="leads into another namespace, and nothing there allows it",
            seen=seen,
        )

"""A class of gateways is refused by its controller."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import GatewayClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying


@fact(
    code="HF-NET-021",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # what it refers to may be made a moment later
    reads=(GatewayClass,),
    next_step="Read why its controller refuses it: kubectl describe gatewayclass {name}",
    explains=("HF-NET-023", "HF-NET-026"),
)
def gateway_class_not_accepted(cluster: Snapshot) -> Iterator[Found]:
    """A GatewayClass has Accepted=False, said of the class as it stands."""
    for each, accepted in saying(cluster.all(GatewayClass), "Accepted", "False"):
        if not accepted.speaks_of(each.metadata.generation):
            continue  # about an older version of it
        yield Found(
            about=each.ref,
            since=max(each.born, accepted.last_transition_time or each.born),
            says=f"refused by {each.spec.controller_name}: {accepted.reason}",
            seen={"reason": accepted.reason, "message": accepted.message},
        )

"""A gateway is not in force: its controller refuses it, or its data plane has not got it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Gateway, GatewayClass
from holdfast.model.objects import Condition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-NET-023",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # many gateways begin with a cloud's load balancer
    reads=(Gateway, GatewayClass),
    next_step="Read what its controller says: kubectl describe gateway {name} -n {namespace}",
    explains=("HF-NET-026",),
)
def gateway_not_programmed(cluster: Snapshot) -> Iterator[Found]:
    """A Gateway of a class that is accepted has Accepted=False, or is not Programmed, said of the
    gateway as it stands. A class that is missing or not accepted has a fact of its own.
    """
    for gateway in cluster.all(Gateway):
        of = cluster.find(GatewayClass, "", gateway.spec.gateway_class_name)
        accepted = of.condition("Accepted") if of is not None else None
        if gateway.leaving or accepted is None or accepted.status != "True":
            continue  # its class says why
        said = _unwell(gateway)
        if said is None:
            continue  # healthy
        yield Found(
            about=gateway.ref,
            since=max(gateway.born, said.last_transition_time or gateway.born),
            says=f"{said.type} is {said.status}: {said.reason}",
            seen={"condition": said.type, "reason": said.reason, "message": said.message},
        )


def _unwell(gateway: Gateway) -> Condition | None:
    """Why it is not in force: that it is refused says more than that it is not programmed."""
    accepted, programmed = gateway.condition("Accepted"), gateway.condition("Programmed")
    for said in (accepted, programmed):
        if said is None or said.status == "True":
            continue
        if said.speaks_of(gateway.metadata.generation):
            return said
    return None

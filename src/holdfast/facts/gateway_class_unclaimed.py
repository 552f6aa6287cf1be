"""A class of gateways has no controller that knows it: its gateways stay as they are."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Gateway, GatewayClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-NET-020",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a controller that is being installed comes up a minute later
    reads=(GatewayClass, Gateway),
    next_step="See whether the controller that it names is installed and runs: "
    "kubectl get gatewayclass {name} -o jsonpath='{{.spec.controllerName}}'",
    explains=("HF-NET-023", "HF-NET-026"),
)
def gateway_class_unclaimed(cluster: Snapshot) -> Iterator[Found]:
    """A GatewayClass has no word of its controller: its Accepted condition is missing or still
    Unknown, as it was made. Only worth an info while no gateway is of that class.
    """
    used = {gateway.spec.gateway_class_name for gateway in cluster.all(Gateway)}
    for each in cluster.all(GatewayClass):
        accepted = each.condition("Accepted")
        if each.leaving or (accepted is not None and accepted.status in ("True", "False")):
            continue  # healthy, or refused: another fact
        yield Found(
            about=each.ref,
            since=each.asked_since,  # the condition that it is made with says 1970
            says=f"no controller {each.spec.controller_name} has claimed it",
            seen={"spec.controllerName": each.spec.controller_name},
            severity=None if each.metadata.name in used else Severity.INFO,
        )

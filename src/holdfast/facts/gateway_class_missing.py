"""A gateway is of a class that does not exist: nobody serves it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Gateway, GatewayClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-NET-022",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a chart may bring its class a moment after its gateways
    reads=(Gateway, GatewayClass),
    next_step="Name a class that exists in spec.gatewayClassName: kubectl get gatewayclass",
    explains=("HF-NET-026",),
)
def gateway_class_missing(cluster: Snapshot) -> Iterator[Found]:
    """A Gateway names a GatewayClass that does not exist."""
    if not cluster.sees(GatewayClass):
        return
    for gateway in cluster.all(Gateway):
        name = gateway.spec.gateway_class_name
        if gateway.leaving or cluster.find(GatewayClass, "", name) is not None:
            continue  # healthy
        classes = sorted(c.metadata.name for c in cluster.all(GatewayClass))
        yield Found(
            about=gateway.ref,
            since=gateway.asked_since,
            says=f"there is no gateway class {name}",
            seen={
                "spec.gatewayClassName": name,
                "classes": ", ".join(classes[:5]) or "none",
            },
        )

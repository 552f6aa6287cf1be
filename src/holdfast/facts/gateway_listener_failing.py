"""One listener of a gateway is not in force, while the gateway is."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Gateway
from holdfast.model.kinds.gateway import ListenerStatus
from holdfast.model.objects import Condition, condition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying

BAD = (("Conflicted", "True"), ("Accepted", "False"), ("Programmed", "False"))
CERTIFICATE = frozenset({"InvalidCertificateRef", "RefNotPermitted"})


@fact(
    code="HF-NET-024",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a controller that changes one has it again within a minute
    reads=(Gateway,),
    next_step="Read what its controller says of listener {part}: "
    "kubectl describe gateway {name} -n {namespace}",
    explains=("HF-NET-026",),
)
def gateway_listener_failing(cluster: Snapshot) -> Iterator[Found]:
    """A listener of a Gateway that is Programmed conflicts with another one (same port and host,
    or protocols that do not go together), is not accepted, or is not programmed itself. One whose
    certificate cannot be used has a fact of its own.
    """
    # One that is not programmed is told by gateway_not_programmed.
    for gateway, _ in saying(cluster.all(Gateway), "Programmed", "True"):
        for listener in gateway.status.listeners:
            said = _unwell(listener, gateway.metadata.generation)
            if said is None:
                continue  # healthy
            yield Found(
                about=gateway.ref,
                part=listener.name,
                since=max(gateway.born, said.last_transition_time or gateway.born),
                says=f"listener {listener.name} is not in force: {said.reason}",
                seen={
                    "condition": f"{said.type}={said.status}",
                    "message": said.message,
                    "attached routes": str(listener.attached_routes),
                },
            )


def _unwell(listener: ListenerStatus, generation: int) -> Condition | None:
    resolved = condition(listener.conditions, "ResolvedRefs")
    if resolved is not None and resolved.status == "False" and resolved.reason in CERTIFICATE:
        return None  # told by gateway_certificate_unresolved
    for type_, bad in BAD:
        said = condition(listener.conditions, type_)
        if said is not None and said.status == bad and said.speaks_of(generation):
            return said
    return None

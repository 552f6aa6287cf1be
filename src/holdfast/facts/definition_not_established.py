"""A custom kind was defined, and the API server does not serve it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Definition
from holdfast.model.objects import condition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CTL-007",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # establishing takes seconds
    reads=(Definition,),
    next_step="Read why it is not served: kubectl describe crd {name}",
)
def definition_not_established(cluster: Snapshot) -> Iterator[Found]:
    """A definition is not Established: its names are taken by another one (NamesAccepted=False),
    its conversion webhook's CA is unreadable, or nobody has looked at it yet.
    """
    for each in cluster.all(Definition):
        established = condition(each.status.conditions, "Established")
        if each.leaving or (established is not None and established.status == "True"):
            continue
        names = condition(each.status.conditions, "NamesAccepted")
        taken = names is not None and names.status == "False"
        said = names if taken else established
        if said is None:
            yield Found(about=each.ref, since=each.born, says="nobody has looked at it yet")
            continue
        yield Found(
            about=each.ref,
            since=said.last_transition_time or each.born,
            says=f"not served: {said.reason}",
            seen={"reason": said.reason, "message": said.message},
        )

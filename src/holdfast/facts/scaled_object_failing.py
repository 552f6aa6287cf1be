"""KEDA cannot scale a workload by its events: it stays at the size it has."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, ScaledJob, ScaledObject
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import all_unwell

SCALED: tuple[type[ScaledObject | ScaledJob], ...] = (ScaledObject, ScaledJob)


@fact(
    code="HF-OPR-005",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # what it asks has short troubles, and is asked every 30 s
    reads=(*SCALED, Event),
    next_step="Read which trigger fails: kubectl describe KIND {name} -n {namespace}",
)
def scaled_object_failing(cluster: Snapshot) -> Iterator[Found]:
    """A ScaledObject or ScaledJob is not Ready. KEDA keeps no times in its conditions: it is
    counted from the first event of a failure since it was last ready, else from the last change of
    what is asked. Paused ones are left alone, and one that is scaled to zero is Ready.
    """
    for told in all_unwell(cluster, SCALED, ("Ready",)):
        yield told.found(look="Read which trigger fails")

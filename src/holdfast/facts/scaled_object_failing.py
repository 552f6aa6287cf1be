"""KEDA cannot scale a workload by its events: it stays at the size it has."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, ScaledJob, ScaledObject
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import unwell

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
    for kind in SCALED:
        for each in cluster.all(kind):
            told = unwell(cluster, each, ("Ready",))
            if told is None:
                continue  # healthy
            yield Found(
                about=each.ref,
                since=told.since,
                says=told.says,
                seen=told.seen,
                next_step="Read which trigger fails: "
                f"kubectl describe {kind.api.resource} {{name}} -n {{namespace}}",
            )

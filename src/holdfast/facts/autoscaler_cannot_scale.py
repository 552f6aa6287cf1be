"""An autoscaler that cannot change its workload."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.events import events_about
from holdfast.model.kinds import Autoscaler, Event
from holdfast.model.objects import Condition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scaled import READ, Target, target_of

SELDOM = timedelta(minutes=10)
"""Of one object and source the API's clients write an event every five minutes at least."""


@fact(
    code="HF-WRK-081",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # it tries again every 15 s, and conflicts with others pass
    reads=(*READ, Event),
    next_step="Read what refuses it: kubectl describe hpa {name} -n {namespace}",
)
def autoscaler_cannot_scale(cluster: Snapshot) -> Iterator[Found]:
    """AbleToScale is False although the target exists: its scale cannot be read or changed; or the
    target has no selector that could be read. While a change fails, the condition's own time is
    refreshed by every attempt, so that it counts from the first event that still repeats.
    """
    for autoscaler in cluster.all(Autoscaler):
        if autoscaler.metadata.deletion_timestamp is not None:
            continue
        failing = _failing(autoscaler)
        if failing is None or target_of(cluster, autoscaler) is Target.MISSING:
            continue  # healthy, or without a target, which is another matter
        yield Found(
            about=autoscaler.ref,
            since=_since(cluster, autoscaler, failing),
            says=f"cannot scale ({failing.reason}): replicas stay at "
            f"{autoscaler.status.current_replicas}",
            seen={failing.type: f"{failing.reason}: {failing.message}"},
        )


def _failing(autoscaler: Autoscaler) -> Condition | None:
    able = autoscaler.condition("AbleToScale")
    if able is not None and able.status == "False":
        return able
    active = autoscaler.condition("ScalingActive")
    if active is not None and active.status == "False" and active.reason == "InvalidSelector":
        return active
    return None


def _since(cluster: Snapshot, autoscaler: Autoscaler, failing: Condition) -> datetime:
    said = failing.last_transition_time or autoscaler.born
    if failing.reason != "FailedUpdateScale":
        return said
    repeated = [
        event.first_seen
        for event in events_about(cluster, autoscaler)
        if event.reason == "FailedRescale" and said - event.last_seen <= SELDOM
    ]
    return min((said, *repeated))

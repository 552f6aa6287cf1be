"""Velero refuses a schedule, so that no backup is made by it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import BackupSchedule
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-OPR-007",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # Velero has looked at it, and says the same until it is changed
    reads=(BackupSchedule,),
    next_step="Correct what is wrong with it: "
    "kubectl describe schedules.velero.io {name} -n {namespace}",
)
def backup_schedule_refused(cluster: Snapshot) -> Iterator[Found]:
    """The phase of a Velero Schedule is FailedValidation, counted from the last change of what it
    asks. Paused schedules are left alone.
    """
    for each in cluster.all(BackupSchedule):
        if each.status.phase != "FailedValidation" or each.spec.paused or each.leaving:
            continue  # healthy
        wrong = "; ".join(each.status.validation_errors)
        yield Found(
            about=each.ref,
            since=each.asked_since,
            says="refused: no backup is made by it",
            seen={"spec.schedule": each.spec.schedule, "status.validationErrors": wrong},
        )

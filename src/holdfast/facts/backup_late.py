"""A backup that was due has not been made, or has failed: less can be restored than is meant."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from holdfast.model.kinds import Backup, BackupSchedule
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import moved
from holdfast.topology.backups import OVER, PROMPT, runs_of, started, timing

LONGEST = timedelta(hours=4)  # Velero's own limit for what a backup waits for
LABEL = 63  # characters; Velero shortens longer names in its labels


@fact(
    code="HF-OPR-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # Velero asks every minute what is due; one at work is not late
    reads=(BackupSchedule, Backup),
    next_step="See how its backups ended: kubectl get backups.velero.io -n {namespace} "
    "-l velero.io/schedule-name={name}",
)
def backup_late(cluster: Snapshot) -> Iterator[Found]:
    """A Velero Schedule has had a due time since its last Completed backup began, counted from the
    first such time; two of them are critical. Partial failures are no success. A backup that has
    been at work for less than four hours is not late. Paused schedules are left alone, as are those
    whose server evidently keeps another time than UTC, and nothing is said unless all backups were
    seen.
    """
    if not cluster.sees(Backup):
        return
    for each in cluster.all(BackupSchedule):
        idle = each.spec.paused or each.leaving or each.status.phase == "FailedValidation"
        if idle or len(each.metadata.name) > LABEL:
            continue  # healthy: held on purpose; or another fact, or not to be told
        read, runs = timing(each), runs_of(cluster, each)
        due = None if read is None else read.after(_counted_from(each, runs))
        if read is None or due is None or due > cluster.now:
            continue  # healthy: nothing is due
        last = runs[-1] if runs else None
        at_it = last is not None and last.status.phase not in OVER
        if last is not None and at_it and cluster.now - started(last) < LONGEST:
            continue  # healthy: it is at it
        again = read.after(due)
        twice = again is not None and again <= cluster.now
        good = _last_good(runs)
        yield Found(
            about=each.ref,
            since=due,
            says=f"a backup was due {cluster.elapsed(due)} ago, and none has succeeded since"
            + (f" (the last is {last.status.phase or 'New'})" if last is not None else ""),
            seen={
                "spec.schedule": each.spec.schedule,
                "last success": "none" if good is None else f"{cluster.elapsed(good)} ago",
                **({} if last is None else _ended(last)),
            },
            severity=Severity.CRITICAL if twice else None,
        )


def _counted_from(each: BackupSchedule, runs: Sequence[Backup]) -> datetime:
    last = each.status.last_backup
    if last is not None and any(started(run) >= moved(last, -PROMPT) for run in runs):
        last = None  # it is there, and says itself how it ended; one that has expired says nothing
    times = (
        each.born,
        each.metadata.spec_written,
        each.status.last_skipped,
        _last_good(runs),
        last,
    )
    return max(moment for moment in times if moment is not None)


def _last_good(runs: Sequence[Backup]) -> datetime | None:
    good = (started(run) for run in reversed(runs) if run.status.phase == "Completed")
    return next(good, None)


def _ended(last: Backup) -> dict[str, str]:
    return {
        "last backup": last.metadata.name,
        "status.phase": last.status.phase,
        "status.failureReason": last.status.failure_reason,
        "status.errors": str(last.status.errors),
    }

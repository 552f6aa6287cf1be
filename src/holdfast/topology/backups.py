"""Velero's schedules, when they are due, and the backups that they made."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from holdfast.model.cron import Every, Schedule, schedule
from holdfast.model.kinds import Backup, BackupSchedule
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import moved

MADE_BY = "velero.io/schedule-name"
OVER = frozenset({"Completed", "PartiallyFailed", "Failed", "FailedValidation", "Deleting"})
PROMPT = timedelta(minutes=10)  # Velero asks every minute what is due
UTC = ZoneInfo("UTC")


def started(backup: Backup) -> datetime:
    """When it began; its creation, if it has not yet."""
    return backup.status.start_timestamp or backup.born


def runs_of(cluster: Snapshot, of: BackupSchedule) -> Sequence[Backup]:
    """The backups of a schedule, oldest first. Velero knows them by a label, and so do we."""
    cluster.capture(Backup)
    made = cluster.narrowed((Backup,)).once(_by_schedule)
    return made.get((of.metadata.namespace, of.metadata.name), ())


def timing(of: BackupSchedule) -> Schedule | None:
    """Its times; None when they are not to be read, or its server keeps them in another zone.

    Velero goes by its own clock, which is UTC nearly everywhere and told nowhere. Its last backup
    was made when one was due by that clock.
    """
    read = schedule(of.spec.schedule, UTC)
    last, written = of.status.last_backup, of.metadata.spec_written
    if read is None or last is None or isinstance(read, Every):
        return read
    if written is not None and written > last:
        return read  # the times were changed since: the last backup says nothing of them
    due = read.after(moved(last, -PROMPT))
    return read if due is not None and due <= last else None


def _by_schedule(cluster: Snapshot) -> Mapping[tuple[str, str], Sequence[Backup]]:
    made: dict[tuple[str, str], list[Backup]] = {}
    for backup in sorted(cluster.all(Backup), key=started):
        name = backup.metadata.labels.get(MADE_BY, "")
        if name:
            made.setdefault((backup.metadata.namespace, name), []).append(backup)
    return made

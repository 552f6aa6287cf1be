"""A CronJob whose schedule nobody can follow."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.cron import schedule, zone_of
from holdfast.model.kinds import CronJob
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-074",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a slip that its author corrects at once
    reads=(CronJob,),
    next_step="Correct spec.schedule and spec.timeZone: kubectl edit cronjob {name} -n {namespace}",
)
def cron_schedule_unreadable(cluster: Snapshot) -> Iterator[Found]:
    """The schedule is not one, or names a day that no month has (the 31st of February), or the
    time zone is not known. The API server refuses most of these, but not all, and not always did.
    """
    utc = zone_of("UTC")
    if utc is None:
        return  # without a list of zones nothing can be told
    for job in cluster.all(CronJob):
        spec = job.spec
        if spec.suspend or job.metadata.deletion_timestamp is not None:
            continue  # healthy: held on purpose
        zone = zone_of(spec.time_zone)
        read = schedule(spec.schedule, zone or utc)
        if read is None:
            why = f"{spec.schedule[:60]!r} is no schedule"
        elif read.after(cluster.now) is None:
            why = f"{spec.schedule[:60]!r} never comes"
        elif zone is None and not _has_run(job):
            why = f"time zone {spec.time_zone[:60]!r} is not known"
        else:
            continue  # healthy; a zone in which it has run is known to its controller
        yield Found(
            about=job.ref,
            since=job.metadata.spec_written or job.born,
            says=f"it will never run: {why}",
            seen={"spec.schedule": spec.schedule, "spec.timeZone": spec.time_zone or "not set"},
        )


def _has_run(job: CronJob) -> bool:
    """Whether it has run as it stands."""
    last, written = job.status.last_schedule_time, job.metadata.spec_written
    return last is not None and (written is None or written <= last)

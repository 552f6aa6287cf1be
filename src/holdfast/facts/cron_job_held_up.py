"""A CronJob whose next run cannot start because the last one has not ended."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import CronJob
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import stamp
from holdfast.topology.schedules import timetables


@fact(
    code="HF-WRK-076",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(hours=1),  # Forbid is there to skip a run now and then, which is no fault
    reads=(CronJob,),
    next_step="See why the run does not end: kubectl describe job {part} -n {namespace}",
    follows=(Relation.OWNS,),
)
def cron_job_held_up(cluster: Snapshot) -> Iterator[Found]:
    """A CronJob that forbids concurrent runs has one that is still active although the next was
    due, counted from when that was.
    """
    for timetable in timetables(cluster):
        job = timetable.cron_job
        if job.spec.concurrency_policy != "Forbid" or not job.status.active:
            continue
        due = timetable.due(timetable.counted_from, cluster.now)
        if not due:
            continue  # healthy: it has time until the next
        running = job.status.active[0].name
        last = job.status.last_schedule_time
        yield Found(
            about=job.ref,
            part=running,
            since=due[0],
            says=f"{running} still runs, and the run that was due {cluster.elapsed(due[0])} ago "
            "waits for it",
            seen={
                "spec.schedule": job.spec.schedule,
                "spec.concurrencyPolicy": job.spec.concurrency_policy,
                "due": stamp(due[0]),
                "status.lastScheduleTime": "never" if last is None else stamp(last),
            },
        )

"""A CronJob that starts on time and has not succeeded for several runs."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import CronJob
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import stamp
from holdfast.topology.schedules import MOST, timetables

SEVERAL = 3  # one failure is its Job's own finding, and the next run its retry


@fact(
    code="HF-WRK-077",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # the last of them may still be about to succeed
    reads=(CronJob,),
    next_step="Look at its last runs: kubectl get jobs -n {namespace} --sort-by=.status.startTime",
    follows=(Relation.OWNS,),
)
def cron_job_keeps_failing(cluster: Snapshot) -> Iterator[Found]:
    """At least three runs were due and started since the last success, less those still active,
    counted from the third. It does not matter whether the failed Jobs are still kept.
    """
    for timetable in timetables(cluster):
        job = timetable.cron_job
        success, last = job.status.last_successful_time, job.status.last_schedule_time
        if success is None or last is None or last <= success:
            continue  # healthy: the last run went well; or it never did, which is another matter
        written = job.metadata.spec_written
        started = timetable.due(success if written is None else max(success, written), last)
        failed = started[: max(0, len(started) - len(job.status.active))]
        if len(failed) < SEVERAL:
            continue
        count = f"{MOST} or more" if len(started) == MOST else str(len(failed))
        yield Found(
            about=job.ref,
            since=failed[SEVERAL - 1],
            says=f"has not succeeded for {cluster.elapsed(success)} ({count} runs)",
            seen={
                "spec.schedule": job.spec.schedule,
                "spec.timeZone": job.spec.time_zone or "not set, taken for UTC",
                "status.lastSuccessfulTime": stamp(success),
                "status.lastScheduleTime": stamp(last),
            },
        )

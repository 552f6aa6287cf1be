"""A CronJob that did not start a run that was due."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import CronJob, Event
from holdfast.model.refusals import run_refused
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import stamp
from holdfast.topology.schedules import MOST, timetables


@fact(
    code="HF-WRK-072",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a control plane that restarts makes up for it within this
    reads=(CronJob,),
    hints=(Event,),  # for who refused it
    next_step="Read why it did not start: kubectl describe cronjob {name} -n {namespace}",
)
def cron_job_missed(cluster: Snapshot) -> Iterator[Found]:
    """A run was due by the schedule, in its time zone, and has not been started, counted from the
    first that was missed. Suspended ones are left alone, as are those that may not run twice at a
    time and still run, and those whose zone is the controller's and evidently not UTC.
    """
    for timetable in timetables(cluster):
        job = timetable.cron_job
        if job.spec.concurrency_policy == "Forbid" and job.status.active:
            continue  # held up by its own last run, which is another matter
        missed = timetable.due(timetable.counted_from, cluster.now)
        if not missed:
            continue  # healthy: nothing is due
        count = f"{MOST} or more" if len(missed) == MOST else str(len(missed))
        refused = run_refused(cluster, job)
        last, success = job.status.last_schedule_time, job.status.last_successful_time
        yield Found(
            about=job.ref,
            since=missed[0],
            says=f"a run was due {cluster.elapsed(missed[0])} ago and has not started "
            f"(missed: {count})",
            seen={
                "spec.schedule": job.spec.schedule,
                "spec.timeZone": job.spec.time_zone or "not set, taken for UTC",
                "due": stamp(missed[0]),
                "status.lastScheduleTime": "never" if last is None else stamp(last),
                "status.lastSuccessfulTime": "never" if success is None else stamp(success),
                **({} if refused is None else {"event": refused.reason.text}),
            },
        )

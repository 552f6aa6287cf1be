"""A CronJob that has run and never once succeeded."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import CronJob, Job
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import stamp
from holdfast.topology.runs import runs_of


@fact(
    code="HF-WRK-073",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a run that ended a moment ago is written down soon after
    reads=(CronJob, Job),
    next_step="Start a run by hand and watch it: kubectl create job {name}-by-hand "
    "--from=cronjob/{name} -n {namespace}",
    follows=(Relation.OWNS,),
)
def cron_job_never_succeeded(cluster: Snapshot) -> Iterator[Found]:
    """Runs were started and none ever succeeded, counted from the oldest failed run that is still
    kept or, if none is, from the last start. A first run that is still under way is left alone.
    """
    for cron_job in cluster.all(CronJob):
        status = cron_job.status
        if status.last_schedule_time is None or status.last_successful_time is not None:
            continue  # healthy: has not run yet, or has succeeded
        if cron_job.spec.suspend or cron_job.metadata.deletion_timestamp is not None:
            continue  # healthy: held on purpose
        runs = runs_of(cluster, cron_job)
        if any(job.succeeded for job in runs):
            continue  # healthy: its status is about to say so
        failures = [at for job in runs if (at := _failed_at(job)) is not None]
        if not failures and status.active:
            continue  # healthy: the first run is under way
        since = min(failures, default=status.last_schedule_time)
        yield Found(
            about=cron_job.ref,
            since=since,
            says=f"has never succeeded; last started {cluster.elapsed(status.last_schedule_time)} "
            "ago",
            seen={
                "spec.schedule": cron_job.spec.schedule,
                "status.lastScheduleTime": stamp(status.last_schedule_time),
                "status.lastSuccessfulTime": "never",
                "failed runs kept": str(len(failures)),
            },
        )


def _failed_at(job: Job) -> datetime | None:
    failed = job.condition("Failed")
    if failed is None or failed.status != "True":
        return None
    return failed.last_transition_time or job.born

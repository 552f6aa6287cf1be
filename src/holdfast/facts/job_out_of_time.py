"""A Job that was stopped because its time was up."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.runs import READ, failed_runs


@fact(
    code="HF-WRK-075",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # it has failed for good; the next run may already be starting
    reads=READ,
    next_step="Its pods are gone: see how far they came and give it more time, or make it faster: "
    "kubectl describe job {name} -n {namespace}",
    explains=("HF-DLV-002", "HF-WRK-029"),
    follows=(Relation.OWNS,),
)
def job_out_of_time(cluster: Snapshot) -> Iterator[Found]:
    """A Job ran longer than its activeDeadlineSeconds and was stopped. Of a CronJob only the
    newest failure counts, and none before a run that went well. Only information after a day.
    """
    for run in failed_runs(cluster):
        if run.condition.reason != "DeadlineExceeded":
            continue
        spec, status = run.job.spec, run.job.status
        limit = spec.active_deadline_seconds
        yield Found(
            about=run.job.ref,
            since=run.since,
            says="stopped because its time was up"
            + (f" after {limit} s" if limit is not None else "")
            + f"; succeeded pods: {status.succeeded}",
            seen={
                "reason": run.condition.reason,
                "message": run.condition.message,
                "spec.activeDeadlineSeconds": "not set" if limit is None else str(limit),
                "status.succeeded": str(status.succeeded),
                "status.failed": str(status.failed),
            },
            severity=run.severity(cluster.now),
        )

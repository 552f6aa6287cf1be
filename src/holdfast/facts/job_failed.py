"""A Job that gave up: its pods failed more often than it allows."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.runs import READ, failed_runs


@fact(
    code="HF-WRK-070",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # it has failed for good; the next run may already be starting
    reads=READ,
    next_step="Read what its last pods said: kubectl logs job/{name} -n {namespace} "
    "--all-containers --tail=50",
    explains=("HF-DLV-002", "HF-WRK-029"),
    follows=(Relation.OWNS,),
)
def job_failed(cluster: Snapshot) -> Iterator[Found]:
    """A Job failed for good: too many failed pods or indexes, or a pod failure that its policy
    does not forgive. Of a CronJob only the newest failure counts, and none before a run that went
    well. Only information after a day.
    """
    for run in failed_runs(cluster):
        if run.condition.reason == "DeadlineExceeded":
            continue  # its time was up, which is another matter
        status = run.job.status
        says = f"failed ({run.condition.reason or 'no reason given'}); failed pods: {status.failed}"
        if status.failed_indexes:
            says += f", indexes {status.failed_indexes[:60]}"
        yield Found(
            about=run.job.ref,
            since=run.since,
            says=says,
            seen={
                "reason": run.condition.reason,
                "message": run.condition.message,
                "status.failed": str(status.failed),
                "status.succeeded": str(status.succeeded),
                "status.failedIndexes": status.failed_indexes or "none",
                "spec.backoffLimit": str(run.job.spec.backoff_limit),
            },
            severity=run.severity(cluster.now),
        )

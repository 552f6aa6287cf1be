"""Runs of Jobs: which failure still stands, and which a later run of the same CronJob made good."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from holdfast.model.kinds import CronJob, Job
from holdfast.model.objects import Condition, Object
from holdfast.model.rules import Severity
from holdfast.model.snapshot import Snapshot

READ: tuple[type[Object], ...] = (Job, CronJob)
"""What a rule must declare that asks which runs failed."""

_LATELY = timedelta(days=1)  # whoever cares about a failed run has seen it by then


class FailedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A Job that has failed, with nothing after it that went well."""

    job: Job
    condition: Condition
    since: datetime

    def severity(self, now: datetime) -> Severity | None:
        """What its rule says while it is fresh, information later."""
        return Severity.INFO if now - self.since > _LATELY else None


def failed_runs(cluster: Snapshot) -> Iterator[FailedRun]:
    """Failures that still stand; of a CronJob the newest alone, since the next run is its retry."""
    for job in cluster.all(Job):
        failed = job.condition("Failed")
        if failed is None or failed.status != "True":
            continue  # healthy: runs, or has ended as it should
        if job.metadata.deletion_timestamp is not None:
            continue
        since = failed.last_transition_time or job.born
        if not _made_good(cluster, job, since):
            yield FailedRun(job=job, condition=failed, since=since)


def runs_of(cluster: Snapshot, cron_job: CronJob) -> Sequence[Job]:
    """The Jobs of a CronJob that are still kept, oldest first."""
    return sorted(cluster.owned_by(Job, cron_job), key=lambda job: job.born)


def _made_good(cluster: Snapshot, job: Job, since: datetime) -> bool:
    controller = job.controller
    if controller is None or controller.kind != CronJob.api.kind:
        return False
    later = [
        other
        for other in cluster.capture(Job).by_owner.get(controller.uid, ())
        if other.over and other.born > job.born
    ]
    if later:
        return True  # either it went well, or its own failure is the one that stands
    above = cluster.find(CronJob, job.metadata.namespace, controller.name)
    if above is None or above.metadata.uid != controller.uid:
        return False
    succeeded = above.status.last_successful_time  # stays when the Job itself is cleaned up
    return succeeded is not None and succeeded > since

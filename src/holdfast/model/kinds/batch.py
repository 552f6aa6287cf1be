"""Kinds of the batch group: work that ends."""

from typing import ClassVar

from holdfast.model.kinds.pods import PodTemplate
from holdfast.model.objects import Api, Condition, KeptMetadata, Object, Part, Time, condition


class JobSpec(Part, frozen=True, kw_only=True):
    """What was asked of a Job."""

    parallelism: int | None = None
    completions: int | None = None
    completion_mode: str = "NonIndexed"
    backoff_limit: int = 6
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    suspend: bool = False
    template: PodTemplate = PodTemplate()


class JobStatus(Part, frozen=True, kw_only=True):
    """What became of a Job."""

    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    failed_indexes: str = ""
    start_time: Time | None = None
    completion_time: Time | None = None
    conditions: tuple[Condition, ...] = ()


class Job(Object, frozen=True, kw_only=True):
    """A Job."""

    api: ClassVar[Api] = Api(group="batch", kind="Job", plural="jobs")

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    def condition(self, type_: str) -> Condition | None:
        """The Job's condition of that type."""
        return condition(self.status.conditions, type_)

    def _is(self, type_: str) -> bool:
        said = self.condition(type_)
        return said is not None and said.status == "True"

    @property
    def over(self) -> bool:
        """It has ended, one way or the other."""
        return self.succeeded or self._is("Failed")

    @property
    def succeeded(self) -> bool:
        """It has ended as it should."""
        return self._is("Complete")


class JobTemplateSpec(Part, frozen=True, kw_only=True):
    """The part of a Job's spec that a template of Jobs is read for."""

    template: PodTemplate = PodTemplate()


class JobTemplate(Part, frozen=True, kw_only=True):
    """What the Jobs of a CronJob are made from."""

    spec: JobTemplateSpec = JobTemplateSpec()


class CronJobSpec(Part, frozen=True, kw_only=True):
    """What was asked of a CronJob."""

    schedule: str = ""
    time_zone: str = ""
    suspend: bool = False
    starting_deadline_seconds: int | None = None
    concurrency_policy: str = "Allow"
    job_template: JobTemplate = JobTemplate()


class ActiveRun(Part, frozen=True, kw_only=True):
    """A Job of a CronJob that has not ended."""

    name: str = ""


class CronJobStatus(Part, frozen=True, kw_only=True):
    """What became of a CronJob."""

    active: tuple[ActiveRun, ...] = ()
    last_schedule_time: Time | None = None
    last_successful_time: Time | None = None


class CronJob(Object, frozen=True, kw_only=True):
    """A CronJob."""

    api: ClassVar[Api] = Api(group="batch", kind="CronJob", plural="cronjobs")

    metadata: KeptMetadata = KeptMetadata()
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()

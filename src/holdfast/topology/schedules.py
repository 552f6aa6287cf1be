"""When a CronJob should have run: its schedule and zone against what its status says."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from holdfast.model.cron import Every, Schedule, schedule, zone_of
from holdfast.model.kinds import CronJob
from holdfast.model.snapshot import Snapshot

MOST = 100  # missed runs are counted up to here, as the controller does


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """A CronJob and when it is due."""

    cron_job: CronJob
    schedule: Schedule

    @property
    def counted_from(self) -> datetime:
        """The last run, or the change that made it wait for its first by this schedule."""
        job = self.cron_job
        times = (job.born, job.status.last_schedule_time, job.metadata.spec_written)
        return max(time for time in times if time is not None)

    def due(self, after: datetime, until: datetime) -> list[datetime]:
        """The moments at which it is due, later than the one and not than the other."""
        moments: list[datetime] = []
        at = self.schedule.after(after)
        while at is not None and at <= until and len(moments) < MOST:
            moments.append(at)
            at = self.schedule.after(at)
        return moments


def timetables(cluster: Snapshot) -> Iterator[Timetable]:
    """CronJobs that are meant to run and whose schedule and zone we can read."""
    for job in cluster.all(CronJob):
        if job.spec.suspend or job.metadata.deletion_timestamp is not None:
            continue  # healthy: held on purpose
        zone = zone_of(job.spec.time_zone)
        read = None if zone is None else schedule(job.spec.schedule, zone)
        if read is None:
            continue
        timetable = Timetable(cron_job=job, schedule=read)
        if not _in_another_zone(timetable):
            yield timetable


def _in_another_zone(timetable: Timetable) -> bool:
    """Its last run was at no moment of this schedule, so the zone is not the one we took.

    A CronJob without a zone runs in the controller's, which is UTC nearly everywhere and told
    nowhere. Its last scheduled time is always a moment of its schedule in that zone.
    """
    job, read = timetable.cron_job, timetable.schedule
    last = job.status.last_schedule_time
    if job.spec.time_zone or last is None or isinstance(read, Every):
        return False
    if timetable.counted_from != last:
        return False  # the schedule was changed since: the last run says nothing of it
    return not read.is_due_at(last)

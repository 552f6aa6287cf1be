"""A quota that is used up: nothing more can be created that it counts."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model import refusals
from holdfast.model.kinds import CronJob, ResourceQuota
from holdfast.model.quantities import worth
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CAP-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a rollout's surge may fill it for as long as old pods take to go
    reads=(ResourceQuota, CronJob, *refusals.READ),
    next_step="Free or raise it: kubectl describe resourcequota {name} -n {namespace}",
    explains=("HF-WRK-052", "HF-WRK-072"),
)
def quota_used_up(cluster: Snapshot) -> Iterator[Found]:
    """A workload of the namespace was refused pods, or a CronJob its next run, because of this
    quota and would be again, or everything that the quota allows of a resource is used. The latter
    alone is information: full may be what was meant. A quota of nothing, which forbids the
    resource, is left alone until it refuses somebody. Counted from the refusal or, without one,
    from when the usage last changed.
    """
    for quota in cluster.all(ResourceQuota):
        if quota.metadata.deletion_timestamp is not None:
            continue
        runs = refusals.runs_refused_by(cluster, quota)
        mine = {**runs, **refusals.refused_by(cluster, quota)}
        for resource, written in sorted(quota.status.hard.items()):
            hard, used = worth(written), worth(quota.status.used.get(resource))
            if hard is None or used is None:
                continue  # not counted yet, or not a quantity
            beyond = mine.get(resource)
            if beyond is None and (used < hard or hard <= 0):
                continue  # healthy: something is left, or nothing was ever meant to be
            if beyond is not None and used + beyond.asked <= hard:
                continue  # it was raised or freed since: the next attempt will succeed
            since, who = (beyond.since, beyond.who) if beyond is not None else (None, "")
            full = f"{quota.status.used[resource]} of {written} {resource} used"
            yield Found(
                about=quota.ref,
                part=resource,
                since=since or quota.metadata.status_written or quota.born,
                says=f"{full}: {who} was refused" if who else full,
                seen={
                    f"status.hard.{resource}": str(written),
                    f"status.used.{resource}": str(quota.status.used[resource]),
                    "refused": who or "nobody, as far as is seen",
                },
                severity=None if who else Severity.INFO,
            )

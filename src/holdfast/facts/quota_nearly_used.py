"""A quota that will soon be used up."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from holdfast.model.kinds import ResourceQuota
from holdfast.model.quantities import worth
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

NEARLY = Fraction(9, 10)


@fact(
    code="HF-CAP-002",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(minutes=5),  # a rollout's surge may come near for as long as old pods take
    reads=(ResourceQuota,),
    next_step="Raise it before it refuses somebody: "
    "kubectl describe resourcequota {name} -n {namespace}",
)
def quota_nearly_used(cluster: Snapshot) -> Iterator[Found]:
    """At least nine tenths of what a quota allows of a resource are used, and not all of it."""
    for quota in cluster.all(ResourceQuota):
        if quota.metadata.deletion_timestamp is not None:
            continue
        for resource, written in sorted(quota.status.hard.items()):
            hard, used = worth(written), worth(quota.status.used.get(resource))
            if hard is None or used is None or hard <= 0:
                continue  # not counted, or forbidden on purpose
            if not hard * NEARLY <= used < hard:
                continue  # healthy: room enough; or used up, which is another matter
            yield Found(
                about=quota.ref,
                part=resource,
                since=quota.metadata.status_written or quota.born,
                says=f"{int(used * 100 / hard)} % of {resource} used: "
                f"{quota.status.used[resource]} of {written}",
                seen={
                    f"status.hard.{resource}": str(written),
                    f"status.used.{resource}": str(quota.status.used[resource]),
                },
            )

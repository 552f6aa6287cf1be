"""A quota that is used up: nothing more can be created that it counts."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction

from holdfast.model.kinds import ResourceQuota
from holdfast.model.quantities import worth
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology import refusals


@fact(
    code="HF-CAP-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a rollout's surge may fill it for as long as old pods take to go
    reads=(ResourceQuota, *refusals.READ),
    next_step="Free or raise it: kubectl describe resourcequota {name} -n {namespace}",
    explains=("HF-WRK-052", "HF-WRK-072"),
)
def quota_used_up(cluster: Snapshot) -> Iterator[Found]:
    """A workload of the namespace was refused pods because of this quota and would be again, or
    everything that the quota allows of a resource is used. The latter alone is information: full
    may be what was meant. A quota of nothing, which forbids the resource, is left alone until it
    refuses somebody. Counted from the refusal or, without one, from when the usage last changed.
    """
    refused = _refused(cluster)
    for quota in cluster.all(ResourceQuota):
        if quota.metadata.deletion_timestamp is not None:
            continue
        mine = refused.get((quota.metadata.namespace, quota.metadata.name), {})
        for resource, written in sorted(quota.status.hard.items()):
            hard, used = worth(written), worth(quota.status.used.get(resource))
            if hard is None or used is None:
                continue  # not counted yet, or not a quantity
            since, asked, who = mine.get(resource, (None, Fraction(0), ""))
            if since is None and (used < hard or hard <= 0):
                continue  # healthy: something is left, or nothing was ever meant to be
            if since is not None and used + asked <= hard:
                continue  # it was raised or freed since: the next attempt will succeed
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


type _Refused = Mapping[str, tuple[datetime, Fraction, str]]
"""By resource: since when, how much more was asked for, and by whom."""


def _refused(cluster: Snapshot) -> Mapping[tuple[str, str], _Refused]:
    found: dict[tuple[str, str], dict[str, tuple[datetime, Fraction, str]]] = {}
    for refusal in refusals.refusals(cluster, refusals.Cause.QUOTA):
        of_quota = found.setdefault((refusal.about.metadata.namespace, refusal.reason.by), {})
        for resource, written in refusals.amounts_refused(refusal.reason).items():
            asked = worth(written) or Fraction(0)
            known = of_quota.get(resource)
            if known is None or refusal.since < known[0]:
                of_quota[resource] = (refusal.since, asked, str(refusal.about.ref))
    return found

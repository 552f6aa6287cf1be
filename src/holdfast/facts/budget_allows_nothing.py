"""A disruption budget that never lets a pod go, although all of them are healthy."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import DisruptionBudget
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-090",
    channel=Channel.INCIDENT,
    severity=Severity.INFO,
    grace=timedelta(hours=1),  # rollouts and restarts use a budget up for a while, as they should
    reads=(DisruptionBudget,),
    next_step="Let one pod go, or run one more than it keeps, before the next drain: "
    "kubectl edit pdb {name} -n {namespace}",
    spreads=False,
)
def budget_allows_nothing(cluster: Snapshot) -> Iterator[Found]:
    """All pods of the budget are healthy and it still allows no disruption, so that any drain of
    their nodes will stop. A budget without pods is left alone, and one whose pods are not healthy
    does what it is for. It becomes a warning where a drain waits (HF-WRK-092).
    """
    for budget in cluster.all(DisruptionBudget):
        status = budget.status
        if status.disruptions_allowed > 0 or status.expected_pods == 0:
            continue  # healthy: lets somebody go, or keeps nobody
        if status.current_healthy < status.expected_pods:
            continue  # healthy: it protects pods that are short
        if budget.metadata.deletion_timestamp is not None:
            continue
        if status.observed_generation < budget.metadata.generation:
            continue  # counted for another budget
        allowed = budget.condition("DisruptionAllowed")
        if allowed is not None and (allowed.status == "True" or allowed.reason == "SyncFailed"):
            continue  # its numbers are not to be trusted
        since = allowed.last_transition_time if allowed is not None else None
        yield Found(
            about=budget.ref,
            since=since or budget.born,
            says=f"{status.current_healthy} of {status.expected_pods} pods healthy, "
            "and none may be evicted",
            seen={
                "spec.minAvailable": _written(budget.spec.min_available),
                "spec.maxUnavailable": _written(budget.spec.max_unavailable),
                "status.expectedPods": str(status.expected_pods),
                "status.currentHealthy": str(status.current_healthy),
                "status.desiredHealthy": str(status.desired_healthy),
            },
        )


def _written(bound: int | str | None) -> str:
    return "not set" if bound is None else str(bound)

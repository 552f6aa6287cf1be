"""A disruption budget whose pods cannot be counted, so that none may go."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import DisruptionBudget
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying


@fact(
    code="HF-WRK-093",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # the controller tries again at once when it only came too early
    reads=(DisruptionBudget,),
    next_step="Read why, and give minAvailable as a number if its pods have no scale: "
    "kubectl describe pdb {name} -n {namespace}",
    spreads=False,
)
def budget_cannot_be_counted(cluster: Snapshot) -> Iterator[Found]:
    """DisruptionAllowed is False because the controller failed to work the budget out, as when
    its pods belong to something without a scale. Every eviction is refused meanwhile.
    """
    for budget, allowed in saying(cluster.all(DisruptionBudget), "DisruptionAllowed", "False"):
        if allowed.reason != "SyncFailed":
            continue  # healthy: counted
        yield Found(
            about=budget.ref,
            since=allowed.last_transition_time or budget.born,
            says="its pods cannot be counted, so none may be evicted",
            seen={"DisruptionAllowed": f"{allowed.reason}: {allowed.message}"},
        )

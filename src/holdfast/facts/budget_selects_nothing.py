"""A disruption budget that protects nobody."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import DisruptionBudget, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.budgets import kept
from holdfast.topology.workloads import MAKERS, OF_TODAY, makers_by_labels


@fact(
    code="HF-WRK-091",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(minutes=5),  # what is applied together may come in any order
    reads=(DisruptionBudget, Pod, *MAKERS),
    next_step="Correct its selector, or delete it: kubectl get pdb {name} -n {namespace} -o yaml",
)
def budget_selects_nothing(cluster: Snapshot) -> Iterator[Found]:
    """No pod carries the labels that the budget selects, and no workload of its namespace would
    make one, scaled to zero or not.
    """
    for budget in cluster.all(DisruptionBudget):
        namespace, selector = budget.metadata.namespace, budget.spec.selector
        if budget.metadata.deletion_timestamp is not None or budget.status.expected_pods:
            continue  # healthy: keeps somebody
        if cluster.blind((Pod, *OF_TODAY), namespace=namespace):
            continue  # whom it could keep cannot be told
        if any(True for _ in kept(cluster, budget)):
            continue  # healthy: its status is about to say so
        if selector is not None and any(
            True for _ in makers_by_labels(cluster).chosen(namespace, selector)
        ):
            continue  # healthy: scaled to zero
        yield Found(
            about=budget.ref,
            since=budget.born,
            says="selects no pod, and no workload here would make one",
            seen={
                "spec.selector": "none"
                if selector is None
                else ", ".join(f"{k}={v}" for k, v in sorted(selector.match_labels.items()))
                or "expressions"
            },
        )

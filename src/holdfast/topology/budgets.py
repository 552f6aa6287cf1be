"""Which disruption budgets keep a pod, and whether they would let it be evicted now."""

from collections.abc import Iterator, Sequence

from holdfast.model.kinds import DisruptionBudget, Pod
from holdfast.model.snapshot import Snapshot
from holdfast.topology.labels import pods


def keeps(budget: DisruptionBudget, pod: Pod) -> bool:
    """Whether a budget of the pod's namespace selects it. Without a selector it keeps nobody."""
    selector = budget.spec.selector
    return selector is not None and not pod.over and selector.matches(pod.metadata.labels)


def kept(cluster: Snapshot, budget: DisruptionBudget) -> Iterator[Pod]:
    """The pods that a budget keeps."""
    selector = budget.spec.selector
    if selector is not None:
        selected = pods(cluster).chosen(budget.metadata.namespace, selector)
        yield from (pod for pod in selected if not pod.over)


def keepers(cluster: Snapshot, pod: Pod) -> Sequence[DisruptionBudget]:
    """Every budget that keeps that pod."""
    there = cluster.within(DisruptionBudget, pod.metadata.namespace)
    return [budget for budget in there if keeps(budget, pod)]


def refuses(budget: DisruptionBudget, pod: Pod) -> bool:
    """Whether an eviction of that pod, which the budget keeps, would be refused now."""
    if pod.status.phase == "Pending":
        return False  # evicted without asking any budget
    status = budget.status
    if status.disruptions_allowed > 0 and status.observed_generation >= budget.metadata.generation:
        return False
    if pod.ready:
        return True
    if budget.spec.unhealthy_pod_eviction_policy == "AlwaysAllow":
        return False
    return not 0 < status.desired_healthy <= status.current_healthy

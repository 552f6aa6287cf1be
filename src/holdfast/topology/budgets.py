"""Which pods a disruption budget keeps, and whether it would let one of them be evicted now."""

from collections.abc import Mapping, Sequence

from holdfast.model.kinds import DisruptionBudget, Pod
from holdfast.model.snapshot import Snapshot


def kept_by(cluster: Snapshot, budget: DisruptionBudget) -> Sequence[Pod]:
    """The pods that it selects and that are not over; without a selector, none."""
    selector = budget.spec.selector
    if selector is None:
        return ()
    return [
        pod
        for pod in cluster.within(Pod, budget.metadata.namespace)
        if not pod.over and selector.matches(pod.metadata.labels)
    ]


def budgets_of(cluster: Snapshot) -> Mapping[str, Sequence[DisruptionBudget]]:
    """Every budget of a pod, by the pod's uid."""
    return cluster.once(_by_pod)


def refuses(budget: DisruptionBudget, pod: Pod) -> bool:
    """Whether an eviction of that pod would be refused now."""
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


def _by_pod(cluster: Snapshot) -> Mapping[str, Sequence[DisruptionBudget]]:
    found: dict[str, list[DisruptionBudget]] = {}
    for budget in cluster.all(DisruptionBudget):
        for pod in kept_by(cluster, budget):
            found.setdefault(pod.metadata.uid, []).append(budget)
    return found

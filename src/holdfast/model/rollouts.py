"""Whether a rollout would begin, and whether it is through: the workload itself says so."""

from collections.abc import Iterator

from holdfast.model.kinds import DaemonSet, Deployment, StatefulSet
from holdfast.model.repairs import Recovery, Sight, State

type Rolling = Deployment | StatefulSet | DaemonSet

ROLLING: tuple[type[Rolling], ...] = (Deployment, StatefulSet, DaemonSet)


def workload_of(seen: Sight) -> Rolling | None:
    """The target, if it is one of these."""
    for kind in ROLLING:
        found: Rolling | None = seen.target(kind)
        if found is not None:
            return found
    return None


def held(workload: Rolling) -> Iterator[str]:
    """Why a change of its template would replace no pod."""
    match workload:
        case Deployment() if workload.spec.paused:
            yield "its rollouts are paused: somebody holds it on purpose"
        case StatefulSet() | DaemonSet() if workload.spec.update_strategy.type == "OnDelete":
            yield "its strategy is OnDelete: a change of its template replaces no pod"
        case _:
            pass
    if not isinstance(workload, DaemonSet) and workload.spec.replicas == 0:
        yield "it wants no pods"


def rollout(workload: Rolling) -> Recovery:
    """Every pod that is wanted is of the revision that is wanted, and available, and no other is
    left. A workload that wants no pods has recovered from nothing.
    """
    status = workload.status
    if status.observed_generation < workload.metadata.generation:
        return Recovery(state=State.WAITING, says="its controller has not seen the change yet")
    match workload:
        case Deployment() | StatefulSet():
            wanted, present = workload.spec.replicas, workload.status.replicas
            updated, available = (
                workload.status.updated_replicas,
                workload.status.available_replicas,
            )
        case DaemonSet():
            wanted, present = (
                workload.status.desired_number_scheduled,
                workload.status.current_number_scheduled,
            )
            updated, available = (
                workload.status.updated_number_scheduled,
                workload.status.number_available,
            )
    if wanted == 0:
        return Recovery(state=State.ILL, says="it wants no pods any more")
    says = f"{updated} of {wanted} pods are new, {available} available, {present} there"
    through = updated == wanted == present and available >= wanted
    if isinstance(workload, StatefulSet) and through:
        through = workload.status.current_revision == workload.status.update_revision
    return Recovery(state=State.WELL if through else State.WAITING, says=says)

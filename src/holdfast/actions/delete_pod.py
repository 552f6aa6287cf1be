"""Have a pod replaced by a new one, as far as disruption budgets allow."""

from collections.abc import Iterator, Sequence

from holdfast.model.kinds import DaemonSet, DisruptionBudget, Job, Pod, ReplicaSet, StatefulSet
from holdfast.model.objects import Owner
from holdfast.model.paths import annotation
from holdfast.model.repairs import (
    GONE,
    LEAVING,
    Action,
    ActionClass,
    Recovery,
    Risk,
    Sight,
    State,
    action,
)
from holdfast.model.steps import Evict, Step

type _Maker = ReplicaSet | StatefulSet | DaemonSet | Job

MAKERS: tuple[type[_Maker], ...] = (ReplicaSet, StatefulSet, DaemonSet, Job)
# What a kubelet writes on the pods of its own files.
_MIRROR = annotation("kubernetes.io/config.mirror")
_SOURCE = annotation("kubernetes.io/config.source")


@action(
    targets=(Pod,),
    sees=(*MAKERS, DisruptionBudget),
    reads=(
        ("metadata", "ownerReferences"),
        ("metadata", "labels"),
        _MIRROR,
        _SOURCE,
        ("spec", "nodeName"),
    ),
    does=(Evict,),
    of_class=ActionClass.RESTART,
    risk=Risk.LOW,
    answers=("HF-WRK-018", "HF-WRK-020", "HF-WRK-021", "HF-WRK-023", "HF-WRK-027", "HF-WRK-032"),
    on=True,
)
class DeletePod(Action, frozen=True, kw_only=True):
    """Evict one pod, which its controller replaces.

    Through the Eviction API always: a plain deletion ignores disruption budgets.
    """

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where nobody would make a new one, or nothing would be left meanwhile."""
        pod = seen.target(Pod)
        if pod is None:
            yield GONE
            return
        if pod.leaving:
            yield LEAVING
        elif pod.over:
            yield "it has ended"
        if seen.document.text(*_MIRROR):
            yield "it is the mirror of a static pod: only its node's files can change it"
        elif (source := seen.document.text(*_SOURCE)) not in ("", "api"):
            yield f"its node runs it from {source}, and not from the API"
        maker = _maker(seen, pod.controller)
        if maker is None:
            yield "nobody would replace it: it has no controller that we know and see"
        elif pod.ready and not any(each.ready for each in _siblings(seen, pod)):
            yield "it is the last ready one"

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One eviction."""
        return (Evict(target=seen.document.ref),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """It is gone, and its controller has one more ready pod than those that stood beside it.

        What is wrong with those others was wrong before, and is not counted.
        """
        gone = before.target(Pod)
        if gone is None:
            return Recovery(state=State.ILL, says="nobody knows what it was")
        maker = _maker(after, gone.controller)
        if maker is None or _wanted(maker) == 0:
            return Recovery(state=State.ILL, says="its controller wants no pod in its place")
        pods = [pod for pod in after.around.owned_by(Pod, maker) if not pod.over]
        if any(pod.metadata.uid == gone.metadata.uid for pod in pods):
            return Recovery(state=State.WAITING, says="it is still there")
        beside = {pod.metadata.uid for pod in _siblings(before, gone)}
        new = [pod for pod in pods if pod.metadata.uid not in beside]
        if isinstance(maker, DaemonSet):
            new = [pod for pod in new if pod.spec.node_name == gone.spec.node_name]
        if any(pod.ready for pod in new):
            return Recovery(state=State.WELL, says="a new pod is ready in its place")
        says = "its new pod is not ready yet" if new else "no new pod has come yet"
        return Recovery(state=State.WAITING, says=says)


def _maker(seen: Sight, owner: Owner | None) -> _Maker | None:
    """The controller, by uid: a name alone could be another's."""
    if owner is None:
        return None
    namespace = seen.document.ref.namespace
    for kind in MAKERS:
        found: _Maker | None = seen.around.find(kind, namespace, owner.name)
        if found is not None and found.metadata.uid == owner.uid:
            return found
    return None


def _siblings(seen: Sight, pod: Pod) -> Sequence[Pod]:
    maker = _maker(seen, pod.controller)
    owned = seen.around.owned_by(Pod, maker) if maker is not None else ()
    return [p for p in owned if not p.over and p.metadata.uid != pod.metadata.uid]


def _wanted(maker: _Maker) -> int:
    match maker:
        case DaemonSet():
            return maker.status.desired_number_scheduled
        case Job():
            return 0 if maker.over or maker.spec.suspend else 1
        case _:
            return maker.spec.replicas

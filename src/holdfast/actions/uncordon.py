"""Let pods go to a node again that somebody cordoned and forgot.

The first kind whose target lies in no namespace, so that no list of protected ones holds it. What
takes their place is said here, and is judged with the scope of the target: no node of the control
plane, none that does not do well, none that somebody is at work on, and none that a program has
cordoned, which lets pods in again by itself when it is through.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from holdfast.model.kinds import Node, Pod
from holdfast.model.paths import Difference, Path
from holdfast.model.repairs import (
    GONE,
    LEAVING,
    VANISHED,
    Action,
    ActionClass,
    Recovery,
    Risk,
    Sight,
    State,
    action,
)
from holdfast.model.steps import Patch, Set, Step

UNSCHEDULABLE: Path = ("spec", "unschedulable")
FOLLOWER = "node.kubernetes.io/unschedulable"
"""The taint that a controller keeps in step with the field: no lease writes it, either way."""

_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_LEAVES_BY: Mapping[str, str] = {
    "ToBeDeletedByClusterAutoscaler": "the cluster autoscaler is taking it away",
    "DeletionCandidateOfClusterAutoscaler": "the cluster autoscaler may take it away",
    "karpenter.sh/disrupted": "Karpenter is taking it away",
    "karpenter.sh/disruption": "Karpenter is taking it away",
    "node.kubernetes.io/out-of-service": "somebody has said that it is out of service",
    "node.cloudprovider.kubernetes.io/shutdown": "its machine is shut down",
}
"""Taints that say that a node is on its way out, and what each says."""
_AT_WORK: Mapping[str, str] = {
    "machineconfiguration.openshift.io/state": "Done",
    "weave.works/kured-reboot-in-progress": "",
}
"""Annotations of who upgrades nodes, and what stands there while nobody does."""


@action(
    targets=(Node,),
    sees=(Pod,),
    reads=(UNSCHEDULABLE, ("spec", "taints")),
    touches=(UNSCHEDULABLE,),
    does=(Patch,),
    undoes=(Patch,),
    of_class=ActionClass.NODE,
    risk=Risk.HIGH,
    answers=("HF-NOD-005",),
)
class Uncordon(Action, frozen=True, kw_only=True):
    """Uncordon a node that a person cordoned with kubectl, and that does well.

    Pods may come from every namespace. Undo cordons it again, and sends away nobody who came.
    """

    @classmethod
    def that_changes(
        cls,
        changed: Sequence[Difference],
        seen: Sight,  # noqa: ARG003
    ) -> Iterator[Action]:
        """Where it is taken away."""
        if any((each.path, each.after) == (UNSCHEDULABLE, None) for each in changed):
            yield cls()

    @classmethod
    def as_kept(cls, each: Difference) -> Difference:
        """False is kept as nothing."""
        opened = each.path == UNSCHEDULABLE and each.after is False
        return msgspec.structs.replace(each, after=None) if opened else each

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where it is not cordoned, or not ours to open, or somebody is not through with it."""
        node = seen.target(Node)
        if node is None:
            yield GONE
            return
        if node.leaving:
            yield LEAVING
        if not node.spec.unschedulable:
            yield "it is not cordoned"
        if any(label in node.metadata.labels for label in _CONTROL_PLANE):
            yield "it is a node of the control plane, which is never touched"
        if not _ready(node):
            yield "it is not Ready: pods would go where nothing runs them"
        yield from _cordoned_by(node)
        yield from _at_work(seen, node)

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One field."""
        return (_set(seen, value=None, was=True),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """It takes pods: the taint that follows the field has gone as well, and it is Ready."""
        node = after.target(Node)
        if node is None or before.document.ref.uid != after.document.ref.uid:
            return VANISHED
        if node.spec.unschedulable:
            return Recovery(state=State.ILL, says="somebody has cordoned it again")
        if any(taint.key == FOLLOWER for taint in node.spec.taints):
            return Recovery(state=State.WAITING, says=f"the taint {FOLLOWER} is still there")
        if not _ready(node):
            return Recovery(state=State.WAITING, says="it is not Ready")
        return Recovery(state=State.WELL, says="it is Ready, and takes pods")

    def undo(self, before: Sight) -> tuple[Step, ...]:
        """Cordoned, as it was."""
        return (_set(before, value=True, was=None),)


def _set(seen: Sight, *, value: bool | None, was: bool | None) -> Patch:
    change = Set(path=UNSCHEDULABLE, value=value, was=was)
    return Patch(target=seen.document.ref, sets=(change,))


def _ready(node: Node) -> bool:
    ready = node.condition("Ready")
    return ready is not None and ready.status == "True"


def _cordoned_by(node: Node) -> Iterator[str]:
    """Whoever is no person at kubectl knows by himself when it is over."""
    who = [
        each.manager
        for each in node.metadata.managed_fields
        if "f:unschedulable" in each.fields_v1.spec
    ]
    if node.spec.unschedulable and not who:
        yield "nobody is recorded as having cordoned it"
    for each in who:
        if each.partition("-")[0] != "kubectl":
            yield f"{each or 'somebody without a name'} has cordoned it, and is to uncordon it"


def _at_work(seen: Sight, node: Node) -> Iterator[str]:
    """Who takes it away, upgrades it, or drains it."""
    yield from (_LEAVES_BY[taint.key] for taint in node.spec.taints if taint.key in _LEAVES_BY)
    annotations = seen.document.at("metadata", "annotations")
    told = annotations if isinstance(annotations, Mapping) else {}
    for name, idle in _AT_WORK.items():
        if told.get(name, idle) != idle:
            yield f"its annotation {name} says that somebody is at work on it"
    going = (p for p in seen.around.all(Pod) if p.spec.node_name == node.metadata.name)
    for pod in going:
        if pod.leaving:
            yield f"the pod {pod.metadata.name} is being sent away from it: it may be in a drain"
            return

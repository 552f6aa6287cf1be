"""Remove a quota that keeps pods from being made now."""

from collections.abc import Iterator

from holdfast.model.delivered import MANAGED_BY, kept_by
from holdfast.model.kinds import ResourceQuota
from holdfast.model.quantities import worth
from holdfast.model.refusals import READ, refuses_still
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
from holdfast.model.steps import Create, Delete, Step

BLOCKS_NOBODY = "nothing of it is used up, and nobody is refused pods because of it"


@action(
    targets=(ResourceQuota,),
    sees=READ,
    reads=(
        ("metadata", "annotations"),
        ("metadata", "labels"),
        ("metadata", "ownerReferences"),
        ("spec",),
    ),
    does=(Delete,),
    undoes=(Create,),
    of_class=ActionClass.REMOVE,
    risk=Risk.HIGH,
    answers=("HF-CAP-001", "HF-WRK-052"),
)
class DeleteResourceQuota(Action, frozen=True, kw_only=True):
    """Delete one quota that is used up, or refuses pods; undo makes it again, word for word."""

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where it blocks nothing, or somebody keeps it as it is."""
        quota = seen.target(ResourceQuota)
        if quota is None:
            yield GONE
            return
        if quota.leaving:
            yield LEAVING
        if owner := quota.metadata.owner_references:
            yield f"{owner[0].kind} {owner[0].name} owns it, and would make it again"
        manager = kept_by(quota) or quota.metadata.labels.get(MANAGED_BY, "")
        if manager:
            yield f"{manager} keeps it as it is written elsewhere"
        if not any(_used_up(quota)) and not refuses_still(seen.around, quota):
            yield BLOCKS_NOBODY

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One deletion."""
        return (Delete(target=seen.document.ref),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """No quota of that name is back. What it blocked is judged by the cause's own fact."""
        ref = before.document.ref
        there = after.around.find(ResourceQuota, ref.namespace, ref.name)
        if there is None:
            return Recovery(state=State.WELL, says="it is gone")
        if there.metadata.uid != ref.uid:
            return Recovery(state=State.ILL, says="somebody has made it again")
        return Recovery(state=State.WAITING, says="it is still there")

    def undo(self, before: Sight) -> tuple[Step, ...]:
        """The same quota, under a new uid."""
        return (Create(manifest=dict(before.document.asked())),)


def _used_up(quota: ResourceQuota) -> Iterator[bool]:
    for name, hard in quota.status.hard.items():
        most, used = worth(hard), worth(quota.status.used.get(name))
        yield most is not None and used is not None and used >= most

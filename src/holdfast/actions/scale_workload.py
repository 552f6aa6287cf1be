"""Set how many pods a workload wants."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from holdfast.model.kinds import Autoscaler, Deployment, StatefulSet
from holdfast.model.objects import Ref
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
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Patch, Set, Step

REPLICAS: Path = ("spec", "replicas")
MOST = 1000
_KEPT = "HF-WRK-090"  # a disruption budget that lets nobody go
_TARGETS: tuple[type[Deployment | StatefulSet], ...] = (Deployment, StatefulSet)


@action(
    targets=_TARGETS,
    sees=(Autoscaler,),
    reads=(REPLICAS, ("spec", "selector")),
    touches=(REPLICAS,),
    does=(Patch,),
    undoes=(Patch,),
    of_class=ActionClass.SCALE,
    risk=Risk.MEDIUM,
    answers=("HF-CAP-003", "HF-WRK-003", _KEPT),
    subresource="scale",
    example={"replicas": 3, "now": 2},
)
class ScaleWorkload(Action, frozen=True, kw_only=True):
    """Scale a workload to a number of replicas, from the number that it had when that was decided.

    Nothing is ever scaled to zero: that is no repair.
    """

    replicas: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    now: Annotated[int, msgspec.Meta(ge=0, le=MOST)]

    @classmethod
    def suggested(
        cls,
        around: Snapshot,
        target: Ref,
        code: str,
        now: datetime,  # noqa: ARG003
    ) -> Iterator[Action]:
        """One more where a budget lets nobody go; else as many as there has been room for."""
        found = [around.find(kind, target.namespace, target.name) for kind in _TARGETS]
        for workload in found:
            if workload is None or workload.metadata.uid != target.uid:
                continue
            wanted, there = workload.spec.replicas, workload.status.available_replicas
            if code == _KEPT and 1 <= wanted < MOST:
                yield cls(replicas=wanted + 1, now=wanted)
            elif code != _KEPT and 1 <= there < wanted <= MOST:
                yield cls(replicas=there, now=wanted)

    @classmethod
    def that_changes(
        cls,
        changed: Sequence[Difference],
        seen: Sight,  # noqa: ARG003
    ) -> Iterator[Action]:
        """From the number that is there to the one that is wanted."""
        for each in changed:
            if (
                each.path == REPLICAS
                and isinstance(each.before, int)
                and isinstance(each.after, int)
            ):
                yield cls(replicas=each.after, now=each.before)

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where somebody else decides, or has decided in between."""
        workload = seen.target(Deployment) or seen.target(StatefulSet)
        if workload is None:
            yield GONE
            return
        if workload.leaving:
            yield LEAVING
        if workload.spec.replicas != self.now:
            yield f"it wants {workload.spec.replicas} replicas by now, not {self.now}"
        if self.replicas == self.now:
            yield f"it wants {self.now} replicas already"
        for each in seen.around.within(Autoscaler, workload.metadata.namespace):
            scaled = each.spec.scale_target_ref
            group = scaled.api_version.partition("/")[0]
            if (group, scaled.kind, scaled.name) == (
                workload.api.group,
                workload.api.kind,
                workload.metadata.name,
            ):
                yield f"the autoscaler {each.metadata.name} decides how many there are"

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One number, through the scale subresource."""
        return (self._set(seen, self.replicas, self.now),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """As many pods as were asked for are available."""
        workload = after.target(Deployment) or after.target(StatefulSet)
        if workload is None or before.document.ref.uid != after.document.ref.uid:
            return VANISHED
        if workload.spec.replicas != self.replicas:
            return Recovery(
                state=State.ILL,
                says=f"somebody else has scaled it to {workload.spec.replicas} since",
            )
        if workload.status.observed_generation < workload.metadata.generation:
            return Recovery(state=State.WAITING, says="its controller has not seen the change yet")
        there, available = workload.status.replicas, workload.status.available_replicas
        well = there == self.replicas and available >= self.replicas
        return Recovery(
            state=State.WELL if well else State.WAITING,
            says=f"{available} of {self.replicas} replicas available, {there} there",
        )

    def undo(self, before: Sight) -> tuple[Step, ...]:
        """The number that it had, unless that was none."""
        return (self._set(before, self.now, self.replicas),) if self.now else ()

    def _set(self, seen: Sight, replicas: int, was: int) -> Patch:
        number = Set(path=REPLICAS, value=replicas, was=was)
        return Patch(target=seen.document.ref, sets=(number,), subresource="scale")

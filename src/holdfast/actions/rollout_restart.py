"""Replace the pods of a workload by new ones of the same template, as its rollout does it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, annotation, found_at, within
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
from holdfast.model.rollouts import ROLLING, held, rollout, workload_of
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Patch, Set, Step
from holdfast.model.times import in_utc

STAMP = annotation("kubectl.kubernetes.io/restartedAt", "spec", "template")
# To the very end, and in digits that everybody reads: `$` would let a line end follow.
_STAMP = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z\Z"
)


@action(
    targets=ROLLING,
    reads=(
        ("spec", "template"),
        ("spec", "replicas"),
        ("spec", "paused"),
        ("spec", "updateStrategy"),
    ),
    touches=(STAMP,),
    does=(Patch,),
    of_class=ActionClass.RESTART,
    risk=Risk.LOW,
    answers=(
        "HF-CFG-002",
        "HF-WRK-010",
        "HF-WRK-020",
        "HF-WRK-021",
        "HF-WRK-023",
        "HF-WRK-060",
        "HF-WRK-065",
    ),
    on=True,
    example={"stamp": "2026-01-05T12:30:00Z"},
)
class RolloutRestart(Action, frozen=True, kw_only=True):
    """Restart a workload's pods, one after the other as its strategy says.

    The stamp that does it is fixed when it is proposed, so that what was approved is what is sent.
    """

    stamp: Annotated[str, msgspec.Meta(pattern=_STAMP)]

    @classmethod
    def suggested(
        cls,
        around: Snapshot,  # noqa: ARG003 - it restarts whatever is there
        target: Ref,  # noqa: ARG003
        code: str,  # noqa: ARG003
        now: datetime,
    ) -> Iterator[Action]:
        """With the stamp of that moment, to the second."""
        yield cls(stamp=f"{in_utc(now):%Y-%m-%dT%H:%M:%SZ}")

    @classmethod
    def that_changes(
        cls,
        changed: Sequence[Difference],
        seen: Sight,  # noqa: ARG003
    ) -> Iterator[Action]:
        """With the stamp that is set, if that is one."""
        for each in changed:
            if within(each.path, STAMP) and isinstance(each.after, str):
                yield cls(stamp=each.after)

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where a new stamp would start nothing, or something else than a rollout."""
        workload = workload_of(seen)
        if workload is None:
            yield GONE
            return
        yield from held(workload)
        if seen.document.leaving:
            yield LEAVING
        if found_at(seen.document.value, STAMP) == self.stamp:
            yield "it carries that stamp already"
        if not _on_a_calendar(self.stamp):
            yield f"{self.stamp} is no time"

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One annotation of the template."""
        was = found_at(seen.document.value, STAMP)
        stamp = Set(path=STAMP, value=self.stamp, was=was)
        return (Patch(target=seen.document.ref, sets=(stamp,)),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """The rollout that our stamp began is through."""
        workload = workload_of(after)
        if workload is None or before.document.ref.uid != after.document.ref.uid:
            return VANISHED
        if found_at(after.document.value, STAMP) != self.stamp:
            return Recovery(state=State.ILL, says="somebody else has restarted it since")
        return rollout(workload)


def _on_a_calendar(stamp: str) -> bool:
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return True

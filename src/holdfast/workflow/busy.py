"""Whether something is happening to a target already: nothing else is begun on it meanwhile.

What stays unknown for good holds its target as long as something may come of it, and no longer.
"""

from collections.abc import Collection
from datetime import datetime

from holdfast.errors import BadRecord
from holdfast.execution.courses import read as course_of
from holdfast.execution.recovering import Timing
from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.cases import Case
from holdfast.model.objects import Ref
from holdfast.model.plans import SEVERAL
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.leash import Leash

UNDER_WAY = frozenset({State.LEASED, State.APPLIED, State.UNKNOWN, State.UNDOING})
"""In these, something was done to a target or may have been, and nobody knows yet how it ends."""

WAITING = frozenset({State.APPROVED}) | UNDER_WAY
"""The same, and what will be done next: nothing else is proposed in the meantime."""

_MOST = 10_000  # cases that are under way at once


def busy(leash: Leash, target: Ref, states: Collection[State], but: str = "") -> Refusal | None:
    """Who is at it, but for that proposal; None if nobody is."""
    with leash.store.reading() as tx:
        now = tx.now()
        # Of all that are in them, and not of the newest about it: anybody may propose any number.
        for case in tx.cases.in_states([each.value for each in states], _MOST):
            if case.id == but or _is_over(case, now, leash.timing):
                continue
            if _is_about(case, target):
                because = f"{case.id} is under way on it ({case.state})"
                return Refusal(by="cases", because=because)
    return None


def _is_over(case: Case, now: datetime, timing: Timing) -> bool:
    """Whether nothing can come of it any more, though nobody will be able to tell what did: its
    lease is gone, it was looked at, and as long has passed as one may heal late. Neither time nor a
    person ends such a case, and its target would be held for ever.
    """
    if case.state != State.UNKNOWN.value:
        return False
    long = timing.settled + timing.deadline + timing.late
    if case.damaged:
        return now - case.changed >= long  # since then: nobody can tell more of it
    try:
        course = course_of(case.course)
    except BadRecord:
        return False
    if course.act.lease or not course.looks:
        return False
    since = course.act.sent.at if course.act.sent is not None else case.proposed
    return now - since >= long


def _is_about(case: Case, target: Ref) -> bool:
    """Whether any of its steps is: a row names the target of the first alone."""
    if case.target == target.uid or not case.content:  # of what cannot be read, nobody can tell
        return True
    if SEVERAL not in case.content:
        return False
    try:
        return any(each.target.uid == target.uid for each in plan_of(case).steps)
    except BadRecord:
        return True  # nobody can tell, and so nothing is begun beside it

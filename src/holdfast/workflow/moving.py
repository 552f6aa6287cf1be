"""The one place where a case moves: by an event that the table of states knows, from where it is.

Of two who move the same case, one is told that it came too late, and has written nothing. One whose
row is damaged only comes to where nobody acts for it any more.
"""

from datetime import datetime

import msgspec

from holdfast.errors import BadRecord, StoreRefused, WorkFailed
from holdfast.execution.courses import Course, progress_of, written
from holdfast.execution.states import Event, State, after
from holdfast.model.asks import Refusal
from holdfast.model.cases import Case
from holdfast.ports import Tx
from holdfast.workflow.casebook import state_of

BY = "states"
TRIES = 100  # between two looks at a case somebody else may have moved it; nobody does for long


def moved(
    tx: Tx, case: Case, event: Event, at: datetime, course: Course | None = None
) -> Case | Refusal:
    """The case after that event, kept with its course; a refusal if it cannot happen to it now."""
    following = after(state_of(case), event)
    if isinstance(following, Refusal):
        return following
    if case.damaged and event in _CLOSING and tx.cases.close(case, following.value, at):
        return msgspec.structs.replace(case, state=following.value, changed=at)
    return _kept(tx, case, following, at, course)


def noted(tx: Tx, case: Case, at: datetime, course: Course) -> Case | Refusal:
    """The case where it is, with its course as it is now."""
    return _kept(tx, case, state_of(case), at, course)


def must(kept: Case | Refusal) -> Case:
    """The case that was kept. Raises where it was not: nothing of the transaction is kept then."""
    if isinstance(kept, Refusal):
        raise WorkFailed(f"It does not go on: {kept.because}.", remedy="See who else moved it.")
    return kept


def hold(tx: Tx, id_: str) -> Case | None:
    """The case, which nobody else moves before this transaction ends; None if there is none.

    Raises `StoreRefused` where others never let go of it, and `BadRecord` where nobody can move it.
    """
    for _ in range(TRIES):
        case = tx.cases.case(id_)
        if case is not None and case.damaged:
            raise unreadable(case)
        if case is None or tx.cases.move(case, case):
            return case
    raise StoreRefused(f"Others are at {id_[:60]} without a pause.", remedy="It is tried again.")


_CLOSING = {Event.EXPIRED, Event.LOST, Event.DEADLINE, Event.HALTED, Event.UNDO_FAILED}
"""By these a case comes to where nobody acts for it but for a person's new word."""


def unreadable(case: Case) -> BadRecord:
    """Its row is damaged."""
    return BadRecord(
        f"The row of {case.id[:60]} was damaged in the database: nobody can read what it was.",
        remedy="See who can write into the database; the record says what was proposed and done.",
    )


def _kept(tx: Tx, case: Case, state: State, at: datetime, course: Course | None) -> Case | Refusal:
    if case.damaged:
        return Refusal(by=BY, because=unreadable(case).wrong.rstrip("."))
    changed = max(at, case.changed)  # a clock may be set back
    now = msgspec.structs.replace(case, state=state.value, changed=changed)
    if course is not None:
        told = progress_of(course)
        now = msgspec.structs.replace(now, course=written(course), progress=told)
    if tx.cases.move(case, now):
        return now
    return Refusal(by=BY, because=f"somebody else has moved {case.id} in between")

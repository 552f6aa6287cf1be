"""After a restore nothing goes on that was open: it may have been done after the backup was taken.

- Whatever waited in the inbox is answered: a statement that a person signed is heard no more.
- What was proposed or approved is expired, so that no ticket fits it; people propose it again.
- What was being done is unknown: who restored a backup has lost what became of it.
- What is unknown counts as looked at by nobody, so that it is looked at, however old it is. What
  was done, and what was being taken back, is taken up by whoever sweeps. Nothing that was done is
  taken back after it, and of a plan no other step is begun, but by a person's word from then on.
- Each proposal that ends so is an entry of the record.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from holdfast.errors import BadRecord, StoreRefused
from holdfast.execution.courses import Course, back, read
from holdfast.execution.states import Event, State
from holdfast.model.asks import Refusal
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.ports import Clock, Dice, Tx
from holdfast.workflow.moving import moved, noted
from holdfast.workflow.taking_back import OUTCOME

VOIDED = "voided: a restored backup was accepted"
AT_ONCE = 1000  # rows
MOST = 10_000  # cases that are under way at once
ENDS: Mapping[State, tuple[Event, str]] = MappingProxyType(
    {
        State.PROPOSED: (Event.EXPIRED, "expired"),
        State.APPROVED: (Event.EXPIRED, "expired"),
        State.LEASED: (Event.LOST, OUTCOME),
    }
)
"""What does not go on, what happens to it, and the kind of the entry that says so."""

GO_ON = (State.APPLIED, State.UNKNOWN, State.UNDOING, State.NOT_RECOVERED)
"""What is taken up where it was. Nothing follows it by itself: the backup does not tell whether it
has recovered since, nor, of a plan, whether the steps after it were done or those before it were
taken back.
"""

STOOD = (State.RECOVERED, State.RECOVERED_LATE)
"""What stays as it is, unless a person wants it back: that word was said before."""

RESTORED = "a restored backup was accepted, and does not tell what was done after it"
UNSEEN = "a restored backup was accepted, and nobody has looked since"


def void(tx: Tx, clock: Clock, dice: Dice, actor: str) -> None:
    """End everything that waited or was open."""
    while letters := tx.letters.waiting(AT_ONCE):
        for letter in letters:
            tx.letters.answer(letter.id, VOIDED)
    now = tx.now()
    while cases := tx.cases.in_states(ENDS, AT_ONCE):
        for case in cases:
            id_ = new_id("ent", clock.now(), dice.roll(RANDOM))
            event, kind = ENDS[State(case.state)]
            ended = _ended(tx, case, event, now)
            told = {"proposal": case.id, "outcome": ended.state, "because": VOIDED}
            tx.records.submit(
                Draft(id=id_, kind=kind, actor=actor, subjects=(case.id,), details=told)
            )
    for state in (*GO_ON, *STOOD):
        for case in tx.cases.in_states([state.value], MOST):
            _unseen(tx, case)


def _unseen(tx: Tx, case: Case) -> None:
    if case.damaged:
        return
    try:
        course = read(case.course)
    except BadRecord:
        return  # nobody goes on with that, and whoever tries says so
    if case.state in STOOD and course.recalled is None:
        return
    course = msgspec.structs.replace(course, restored=True)
    if case.state == State.UNKNOWN.value:
        course = msgspec.structs.replace(course, looks=0, says=UNSEEN)
    _kept(case, noted(tx, case, case.changed, course))


def _ended(tx: Tx, case: Case, event: Event, now: datetime) -> Case:
    try:
        course = read(case.course)
    except BadRecord:
        course = Course()
    if (
        event is Event.EXPIRED and course.earlier and not case.damaged
    ):  # what was done before it is people's to see to
        return _kept(case, moved(tx, case, Event.HALTED, now, back(course, UNSEEN)))
    return _kept(case, moved(tx, case, event, now))


def _kept(case: Case, now: Case | Refusal) -> Case:
    if isinstance(now, Refusal):
        raise StoreRefused(
            f"The proposal {case.id} is not as it was a moment ago.",
            remedy="End every process of Holdfast that uses this database, and try again.",
        )
    return now

"""What was not decided, or not begun, in its time ends: nothing stays open because nobody looked.

Two clocks, both by the store's time: how long a proposal may be approved, and how soon after its
last approval it must begin. The layers refuse by both as well; this is what tidies up. What nobody
can read, because its row was damaged, ends at once: nobody can decide on it, or begin it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from holdfast.errors import BadRecord
from holdfast.execution.courses import read as course_of
from holdfast.execution.states import Event, State
from holdfast.model.asks import Refusal
from holdfast.model.cases import Case
from holdfast.model.entries import Draft, Entry
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.ordered import VERIFY, ExpireOrder
from holdfast.model.proposals import Proposal
from holdfast.model.runs import Schedule
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.workflow.asking import set_going_by
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.in_the_chain import require_signed
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.moving import moved
from holdfast.workflow.taking_back import not_done
from holdfast.workflow.yeses import by_the_store

EXPIRE = "expire"
"""The name of the phase, and of its schedule."""

EXPIRED = "expired"
"""What the entries are called."""

DAMAGED = "its row was damaged in the database: nobody can read what it was"

EVERY = timedelta(seconds=10)
MOST = 10_000  # cases that are looked at in one go


def expire_phase(held: Held) -> Phase:
    """The phase that ends them."""

    @phase(EXPIRE, queue=VERIFY, takes=ExpireOrder)
    async def expire(attempt: Attempt, _: ExpireOrder) -> int:
        leash = held()
        return await attempt.commit("expire", lambda tx: expired(tx, leash))

    return expire


def expire_schedule() -> Schedule:
    """How often it is looked."""
    return Schedule(name=EXPIRE, phase=EXPIRE, argument=ExpireOrder(), every=EVERY)


def expired(tx: Tx, leash: Leash) -> int:
    """End those whose time is over, and say how many there were."""
    now = tx.now()
    return sum(_ended(tx, leash, case, because, now) for case, because in _over(tx, leash, now))


def _over(tx: Tx, leash: Leash, now: datetime) -> Iterator[tuple[Case, str]]:
    rules = leash.rules()
    for case in tx.cases.in_states([State.PROPOSED.value], MOST):
        if case.damaged:
            yield case, DAMAGED
        elif case.open_until <= now:
            yield case, "nobody has decided on it in its time"
    for case in tx.cases.in_states([State.APPROVED.value], MOST):
        if case.damaged:
            yield case, DAMAGED
        elif now - turn_came(leash, tx, case, now) > rules.start_within:
            yield case, "it did not begin in its time after its last approval"


def turn_came(leash: Leash, tx: Tx, case: Case, now: datetime) -> datetime:
    """When its turn came, by the last approval, or as the step before was verified: that was when
    its intent was sealed, or earlier by what rows say. Rows alone are believed for it only where
    none is sealed, and then nothing is done.

    A row that nobody can read is as old as its last change.
    """
    try:
        plan, course = plan_of(case), course_of(case.course)
        about = plan.at(course.step)
    except BadRecord:
        return case.changed
    steps, since = len(plan.steps), course.since
    words = (each.at for step in range(1, steps + 1) for each in tx.words.of(case.id, step))
    told = since or max(words, default=case.changed)
    intent = _sealed_intent(leash, tx, about)
    return told if intent is None else min(told, by_the_store(leash, intent, now))


def _sealed_intent(leash: Leash, tx: Tx, about: Proposal) -> Entry | None:
    """What it was set going by, if a key of ours has signed that."""
    intent = set_going_by(tx, about)
    if intent is None:
        return None
    try:
        require_signed(intent, {each.id: each for each in leash.sealed_by()}, leash.check)
    except BadRecord:
        return None
    return intent


def _ended(tx: Tx, leash: Leash, case: Case, because: str, now: datetime) -> bool:
    """Whether nobody else has moved it in between."""
    if isinstance(_moved(tx, leash, case, because, now), Refusal):
        return False
    id_ = new_id("ent", now, leash.dice.roll(RANDOM))
    details = {"proposal": case.id, "digest": case.digest, "because": because}
    if case.damaged:
        leash.log.complain("row damaged", proposal=case.id, was=case.state)
    draft = Draft(id=id_, kind=EXPIRED, actor="keeper", subjects=(case.id,), details=details)
    tx.records.submit(draft)
    return True


def _moved(tx: Tx, leash: Leash, case: Case, because: str, now: datetime) -> Case | Refusal:
    try:
        course = course_of(case.course)
    except BadRecord:
        return moved(tx, case, Event.EXPIRED, now)
    if case.damaged or not course.earlier:
        return moved(tx, case, Event.EXPIRED, now)
    course = msgspec.structs.replace(course, says=because)
    return not_done(leash, tx, case, Event.EXPIRED, course, now)

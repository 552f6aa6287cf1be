"""What is taken back, as it is ordered: one step, or the steps of a plan in their reverse order.

- A plan that stops on its way is not half of a repair: what was done before is taken back, the last
  first, as if it had not helped. Only if operators want that done by itself; else people may ask.
- It goes back as far as each step has a way back. What was done before one that has none stands:
  that one may lean on it.
- Whoever wanted it back on its way and cannot have it so stops it all the same.
- Since a backup was restored nothing of it goes back by itself: nobody knows what stands. Nor does
  what has waited for long, or does well by the time that it would go.
"""

from datetime import datetime
from itertools import count

import msgspec

from holdfast.approvals.recorded import handed_in
from holdfast.errors import BadRecord
from holdfast.execution.courses import Course, back
from holdfast.execution.states import Event
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.model.handed import Handed
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.ordered import UNDO, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.model.times import stamp
from holdfast.ports import Tx
from holdfast.workflow.asking import SINCE
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.intents import INTENT
from holdfast.workflow.issuing import KEEPER, ordered
from holdfast.workflow.leash import Leash
from holdfast.workflow.moving import moved
from holdfast.workflow.restores import restored_since
from holdfast.workflow.submitting import record

OUTCOME = "outcome"
"""What the entries are called."""


UNDO_REFUSED = "undo_refused"
"""The outcome that says that it is left as it is."""


def reversible(about: Proposal) -> bool:
    """Whether there is a way back from it."""
    return bool(about.undo) and type(about.action).kind.reversible


def undo_of(tx: Tx, order: CaseOrder) -> str:
    """The id of the entry that says that it is to be taken back: nobody can tell it beforehand."""
    return tx.once.spent(UNDO, order.key) or ""


def wish_for(tx: Tx, order: CaseOrder) -> Handed | None:
    """What a person has signed to have it taken back, as the record has it with the order; None
    where nobody has: then the keeper does so by itself.
    """
    id_ = undo_of(tx, order)
    entry = tx.records.entry(id_) if id_ else None
    return handed_in(entry.details) if entry is not None else None


def order_undo(
    leash: Leash,
    tx: Tx,
    about: Proposal,
    *,
    by: str,
    reason: str = "",
    wish: Handed | None = None,
) -> bool:
    """Have it taken back; False if there is no way back, or somebody is at it. Whose signed wish it
    is stands with it: that is verified again.
    """
    if not reversible(about):
        return False
    order = _next(leash, tx, about.id, about.step)
    if order is None or not leash.engine.enqueue(tx, ordered(order, UNDO, about)):
        return False
    now = tx.now()
    told: dict[str, Plain] = {
        "proposal": about.id,
        "step": about.step,
        "generation": order.generation,
        "digest": about.digest,
        "undo": True,
        "by": by,
        "reason": reason,
        SINCE: stamp(now),
        **(msgspec.structs.asdict(wish) if wish is not None else {}),
    }
    id_ = new_id("ent", now, leash.dice.roll(RANDOM))
    if not tx.once.spend(UNDO, order.key, id_, now):
        return False
    tx.records.submit(Draft(id=id_, kind=INTENT, actor=KEEPER, subjects=(about.id,), details=told))
    return True


def _next(leash: Leash, tx: Tx, proposal: str, step: int) -> CaseOrder | None:
    """The order that nobody had; None while somebody is at an earlier one.

    One that was had, and of which the engine knows nothing, was lost with what a restore lost.
    """
    for generation in count(1):
        order = CaseOrder(proposal=proposal, step=step, generation=generation)
        status = leash.engine.status(tx, order.run(UNDO))
        if status is None and not undo_of(tx, order):
            return order
        if status is not None and not status.state.ended:
            return None
    return None


def being_undone(leash: Leash, tx: Tx, proposal: str, step: int) -> bool:
    """Whether somebody is at it, or will be."""
    return _next(leash, tx, proposal, step) is None


def not_done(
    leash: Leash, tx: Tx, case: Case, event: Event, course: Course, at: datetime
) -> Case | Refusal:
    """The case after a step that certainly was not done: it ends so, but for a plan on its way."""
    if not course.earlier:
        return moved(tx, case, event, at, course)
    kept = halted(leash, tx, case, course, at)
    by_itself = leash.rules().undo and not restored_since(leash, tx.records, case.id)
    if isinstance(kept, Case) and by_itself:
        _order_before(leash, tx, kept, course.step - 1)
    return kept


def _order_before(leash: Leash, tx: Tx, case: Case, step: int) -> None:
    try:
        before = plan_of(case).at(step)
    except BadRecord:
        return  # it says why it was halted; by what nobody can read nothing is taken back
    order_undo(leash, tx, before, by=KEEPER)


def halted(leash: Leash, tx: Tx, case: Case, course: Course, at: datetime) -> Case | Refusal:
    """The case of a plan that goes no further, at the step that was done last."""
    says = _said_halted(leash, tx, case, course.step, course.step - 1, course.says)
    return moved(tx, case, Event.HALTED, at, back(course, says))


def halted_after(
    leash: Leash, tx: Tx, case: Case, course: Course, at: datetime, why: str
) -> Case | Refusal:
    """The case of a plan that goes no further than the step that was just done; it is left."""
    says = _said_halted(leash, tx, case, course.step, course.step, why)
    course = msgspec.structs.replace(course, halted=course.step, recalled=None, says=says)
    return moved(tx, case, Event.HALTED, at, course)


def _said_halted(leash: Leash, tx: Tx, case: Case, at: int, last: int, why: str) -> str:
    says = f"the plan went no further than step {last}: {why}"
    told: dict[str, Plain] = {"event": Event.HALTED.value, "step": at, "says": says}
    record(leash, tx, OUTCOME, (case.id,), told)
    return says


def undone(leash: Leash, tx: Tx, case: Case, course: Course) -> Case | Refusal:
    """The case after a step was taken back: of a plan, the one before is next."""
    at = leash.clock.now()
    if not course.earlier:
        return moved(tx, case, Event.UNDONE, at, course)
    wish = wish_for(tx, _done(case, course))
    before = plan_of(case).at(course.step - 1)
    if not reversible(before):
        says = f"step {before.step} has no way back: what was done until there stands"
        told: dict[str, Plain] = {"event": Event.UNDO_FAILED.value, "step": before.step}
        record(leash, tx, OUTCOME, (case.id,), {**told, "says": says})
        course = msgspec.structs.replace(course, says=says)
        return moved(tx, case, Event.UNDO_FAILED, at, course)
    says = f"step {course.step} is taken back, and step {before.step} is next"
    kept = moved(tx, case, Event.STEP_UNDONE, at, back(course, says))
    if isinstance(kept, Case) and not restored_since(leash, tx.records, case.id):
        order_undo(leash, tx, before, by=KEEPER, wish=wish)
    return kept


def _done(case: Case, course: Course) -> CaseOrder:
    return CaseOrder(proposal=case.id, step=course.step, generation=course.generation)

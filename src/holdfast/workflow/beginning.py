"""What was approved and has not begun: its run is ordered again, or it is said why not.

- A run can end before it has begun anything, as where the database refused for long. Then another
  is ordered, for the same step, by the same intent: whoever begins it judges everything again, and
  one of them claims it.
- What was claimed is not begun a second time, and what its processes did not survive is not tried
  on others. Where the record does not say that it was about to be sent, it certainly was not done:
  that is its end, and people may have it proposed again.
- When its time to begin is over, it expires like whatever did not begin (`expiring`).
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

import msgspec

from holdfast.execution.courses import Course
from holdfast.execution.courses import read as course_of
from holdfast.execution.lease_names import Purpose, parsed
from holdfast.execution.states import Event
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.ordered import ACT, CaseOrder, RevokeOrder
from holdfast.model.runs import RunState, RunStatus
from holdfast.ports import Tx
from holdfast.workflow.as_sealed import told
from holdfast.workflow.asking import STEP
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.doing import claimed_by
from holdfast.workflow.expiring import turn_came
from holdfast.workflow.issuing import ordered
from holdfast.workflow.leash import Leash
from holdfast.workflow.moving import hold
from holdfast.workflow.revoking import order_revoke
from holdfast.workflow.sendings import sendings
from holdfast.workflow.submitting import record
from holdfast.workflow.taking_back import OUTCOME, not_done


def begun_again(leash: Leash, tx: Tx, case: Case, now: datetime) -> bool:
    """Whether it is ordered again, or at its end: its runs have ended, and it has not begun.

    Raises `BadRecord` for a row that nobody can read.
    """
    course, about = course_of(case.course), plan_of(case)
    order = CaseOrder(proposal=case.id, step=course.step, generation=1)
    going = tx.once.spent(STEP, order.key) is not None
    if not going or now - turn_came(leash, tx, case, now) > leash.rules().start_within:
        return False  # nobody has set it going, or its time is over
    runs = _runs(leash, tx, order)
    if any(not each.state.ended for each in runs):
        return False  # somebody will begin it
    if any(sendings(told(leash, tx.records, case.id), order.step, Purpose.ACT, "")):
        leash.log.complain("approved, and may have been sent", proposal=case.id, step=order.step)
        return False  # so says its row alone
    if claimed_by(tx, order, Purpose.ACT) is not None:
        why = f"{_ended(runs)} after it was begun and before anything was sent"
        return _not_done(leash, tx, case, course, why)
    if runs and runs[-1].state is RunState.GIVEN_UP:
        return _not_done(leash, tx, case, course, f"{_ended(runs)} before anything was begun")
    leash.log.complain("ordered again", proposal=case.id, step=course.step, why=_ended(runs))
    return leash.engine.enqueue(tx, ordered(order, ACT, about.at(course.step), len(runs)))


def _runs(leash: Leash, tx: Tx, order: CaseOrder) -> Sequence[RunStatus]:
    """All that were ordered of it, in their order."""
    found: list[RunStatus] = []
    for number in count():
        status = leash.engine.status(tx, order.run(ACT, number))
        if status is None:
            return found
        found.append(status)
    raise AssertionError  # pragma: no cover - it counts for ever


def _not_done(leash: Leash, tx: Tx, case: Case, course: Course, why: str) -> bool:
    """It ends, unless somebody has moved it in between; so does what it was lent, if it was."""
    if hold(tx, case.id) != case:
        return False
    why = f"{why}: propose it again"
    says: dict[str, Plain] = {"event": Event.FAILED.value, "step": course.step, "says": why}
    record(leash, tx, OUTCOME, (case.id,), says)
    course = msgspec.structs.replace(course, says=why)
    now = leash.clock.now()
    if isinstance(not_done(leash, tx, case, Event.FAILED, course, now), Refusal):
        return False
    if parsed(course.act.lease) is not None:
        lent_in = plan_of(case).at(course.step).target.namespace
        lease = RevokeOrder(
            account=course.act.lease, namespaces=(lent_in,), proposal=case.id, step=course.step
        )
        order_revoke(leash, tx, lease)
    return True


def _ended(runs: Sequence[RunStatus]) -> str:
    """How the last of them ended: why, the log has said then."""
    if not runs:
        return "its run is lost"
    return f"its run {_HOW.get(runs[-1].state, 'ended')}"


_HOW = {
    RunState.FAILED: "failed",
    RunState.CANCELLED: "was cancelled",
    RunState.GIVEN_UP: "was given up (too often its process ended with it)",
}

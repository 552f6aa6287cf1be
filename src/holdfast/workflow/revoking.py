"""The end of a lease: it is cut off at once, and over when its token is refused.

- Whoever has used a lease cuts it off: nothing begins by it any more. What it began may still be
  under way, and an API server remembers for some seconds that it has accepted a token.
- That it is over is seen to by a run of its own, and nothing in its namespace waits for that. It is
  cut off there once more, for whoever had it may have died before; then its end is waited for.
- Both stand in the record, as `cut_off` and as `revoke`. A lease counts as gone with the second.
- What cannot be ended now is tried again, for as long as it takes.
- Orders are rows, and whoever can write the database can have one made up. So nothing is ended but
  what may be a lease by its name, in what may be a namespace by its name; for anything else nothing
  is done, and nothing sealed. While the run goes on that a lease was lent to, nobody else ends it:
  whatever was ordered waits until it has ended.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from itertools import count

import msgspec

from holdfast.errors import BadRecord, CouldNotLook
from holdfast.execution.courses import Course, Sending
from holdfast.execution.courses import read as course_of
from holdfast.execution.lease_names import is_lease, parsed
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.leases import SHOWN, Left, misnamed
from holdfast.model.ordered import REVOKE, VERIFY, RevokeOrder
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.lending import lives
from holdfast.workflow.moving import hold, must, noted
from holdfast.workflow.submitting import record

TRIES = 5  # at once; what fails so often is tried again later
PACE = 0.1  # seconds; doubles
LATER = timedelta(seconds=30)
MOST = 500  # cases of one target

CUT_OFF, REVOKED = "cut_off", "revoke"
"""What the entries are called."""

GOES_ON = "the run that it was lent to goes on"


async def cut_off(leash: Leash, left: Left) -> str:
    """Have it begin nothing more: why that could not be done, or nothing."""
    for number in count():
        why = await _told(leash.leases.cut_off(left))
        if not why or number == TRIES - 1:
            return why
        await asyncio.sleep(PACE * 2**number)
    raise AssertionError  # pragma: no cover - it counts for ever


async def taken_back(leash: Leash, left: Left) -> str:
    """Until nothing can come of it any more: why nobody can tell, or nothing."""
    return await cut_off(leash, left) or await _told(leash.leases.over(left.account))


async def _told(end: Awaitable[str]) -> str:
    try:
        return await end
    except CouldNotLook as nobody:
        return nobody.wrong


def order_revoke(leash: Leash, tx: Tx, order: RevokeOrder) -> bool:
    """Have its end seen to; False if somebody sees to it already."""
    for number in count(order.number):
        numbered = msgspec.structs.replace(order, number=number)
        status = leash.engine.status(tx, numbered.run)
        if status is None:
            return _enqueue(leash, tx, numbered)
        if not status.state.ended:
            return False
    raise AssertionError  # pragma: no cover - it counts for ever


def _enqueue(leash: Leash, tx: Tx, order: RevokeOrder, delay: timedelta = timedelta()) -> bool:
    run = Order(id=order.run, phase=REVOKE, argument=order, delay=delay)
    return leash.engine.enqueue(tx, run)


def revoke_phase(held: Held) -> Phase:
    """The phase that sees to it."""

    @phase(REVOKE, queue=VERIFY, takes=RevokeOrder)
    async def revoke(attempt: Attempt, order: RevokeOrder) -> str:
        leash = held()
        if why := _no_lease(order):
            leash.log.complain("no lease to end", ordered_by=attempt.run[:SHOWN], why=why)
            return why
        if await _goes_on(leash, order.account):
            return await attempt.commit(GOES_ON, lambda tx: _later(leash, tx, order, GOES_ON))
        why = await _all_cut_off(leash, order)
        said = await attempt.commit(CUT_OFF, lambda tx: _cut(leash, tx, order, why))
        if said != CUT_OFF:
            return said
        why = await _told(leash.leases.over(order.account))
        return await attempt.commit(REVOKED, lambda tx: _over(leash, tx, order, why))

    return revoke


def _no_lease(order: RevokeOrder) -> str:
    """Why no lease of ours can be meant, whoever ordered it; empty if one can be."""
    lefts = [Left(account=order.account, namespace=each) for each in ("", *order.namespaces)]
    return next(filter(None, (misnamed(each, is_lease) for each in lefts)), "")


async def _goes_on(leash: Leash, account: str) -> bool:
    """Whether its run has not ended a moment later: one that gives it back orders this just before
    its end.
    """

    def living() -> bool:
        with leash.store.reading() as tx:
            return lives(tx, leash.engine, account)

    for number in range(TRIES):
        if not await asyncio.to_thread(living):
            return False
        await asyncio.sleep(PACE * 2**number)
    return await asyncio.to_thread(living)


async def _all_cut_off(leash: Leash, order: RevokeOrder) -> str:
    lefts = [Left(account=order.account, namespace=each) for each in order.namespaces]
    return "; ".join([why for left in lefts if (why := await cut_off(leash, left))])


def _cut(leash: Leash, tx: Tx, order: RevokeOrder, why: str) -> str:
    if why:
        return _later(leash, tx, order, why)
    _record(leash, tx, CUT_OFF, order)
    return CUT_OFF


def _over(leash: Leash, tx: Tx, order: RevokeOrder, why: str) -> str:
    if why:
        return _later(leash, tx, order, why)
    gone(leash, tx, order)
    return REVOKED


def _later(leash: Leash, tx: Tx, order: RevokeOrder, why: str) -> str:
    leash.log.complain("lease left over", account=order.account, why=why)
    _enqueue(leash, tx, msgspec.structs.replace(order, number=order.number + 1), LATER)
    return "it is tried again"


def gone(leash: Leash, tx: Tx, order: RevokeOrder) -> None:
    """Have the record say that nothing can come of it any more, and its case know that."""
    _record(leash, tx, REVOKED, order)
    for id_ in _cases(tx, order):
        try:
            case = hold(tx, id_)
        except BadRecord:
            continue  # whoever sweeps says so
        if case is not None:
            _forget(leash, tx, case, order.account)


def _record(leash: Leash, tx: Tx, kind: str, order: RevokeOrder) -> None:
    told: dict[str, Plain] = {"account": order.account}
    if not order.proposal:
        record(leash, tx, kind, (), {**told, "swept": True})
        return
    record(leash, tx, kind, (order.proposal,), {**told, "step": order.step} if order.step else told)


def _cases(tx: Tx, order: RevokeOrder) -> list[str]:
    """Those that may know it: its own, or of one that was found, all of its target."""
    if order.proposal:
        return [order.proposal]
    named = parsed(order.account)
    return [each.id for each in tx.cases.of_target(named.uid, MOST)] if named is not None else []


def _forget(leash: Leash, tx: Tx, case: Case, account: str) -> None:
    try:
        course = course_of(case.course)
    except BadRecord:
        return  # whoever goes on with it says so
    earlier = tuple(_without(each, account) for each in course.earlier)
    without = msgspec.structs.replace(_without(course, account), earlier=earlier)
    if without != course:
        must(noted(tx, case, leash.clock.now(), without))


def _without(course: Course, account: str) -> Course:
    """The course of one step, holding that lease no more."""
    held = {part: each for part in ("act", "undo") if (each := _of(course, part)).lease == account}
    let_go = {part: msgspec.structs.replace(each, lease="") for part, each in held.items()}
    return msgspec.structs.replace(course, **let_go)


def _of(course: Course, part: str) -> Sending:
    sending: Sending = getattr(course, part)
    return sending

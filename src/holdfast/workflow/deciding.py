"""What people say of a proposal, and what follows from it: yes, no, or take it back.

- Who it was, and of what, follows from the signature alone; when it was, from the store's clock.
- A yes is judged by all layers on a fresh look at the target, under the rules, the people and the
  policy of that moment, at the risk that is weighed then if that is more than what was sealed.
  What the look showed is judged in the transaction that answers the letter: whoever decides holds
  the case from before the first judgement until everything is kept.
- The first decision that ends it wins: yes, no and its time, in whatever order they come.
- Whatever goes wrong is a no, with who says so and why; nothing of that transaction is kept.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from holdfast.approvals import statements
from holdfast.approvals.statements import Decision, Statement
from holdfast.approvals.words import Dissent, Recall
from holdfast.errors import BadRecord, CouldNotLook
from holdfast.execution.courses import read as course_of
from holdfast.execution.lease_names import Purpose
from holdfast.execution.states import Event, after
from holdfast.execution.undoing import too_late
from holdfast.model import switches
from holdfast.model.asks import Assent, Refusal
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.handed import Handed
from holdfast.model.letters import Letter
from holdfast.model.plans import Plan
from holdfast.model.proposals import Proposal
from holdfast.ports import Tx
from holdfast.workflow import as_sealed
from holdfast.workflow.answers import Answer, TooLate, refused, settle
from holdfast.workflow.approving import Unsealed, Yes
from holdfast.workflow.as_sealed import REJECTION
from holdfast.workflow.asking import Fresh, fresh
from holdfast.workflow.casebook import plan_of, state_of
from holdfast.workflow.leash import Leash
from holdfast.workflow.matters import BY, Matter, held
from holdfast.workflow.moving import moved, must, noted
from holdfast.workflow.recalls import may_recall
from holdfast.workflow.sealing import pace_after
from holdfast.workflow.stakes import all_seen_again
from holdfast.workflow.taking_back import order_undo, reversible
from holdfast.workflow.yeses import said_in

REJECTED, UNDOING = "rejected", "undoing"
"""What becomes of such letters."""

TAKEN_BACK = "undo"
"""What the entries are called."""

SOON = 40  # looks, for some tenths of a second, for what is to be sealed
PATIENCE = 5  # times that it is waited so for what others said a moment ago
NO_WAY = "there is no way back"


async def hear_word(leash: Leash, letter: Letter) -> None:
    """Answer a letter that says yes or no, or wants something taken back."""
    opened = await asyncio.to_thread(_opened, leash, letter)
    if isinstance(opened, Matter):
        opened = await _as_sealed(opened)
    if isinstance(opened, Matter) and opened.decision is Decision.APPROVE:
        opened = replace(opened, looked=await _looked(opened))
    for _ in range(PATIENCE):
        try:
            return await asyncio.to_thread(_settle, leash, letter, opened)
        except Unsealed as no:  # what another said a moment ago may not be sealed yet
            because = f"{no.no.because}: try again, or have it proposed again"
            unsealed = Refusal(by=no.no.by, because=because)
        if isinstance(opened, Matter):
            opened = await _as_sealed(opened)
    await asyncio.to_thread(_settle, leash, letter, unsealed)
    return None


def _settle(leash: Leash, letter: Letter, opened: Matter | Refusal) -> None:
    def judged(tx: Tx) -> Answer:
        return refused(letter, opened) if isinstance(opened, Refusal) else _judged(tx, opened)

    settle(leash, letter, judged)


def _opened(leash: Leash, letter: Letter) -> Matter | Refusal:
    """What it is about, if it counts so far: nobody makes us look at a cluster for nothing."""
    try:
        handed = msgspec.convert(letter.body, Handed)
        said = statements.read(handed.statement.encode())
    except (msgspec.ValidationError, UnicodeError):
        return Refusal(by="inbox", because="it is no statement and signature")
    except BadRecord as odd:
        return Refusal(by="approvals", because=odd.wrong)
    with leash.store.reading() as tx:
        case, now = tx.cases.case(said.proposal), tx.now()
    if case is None:
        return Refusal(by=BY, because=f"there is no proposal {said.proposal[:40]} here")
    try:
        plan, state = plan_of(case), state_of(case)
    except BadRecord as odd:
        return Refusal(by=BY, because=odd.wrong)
    matter = Matter(
        leash=leash,
        letter=letter,
        handed=handed,
        decision=said.decision,
        about=_meant(plan, said),
        plan=plan,
    )
    heard = matter.said(now)
    following = after(state, EVENTS[said.decision])
    no = next((each for each in (heard, following) if isinstance(each, Refusal)), None)
    return no or matter


async def _as_sealed(matter: Matter) -> Matter | Refusal:
    """It, with what is sealed of it, unless it is not what was sealed, or is over or frozen by
    that, whatever its row says, or the switch. What was proposed, or said, a moment ago may not be
    sealed yet.
    """
    leash, about, purpose = matter.leash, matter.about, PURPOSES.get(matter.decision)
    frozen = ""

    def told() -> tuple[Sequence[Entry], bool]:
        """What is sealed, and whether that is all that there is."""
        nonlocal frozen
        with leash.store.reading() as tx:
            entries = as_sealed.told(leash, tx.records, about.id)
            off = tx.switches.value(switches.FREEZE) is None  # else whoever judges says so
            yes = matter.decision is Decision.APPROVE
            said = [(e, word) for e in matter.plan.steps for word in tx.words.of(e.id, e.step)]
        frozen = as_sealed.frozen(entries, purpose) if off and purpose is not None else ""
        proposed = any(each.kind == as_sealed.PROPOSAL for each in entries)
        whole = proposed and not frozen
        return entries, whole and not (yes and any(not said_in(entries, *each) for each in said))

    try:
        entries, whole = await asyncio.to_thread(told)
        for looks in range(SOON):
            if whole:
                break
            await asyncio.sleep(pace_after(looks))
            entries, whole = await asyncio.to_thread(told)
    except BadRecord as odd:
        return Refusal(by="record", because=odd.wrong)
    over = as_sealed.over_for(entries, matter.decision)
    because = as_sealed.other_than_sealed(entries, about) or over or frozen
    return Refusal(by="record", because=because) if because else replace(matter, entries=entries)


def _meant(plan: Plan, said: Statement) -> Proposal:
    """The step that is meant. A no, and what wants it back, are about all of it: the first stands
    for that. What names no step of it is held against the first, and is about another one.
    """
    known = said.decision is Decision.APPROVE and 1 <= said.step <= len(plan.steps)
    return plan.at(said.step) if known else plan.first


EVENTS = {
    Decision.APPROVE: Event.APPROVED,
    Decision.REJECT: Event.REJECTED,
    Decision.UNDO: Event.UNDO,
}

PURPOSES = {Decision.APPROVE: Purpose.ACT, Decision.UNDO: Purpose.UNDO}
"""What is wanted by it, which a freeze may forbid."""


async def _looked(matter: Matter) -> Fresh | Refusal:
    leash = matter.leash
    try:
        again = await all_seen_again(leash, matter.plan, matter.about.step)
        if isinstance(again, Refusal):
            return again
        return await fresh(leash, again.seen, again.weighed)
    except CouldNotLook as nobody:
        return Refusal(by="sight", because=nobody.wrong)


def _judged(tx: Tx, matter: Matter) -> Answer:
    case = held(tx, matter.about.id)
    now = tx.now()
    following = after(state_of(case), EVENTS[matter.decision])
    if isinstance(following, Refusal):
        return matter.no(following)
    match matter.said(now):
        case Refusal() as no:
            return matter.no(no)
        case Dissent() as dissent:
            return _rejected(matter, case, dissent, now)
        case Recall() as recall:
            return _recalled(tx, matter, case, recall)
        case Assent() as assent:
            if not isinstance(matter.looked, Fresh):
                return matter.no(matter.looked or Refusal(by=BY, because="nobody has looked"))
            yes = Yes(matter=matter, case=case, assent=assent, looked=matter.looked, now=now)
            return yes.answer(tx)


def _rejected(matter: Matter, case: Case, said: Dissent, now: datetime) -> Answer:
    def end(tx: Tx) -> None:
        if isinstance(no := moved(tx, case, Event.REJECTED, now), Refusal):
            raise TooLate(no)

    return Answer(
        outcome=REJECTED,
        kind=REJECTION,
        actor=said.person,
        subjects=(case.id,),
        details={**matter.proof(said.person), "reason": said.reason},
        does=end,
    )


def _recalled(tx: Tx, matter: Matter, case: Case, said: Recall) -> Answer:
    """Somebody wants it taken back: less than doing it, and more than nothing. Of a plan, the step
    that was done last is taken back, and those before it after that.
    """
    leash = matter.leash
    try:
        course, now = course_of(case.course), tx.now()
        about = matter.plan.at(course.step)
    except BadRecord as odd:
        return matter.no(Refusal(by=BY, because=odd.wrong))
    frozen = switches.frozen_by(tx.switches.value(switches.FREEZE), undoing=True)
    because = too_late(state_of(case), course.watched, now) if reversible(about) else NO_WAY
    if because:
        return matter.no(Refusal(by=BY, because=because))
    if not may_recall(leash.rules(), said, matter.plan, about.step):
        because = f"{said.person} is in no group that may decide this"
        return matter.no(Refusal(by=BY, because=because))
    if frozen:
        return matter.no(Refusal(by="freeze", because=frozen))

    def order(tx: Tx) -> None:
        if not order_undo(leash, tx, about, by=said.person, reason=said.reason, wish=matter.handed):
            raise TooLate(Refusal(by=BY, because="it is being taken back already"))
        wanted = msgspec.structs.replace(course, recalled=now, restored=False)
        must(noted(tx, case, now, wanted))

    return Answer(
        outcome=UNDOING,
        kind=TAKEN_BACK,
        actor=said.person,
        subjects=(about.id,),
        details={**matter.proof(said.person), "reason": said.reason},
        does=order,
    )

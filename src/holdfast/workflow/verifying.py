"""Whether it helped: short looks, one after the other, until that is known.

- Each look judges the target by its own word, and the cause by its own fact, on fresh reads. What
  cannot be seen is not well.
- The next look is ordered in the transaction that writes what was seen, so that none is lost.
- How long something has been so is told by the store's time: the next look may be another keeper's.
- What nobody heard an answer to is looked for the same way, and never sent again.
- Of what the record does not say that it was begun, nothing is said: rows alone say that it was.
- That it helped is said of what the record says was done, and after a soak of which no row can take
  anything away (`own_eyes`).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.errors import BadInput, BadRecord, CouldNotLook
from holdfast.execution.courses import Course, onward, sight_of
from holdfast.execution.courses import read as course_of
from holdfast.execution.lease_names import Purpose
from holdfast.execution.observing import Asked
from holdfast.execution.recovering import Outcome, Watched, seen
from holdfast.execution.states import Event, State
from holdfast.facts import ask, named
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.kinds import Job, Pod, ReplicaSet
from holdfast.model.objects import Object, Ref
from holdfast.model.ordered import LOOK, VERIFY, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Recovery, Sight
from holdfast.model.repairs import State as Health
from holdfast.model.rules import Found, Verdict, finding_id
from holdfast.model.snapshot import Snapshot
from holdfast.model.snapshot import State as Capture
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.topology.edges import topology
from holdfast.workflow import as_sealed
from holdfast.workflow.acting import applied
from holdfast.workflow.as_sealed import with_hash
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.deeds import Answered, Came, only, placed, told
from holdfast.workflow.evidence import answering, linking
from holdfast.workflow.issuing import KEEPER, set_going_on
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.looks import look_again
from holdfast.workflow.moving import hold, moved, must, noted
from holdfast.workflow.own_eyes import OwnEyes, Seen, believed, done
from holdfast.workflow.restores import restored
from holdfast.workflow.sendings import sendings
from holdfast.workflow.sighting import surroundings
from holdfast.workflow.submitting import record
from holdfast.workflow.switching import verified
from holdfast.workflow.taking_back import (
    OUTCOME,
    being_undone,
    halted_after,
    not_done,
    order_undo,
    reversible,
    undo_of,
    undone,
)
from holdfast.workflow.voiding import RESTORED

SEEN = "seen"
UNDOS = 3  # so often it is ordered that something is taken back, while its runs end and say nothing


def look_phase(held: Held) -> Phase:
    """The phase of one look."""

    eyes = OwnEyes()

    @phase(LOOK, queue=VERIFY, takes=CaseOrder)
    async def look(attempt: Attempt, order: CaseOrder) -> str:
        return await _look(held(), eyes, attempt, order)

    return look


async def _look(leash: Leash, eyes: OwnEyes, attempt: Attempt, order: CaseOrder) -> str:
    case, now = await asyncio.to_thread(_case, leash, order)
    write: Callable[[Tx], str] = _nothing
    look: _Look | None = None
    if case is None:  # whoever ordered it had one, and none is ever taken away
        leash.log.complain("row gone", proposal=order.proposal, step=order.step)
    else:
        about, course = plan_of(case).at(order.step), course_of(case.course)
        here = course.step == order.step  # else its plan has gone on, or back
        if here and case.state in _LOST:
            write = _found(leash, order, await observed(leash, case, course, now))
        elif here and _is_watched(case, course):
            known = await asyncio.to_thread(_known, leash, eyes.of(order), order)
            recovery, verdict = await how_it_does(leash, about, course)
            died = await asyncio.to_thread(_undos_that_died, leash, case, about)
            look = _Look(
                leash=leash, order=order, recovery=recovery, cause=verdict, known=known, died=died
            )
            write = look.write
    said = await attempt.commit(SEEN, write)
    if look is not None:
        eyes.keep(order, look.known)
    return said


def _case(leash: Leash, order: CaseOrder) -> tuple[Case | None, datetime]:
    """The case, and what time it is for the store."""
    with leash.store.reading() as tx:
        return tx.cases.case(order.proposal), tx.now()


def _nothing(_: Tx) -> str:
    return "there is nothing to look for"


def _is_watched(case: Case, course: Course) -> bool:
    """Whether it matters how the target does: what was left on its way heals no plan late."""
    late = case.state == State.NOT_RECOVERED.value and not course.halted
    return late or case.state == State.APPLIED.value


# what nobody heard an answer to


_LOST = (State.UNKNOWN.value, State.LEASED.value, State.UNDOING.value)


async def observed(leash: Leash, case: Case, course: Course, at: datetime) -> Answered:
    """What the cluster shows of a request whose answer was lost."""
    about, back = plan_of(case).at(course.step), case.state == State.UNDOING.value
    sending, step = course.undo if back else course.act, only(about.undo if back else about.steps)
    try:
        sent = await asyncio.to_thread(_sent, leash, about, course, back=back)
    except BadRecord as odd:
        return Answered(came=Came.OPEN, says=odd.wrong, observed=True)
    if step is None or not sent:
        return Answered(came=Came.MOVED, says="it was never about to be sent", observed=True)
    last = max(each.at for each in sent)
    over = not sending.lease and at >= last + leash.timing.settled
    try:
        now = await placed(leash.hands, step)
    except CouldNotLook as nobody:
        return Answered(came=Came.OPEN, says=nobody.wrong, observed=True)
    return told(step, sent, now, over=over)


def _sent(leash: Leash, about: Proposal, course: Course, *, back: bool) -> Sequence[Asked]:
    """What the record says was about to be sent, each time."""
    purpose = Purpose.UNDO if back else Purpose.ACT
    order = CaseOrder(proposal=about.id, step=course.step, generation=course.generation)
    with leash.store.reading() as tx:
        entries = as_sealed.told(leash, tx.records, about.id)
        meant = undo_of(tx, order) if back else ""
    return [asked for _, asked in sendings(entries, course.step, purpose, meant)]


def _found(leash: Leash, order: CaseOrder, answered: Answered) -> Callable[[Tx], str]:
    def write(tx: Tx) -> str:
        case = hold(tx, order.proposal)
        if case is None or case.state not in _LOST:
            return _nothing(tx)
        course = course_of(case.course)
        if course.step != order.step:
            return _nothing(tx)
        if case.state != State.UNKNOWN.value and not abandoned(leash, tx, case, course):
            if case.state == State.UNDOING.value:  # nobody may know what became of it
                look_again(leash, tx, order, course.looks + 1)
            return _nothing(tx)
        _, why = _told(leash, tx, order)
        if why:
            return _left(leash, tx, case, course, why)
        if case.state == State.LEASED.value:  # whoever was to send it has died for good
            case = must(moved(tx, case, Event.LOST, leash.clock.now(), course))
        return _resolved(leash, tx, order, case, answered)

    return write


def abandoned(leash: Leash, tx: Tx, case: Case, course: Course) -> bool:
    """Whether nobody works any more at what may have been sent."""
    run = course.undo.run if case.state == State.UNDOING.value else course.act.run
    status = leash.engine.status(tx, run) if run else None
    return status is None or status.state.ended


def _resolved(leash: Leash, tx: Tx, order: CaseOrder, case: Case, answered: Answered) -> str:
    course = course_of(case.course)
    course = msgspec.structs.replace(course, says=answered.says, looks=course.looks + 1)
    details: dict[str, Plain] = {"says": answered.says, "observed": True, "step": order.step}
    now = leash.clock.now()
    if case.state == State.UNDOING.value and answered.came is not Came.OPEN:
        event = Event.UNDONE if answered.came is Came.DONE else Event.UNDO_FAILED
        _outcome(leash, tx, case, event, details)
        if event is Event.UNDONE:
            must(undone(leash, tx, case, course))
        else:
            must(moved(tx, case, event, now, course))
        return answered.came.value
    match answered.came:
        case Came.DONE:
            _outcome(leash, tx, case, Event.FOUND_DONE, {**details, **with_hash(course.before)})
            must(applied(leash, tx, case, course, order, Event.FOUND_DONE))
        case Came.MOVED | Came.DENIED:
            _outcome(leash, tx, case, Event.FOUND_NOT_DONE, details)
            must(not_done(leash, tx, case, Event.FOUND_NOT_DONE, course, now))
        case Came.OPEN:
            must(noted(tx, case, now, course))
            look_again(leash, tx, order, course.looks + 1)
        case Came.UNTOLD:  # looking again would not tell more: it stays unknown
            must(noted(tx, case, now, course))
    return answered.came.value


# how the target does


async def how_it_does(leash: Leash, about: Proposal, course: Course) -> tuple[Recovery, Verdict]:
    """What the target says of itself now, and whether its cause is found."""
    if course.before is None:
        return Recovery(state=Health.ILL, says="nobody kept what was there before"), Verdict.UNKNOWN
    before = sight_of(course.before)
    try:
        after = await _after(leash, about, before)
        recovery = about.action.recovery(before, after)
        return recovery, await cause(leash, about)
    except CouldNotLook as nobody:
        return Recovery(state=Health.WAITING, says=nobody.wrong), Verdict.UNKNOWN


async def _after(leash: Leash, about: Proposal, before: Sight) -> Sight:
    """What is there now; of a target that is gone, what it was stands for it."""
    kind = type(about.action).kind
    found = await placed(leash.hands, about.steps[0])
    there = found is not None and found.ref == about.target
    document = found if found is not None and there else before.document
    of = kind.fits(about.target)
    kinds = kind.sees if of is None else (of, *kind.sees)
    around = await surroundings(leash.cluster, kinds, about.target.namespace, kind.everywhere)
    return msgspec.structs.replace(before, document=document, around=around)


async def cause(leash: Leash, about: Proposal) -> Verdict:
    """Whether what was wrong is still found: where it was found, on the target, beneath it, or
    wherever else it would be answered on that target.
    """
    kind = type(about.action).kind
    of = kind.fits(about.target)
    try:
        rule = named(about.code)
    except BadInput:
        return Verdict.UNKNOWN  # a rule of another version: nobody can tell
    if of is None:
        return Verdict.UNKNOWN
    kinds = (*linking(rule, kind, of), *_BETWEEN)
    around = await surroundings(leash.cluster, kinds, about.target.namespace, kind.everywhere)
    answered_on = answering(kind, around, topology(around))
    for found in rule(around):
        if (
            _is_it(found, about)
            or about.target.uid in _above(found.about, around)
            or about.target in answered_on(found)
        ):
            return Verdict.FOUND
    between = around.blind((of, *_BETWEEN), namespace=about.target.namespace)
    if any(each.state is not Capture.ABSENT for each in between):
        return Verdict.UNKNOWN  # something may be found of which nobody sees whose it is
    return ask(rule, about.target, around).verdict


def _is_it(found: Found, about: Proposal) -> bool:
    """Whether that is what it answers, or the same fact of the same object: what refuses a workload
    its pods may be another quota by now.
    """
    was = about.finding or about.trouble  # of older ones nobody kept what was found
    same = finding_id(found.about, about.code, found.part) == was
    return same or (bool(about.found_on) and found.about.uid == about.found_on)


_BETWEEN: tuple[type[Object], ...] = (ReplicaSet, Job, Pod)
"""What stands between a workload and what is found on its pods."""


def _above(about: Ref, around: Snapshot) -> frozenset[str]:
    """The uids of that object and of its owners, as far up as they are seen."""
    known = {each.metadata.uid: each for c in around.captures() for each in c.objects}
    seen, front = {about.uid}, [about.uid]
    while front:
        owners = [o for uid in front if uid in known for o in known[uid].metadata.owner_references]
        front = [owner.uid for owner in owners if owner.uid not in seen]
        seen |= {*front}
    return frozenset(seen)


def _known(leash: Leash, seen: Seen, order: CaseOrder) -> Seen:
    """What we know of it, with what the record says."""
    if seen.done is not None:
        return seen
    try:
        with leash.store.reading() as tx:
            told = done(as_sealed.told(leash, tx.records, order.proposal), order.step)
    except BadRecord:
        return seen  # that is said where something is to be told of it
    return msgspec.structs.replace(seen, done=told)


def _undos_that_died(leash: Leash, case: Case, about: Proposal) -> int:
    """How often it was ordered that it is taken back, where nobody is at that any more and the
    record says nothing of how that ended; 0 where it is not ordered again.
    """
    late = case.state == State.NOT_RECOVERED.value
    if not (late and reversible(about) and leash.rules().undo):
        return 0
    with leash.store.reading() as tx:
        if being_undone(leash, tx, about.id, about.step) or as_sealed.waits(tx.records, about.id):
            return 0
        try:
            entries = as_sealed.told(leash, tx.records, about.id)
        except BadRecord:
            return 0
    if as_sealed.never_begun(entries, about.step) or restored(leash, entries, about.id):
        return 0
    return as_sealed.undos_unanswered(entries, about.step)


@dataclass(slots=True, kw_only=True)
class _Look:
    """One look at how it does, and what follows from it."""

    leash: Leash
    order: CaseOrder
    recovery: Recovery
    cause: Verdict
    known: Seen
    died: int  # how often it was to be taken back, and the record says nothing of how that ended

    def write(self, tx: Tx) -> str:
        """What was seen, kept with all that follows."""
        leash, order = self.leash, self.order
        case = hold(tx, order.proposal)
        if case is None:
            return _nothing(tx)
        course, now = course_of(case.course), tx.now()
        if course.step != order.step or not _is_watched(case, course):
            return _nothing(tx)
        kept = self._believed(case, course.watched or Watched(applied=now), now)
        watched, outcome = seen(kept, now, self.recovery, self.cause, leash.timing)
        why = ""
        if outcome in _TOLD:
            entries, why = _told(leash, tx, order)
            if not why:
                as_told, odd = self._as_told(entries, course, now)
                if odd and as_sealed.waits(tx.records, order.proposal):
                    outcome = Outcome.WAITING  # the row may be ahead: the next look tells
                else:
                    self._complain(odd)
                    course = as_told
                unsaid = self._unsaid(entries, course)
                if unsaid and outcome in _WELL:
                    waits = Recovery(state=Health.WAITING, says=unsaid)
                    watched, outcome = seen(kept, now, waits, self.cause, leash.timing)
        self.known = msgspec.structs.replace(self.known, least=watched.well_since or now)
        course = msgspec.structs.replace(
            course, watched=watched, looks=course.looks + 1, says=watched.says
        )
        if why:
            return _left(leash, tx, case, course, why)
        if kept.given_up and outcome is Outcome.WAITING and 0 < self.died < UNDOS:
            self._undo_again(tx, case)
        return _follow(leash, tx, order, case, course, outcome, now)

    def _undo_again(self, tx: Tx, case: Case) -> None:
        """Have it ordered again, unless it is only not sealed yet how that ended."""
        about = plan_of(case).at(self.order.step)
        if as_sealed.waits(tx.records, case.id):
            return
        if order_undo(self.leash, tx, about, by=KEEPER):
            self.leash.log.complain("undo ordered again", proposal=case.id, orders=self.died + 1)

    def _believed(self, case: Case, watched: Watched, now: datetime) -> Watched:
        kept, odd = believed(watched, self.known.done, now, self.known.least)
        self._complain(odd)
        late = case.state == State.NOT_RECOVERED.value
        return msgspec.structs.replace(kept, given_up=late)

    def _unsaid(self, entries: Sequence[Entry], course: Course) -> str:
        """Why nobody can say that it helped; empty if we can."""
        if self.known.done is None:
            return "the record does not say that it was done"
        return as_sealed.other_before(entries, course.step, course.before)

    def _as_told(
        self, entries: Sequence[Entry], course: Course, now: datetime
    ) -> tuple[Course, str]:
        """The course, with what the record says of what may follow; and what it says otherwise."""
        odd: list[str] = []
        was, recalled = restored(self.leash, entries, self.order.proposal), course.recalled
        if was is not course.restored:
            odd.append(_NOT_RESTORED if was else _RESTORED)
        if recalled is None and as_sealed.wished_back(entries, course.step):
            odd.append("that nobody wants it back, and the record says who does")
            recalled = now
        return msgspec.structs.replace(course, restored=was, recalled=recalled), "; ".join(odd)

    def _complain(self, odd: str) -> None:
        if odd:
            why = f"its row says {odd}"
            self.leash.log.complain("a row says otherwise", proposal=self.order.proposal, why=why)


_RESTORED = "that a backup was restored, and the record does not"
_NOT_RESTORED = "that no backup was restored since anybody wanted it back, and the record does"


_WELL = frozenset({Outcome.RECOVERED, Outcome.RECOVERED_LATE})
_TOLD = _WELL | {Outcome.NOT_RECOVERED}
"""What is recorded when it is seen first."""


def _told(leash: Leash, tx: Tx, order: CaseOrder) -> tuple[Sequence[Entry], str]:
    """What is sealed of it, and why nothing can have come of it, whatever its row says; that is
    empty if it was begun.
    """
    try:
        entries = as_sealed.told(leash, tx.records, order.proposal)
    except BadRecord as odd:
        return (), odd.wrong
    return entries, as_sealed.never_begun(entries, order.step)


def _left(leash: Leash, tx: Tx, case: Case, course: Course, why: str) -> str:
    """It stays as it is, for people to see: nothing is recorded of it, and nothing taken back."""
    leash.log.complain("nothing is said of an act", proposal=case.id, why=why)
    must(noted(tx, case, leash.clock.now(), msgspec.structs.replace(course, says=why)))
    return why


def _follow(  # noqa: PLR0913, PLR0917 - one look, and all that it changes
    leash: Leash,
    tx: Tx,
    order: CaseOrder,
    case: Case,
    course: Course,
    outcome: Outcome,
    now: datetime,
) -> str:
    about = plan_of(case).at(order.step)
    details: dict[str, Plain] = {"says": course.says, "step": order.step}
    of_class = type(about.action).kind.of_class
    match outcome:
        case Outcome.WAITING:
            must(noted(tx, case, now, course))
            rarely = course.watched is not None and course.watched.given_up
            look_again(leash, tx, order, course.looks + 1, rarely=rarely)
        case Outcome.RECOVERED | Outcome.RECOVERED_LATE:
            late = outcome is Outcome.RECOVERED_LATE
            if not about.ends_the_plan and course.recalled is not None:
                must(noted(tx, case, now, course))  # somebody wants it back: nothing follows it
                look_again(leash, tx, order, course.looks + 1)
                return Outcome.WAITING.value
            if not late:
                verified(tx, of_class, helped=True)
            if not about.ends_the_plan and course.restored:
                must(halted_after(leash, tx, case, course, now, RESTORED))
                return outcome.value
            if not about.ends_the_plan:
                _outcome(leash, tx, case, Event.VERIFIED, details)
                _onward(leash, tx, case, course)
                return outcome.value
            event = Event.HEALED_LATE if late else Event.RECOVERED
            _outcome(leash, tx, case, event, details)
            must(moved(tx, case, event, now, course))
        case Outcome.NOT_RECOVERED:
            _outcome(leash, tx, case, Event.DEADLINE, details)
            if not about.ends_the_plan:
                course = msgspec.structs.replace(course, halted=about.step)
            case = must(moved(tx, case, Event.DEADLINE, now, course))
            if verified(tx, of_class, helped=False):
                leash.log.complain("breaker opened", of=of_class.value, proposal=case.id)
            by_itself = leash.rules().undo and not course.restored
            if not (by_itself and order_undo(leash, tx, about, by=KEEPER)):
                look_again(leash, tx, order, course.looks + 1)
        case Outcome.STAYED_ILL:
            must(noted(tx, case, now, course))
    return outcome.value


def _onward(leash: Leash, tx: Tx, case: Case, course: Course) -> None:
    """The next step of the plan; it goes no further where that one is approved no more."""
    now = leash.clock.now()
    following = plan_of(case).at(course.step + 1)
    case = must(moved(tx, case, Event.VERIFIED, now, onward(course, tx.now())))
    no = set_going_on(tx, leash, following)
    if no is None:
        return
    refusals: list[Plain] = [{"by": no.by, "because": no.because}]
    _outcome(leash, tx, case, Event.REFUSED, {"step": following.step, "refusals": refusals})
    course = msgspec.structs.replace(course_of(case.course), says=no.because)
    must(not_done(leash, tx, case, Event.REFUSED, course, now))


def _outcome(leash: Leash, tx: Tx, case: Case, event: Event, details: dict[str, Plain]) -> None:
    record(leash, tx, OUTCOME, (case.id,), {"event": event.value, **details})

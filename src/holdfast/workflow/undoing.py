"""The way back: what did not help is taken back, as it was approved with the act.

- Who approved the act approved this with it, and their signatures are verified again: a row that
  says that something was done is no proof that anybody wanted it.
- What the keeper takes back by itself is judged by the people and the rules of now. Where somebody
  who may decide it now has signed that he wants it back, the approval counts as it was given.
- Only while it is still ours to take back: whoever changed it since is named, and it is left.
- What the keeper ordered by itself is soon done or left to people, as is all that was ordered
  before a backup was restored; and it is left where the target does well by then.
- By a lease of its own, with the fences, the namespace and who keeps it looked at again. A freeze
  does not stop it, unless whoever froze said so.
- Where it is left, the target may still heal late by itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.errors import BadRecord
from holdfast.execution.courses import Course
from holdfast.execution.courses import read as course_of
from holdfast.execution.effects import computed
from holdfast.execution.lease_names import Purpose
from holdfast.execution.recovering import Watched
from holdfast.execution.states import UNDONE_FROM, Event, State
from holdfast.execution.undoing import refuses_undo, restored, waits_for_a_person
from holdfast.model import switches
from holdfast.model.asks import Refusal, Station
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.documents import Document, beyond, effect
from holdfast.model.entries import Entry
from holdfast.model.ordered import UNDO, CaseOrder
from holdfast.model.paths import written
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Sight
from holdfast.model.repairs import State as Health
from holdfast.model.rules import Verdict
from holdfast.model.steps import Create, Patch, Step
from holdfast.policy import UNDONE_UNDER, WANTED_BACK, decide
from holdfast.ports import Tx
from holdfast.ports.engine import Phase
from holdfast.workflow import as_sealed, restores
from holdfast.workflow.asking import SINCE, ask_of
from holdfast.workflow.assenting import counted_again, given
from holdfast.workflow.busy import UNDER_WAY, busy
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.deeds import (
    Answered,
    Came,
    Ready,
    Stop,
    Stopped,
    Trial,
    only,
    placed,
    refused,
)
from holdfast.workflow.doing import deed_phase
from holdfast.workflow.fenced import why_not_fenced
from holdfast.workflow.issuing import KEEPER
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.looks import look_unless_due
from holdfast.workflow.moving import moved, noted
from holdfast.workflow.own_eyes import believed, done
from holdfast.workflow.recalls import wanted_back
from holdfast.workflow.submitting import record
from holdfast.workflow.taking_back import OUTCOME, UNDO_REFUSED, halted_after, undo_of, undone
from holdfast.workflow.verdicts import as_refusals
from holdfast.workflow.verifying import how_it_does


def undo_phase(held: Held) -> Phase:
    """The phase that takes it back."""

    return deed_phase(UNDO, held, Undo)


UNASKED = "a restored backup was accepted, and nobody has asked for it since"


class Undo:
    """What is taken back."""

    purpose = Purpose.UNDO
    begins_in = UNDONE_FROM
    goes_on_in = State.UNDOING

    def __init__(self, leash: Leash, order: CaseOrder) -> None:
        self._leash = leash
        self._order = order

    def steps(self, proposal: Proposal) -> tuple[Step, ...]:
        """The way back that was approved."""
        return proposal.undo

    def intent(self, tx: Tx) -> str:
        """The one that was sealed when it was ordered."""
        return undo_of(tx, self._order)

    async def ready(self, doing: Trial) -> Ready:
        """Whether it is still ours to take back, and would be as it was."""
        leash, about = self._leash, doing.proposal
        if not await doing.sealed():
            raise refused("audit_first", "that it is to be taken back is not sealed")
        if (no := why_not_fenced(await leash.fences.amiss())) is not None:
            raise Stopped(Stop(refusals=(no,)))
        if why := await self._left_to_people(about, doing.entries):
            raise refused("undo", why)
        step, before = only(about.undo), await doing.before()
        if step is None or before is None:
            raise refused("undo", "there is no way back that one request could go")
        now = await placed(leash.hands, step)
        if why := "; ".join(refuses_undo(type(about.action).kind, about.undo, now)):
            raise refused("undo", why)
        if refusals := await self._judged(about, before, now, doing.entries):
            raise Stopped(Stop(refusals=refusals))
        fresh = None if isinstance(step, Create) else now
        after = await doing.rehearsed(step, fresh)
        if why := _otherwise(about, step, before.document, fresh, after):
            raise refused("effect", why)
        return Ready(step=step, fresh=fresh)

    async def _left_to_people(self, about: Proposal, entries: Sequence[Entry]) -> str:
        """Why it is not done without their word; empty if it is, or if this is their word. When it
        was done, whether that has helped, and whether a backup was restored since, the record says.
        """
        ordered = await asyncio.to_thread(self._ordered)
        if ordered is None:
            return "it is not kept any more"
        if restores.restored(self._leash, entries, about.id):
            return UNASKED
        if ordered.by != KEEPER:
            return ""
        watched = ordered.course.watched or Watched(applied=ordered.now)
        watched, _ = believed(watched, done(entries, about.step), ordered.now)
        late = as_sealed.given_up(entries, about.step)
        watched = msgspec.structs.replace(watched, given_up=late)
        if why := waits_for_a_person(watched, ordered.at, ordered.now, self._leash.timing):
            return why
        if not late:
            return ""
        recovery, cause = await how_it_does(self._leash, about, ordered.course)
        well = recovery.state is Health.WELL and cause is Verdict.ABSENT
        return "it does well by now" if well else ""

    def _ordered(self) -> "_Ordered | None":
        with self._leash.store.reading() as tx:
            entry = tx.records.entry(self.intent(tx))
            case = tx.cases.case(self._order.proposal)
            if entry is None or case is None:
                return None
            since = entry.details.get(SINCE, entry.time)  # older ones do not say
            return _Ordered(
                by=str(entry.details.get("by")),
                at=datetime.fromisoformat(str(since)),
                now=tx.now(),
                course=course_of(case.course),
            )

    async def _judged(
        self, about: Proposal, before: Sight, now: Document | None, entries: Sequence[Entry]
    ) -> tuple[Refusal, ...]:
        """The layers that hold for a way back too."""
        leash = self._leash
        other = await asyncio.to_thread(busy, leash, about.target, UNDER_WAY, about.id)
        if other is not None:
            return (other,)
        wanted = await asyncio.to_thread(self._wanted)
        again = await (given if wanted else counted_again)(leash, about, entries)
        seen = msgspec.structs.replace(before, document=now or before.document)
        ask = await ask_of(
            leash,
            about,
            Station.EXECUTION,
            seen=seen,
            effect=about.effect,
            assents=again.assents,
            now=again.now,
        )
        return again.told(as_refusals(decide(ask, WANTED_BACK if wanted else UNDONE_UNDER)))

    def _wanted(self) -> bool:
        """Whether a person who may decide it now wants it back."""
        with self._leash.store.reading() as tx:
            case = tx.cases.case(self._order.proposal)
            return case is not None and wanted_back(self._leash, tx, plan_of(case), self._order)

    def stands(self, tx: Tx, about: Proposal) -> tuple[Refusal, ...]:
        """A freeze stops it only where it says so."""
        del about
        why = switches.frozen_by(tx.switches.value(switches.FREEZE), undoing=True)
        return (Refusal(by="freeze", because=why),) if why else ()

    def begin(self, tx: Tx, case: Case, course: Course) -> Case | Refusal:
        """From here on it may have been taken back."""
        return moved(tx, case, Event.UNDO, self._now(), course)

    def stopped(self, tx: Tx, case: Case, course: Course, stop: Stop) -> Case | Refusal:
        """It is left as it is; until the way back began, what did not help may still heal late. A
        plan that a person wanted back on its way goes no further.
        """
        says = "; ".join(each.because for each in stop.refusals)
        refusals: list[Plain] = [{"by": e.by, "because": e.because} for e in stop.refusals]
        recalled = course.recalled
        course = msgspec.structs.replace(
            course, recalled=None, says=f"it is not taken back: {says}"
        )
        if case.state == State.UNDOING.value:
            self._record(tx, case, Event.UNDO_FAILED, refusals=refusals, alarm=stop.alarm)
            return moved(tx, case, Event.UNDO_FAILED, self._now(), course)
        told: dict[str, Plain] = {"event": UNDO_REFUSED, "step": self._order.step}
        record(self._leash, tx, OUTCOME, (case.id,), {**told, "refusals": refusals})
        wanted = case.state == State.APPLIED.value and recalled is not None
        if wanted and not _ends_the_plan(case, course):
            return halted_after(self._leash, tx, case, course, self._now(), course.says)
        if case.state == State.NOT_RECOVERED.value:
            self._has_a_look(tx, course)
        return noted(tx, case, self._now(), course)

    def ended(self, tx: Tx, case: Case, course: Course, answered: Answered) -> Case | Refusal:
        """It was taken back, or not, or nobody can tell yet: then it is looked for. What nobody
        will be able to tell counts as not.
        """
        event = _EVENTS[answered.came]
        self._record(tx, case, event, says=answered.says, observed=answered.observed)
        if event is Event.LOST:
            self._has_a_look(tx, course)
            course = msgspec.structs.replace(course, says=answered.says)
            return noted(tx, case, self._now(), course)
        course = msgspec.structs.replace(course, says=answered.says)
        if event is Event.UNDONE:
            return undone(self._leash, tx, case, course)
        return moved(tx, case, event, self._now(), course)

    def _has_a_look(self, tx: Tx, course: Course) -> None:
        """Somebody looks how it does: once more, or still."""
        look_unless_due(self._leash, tx, self._order, course.looks + 1)

    def _record(self, tx: Tx, case: Case, event: Event, **details: Plain) -> None:
        told: dict[str, Plain] = {"event": event.value, "step": self._order.step, **details}
        record(self._leash, tx, OUTCOME, (case.id,), told)

    def _now(self) -> datetime:
        return self._leash.clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """By whom it was ordered, and when; and how far it is now."""

    by: str
    at: datetime
    now: datetime
    course: Course


_EVENTS = {
    Came.DONE: Event.UNDONE,
    Came.DENIED: Event.UNDO_FAILED,
    Came.MOVED: Event.UNDO_FAILED,  # also the last time
    Came.OPEN: Event.LOST,  # it may be under way still
    Came.UNTOLD: Event.UNDO_FAILED,
}


def _ends_the_plan(case: Case, course: Course) -> bool:
    """Whether nothing would follow; after what nobody can read, nothing may."""
    try:
        return plan_of(case).at(course.step).ends_the_plan
    except BadRecord:
        return False


def _otherwise(
    about: Proposal,
    step: Step,
    before: Document,
    fresh: Document | None,
    after: Document | None,
) -> str:
    """Where the object would not be as it was; empty if it would."""
    kind = type(about.action).kind
    if after is None:
        return "no effect was computed"
    if not isinstance(step, Patch) or fresh is None:
        lost = [written(each.path) for each in effect(Document(value=before.asked()), after)]
        return f"{', '.join(lost)} would not be as before" if lost else ""
    more = [written(p) for p in beyond(computed(step, fresh, after) or (), kind.touches)]
    if more:
        return f"it would change {', '.join(more)} as well"
    whole = not step.subresource  # of a subresource, the places that both have were compared
    places = restored(kind, before, after) if whole else ()
    return f"{', '.join(places)} would not be as before" if places else ""

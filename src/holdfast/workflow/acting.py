"""The act: what people approved, done once, by an identity that can do nothing else.

Everything is judged again, on fresh reads, after the intent is sealed and before the lease is used:
the fences, the object by uid, the fields that it was judged by, each layer, and the effect that the
server computes. What is not as it was approved is refused, and says where.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from holdfast.execution.courses import Course, LastWords, Picture, pictured
from holdfast.execution.effects import computed, unlike
from holdfast.execution.lease_names import Purpose
from holdfast.execution.recovering import Watched
from holdfast.execution.states import Event, State
from holdfast.model import switches
from holdfast.model.asks import Ask, Refusal, Station
from holdfast.model.canonical import Plain, canonical
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Sight
from holdfast.model.steps import Delete, Evict, Step
from holdfast.policy import OF_WORDS, decide
from holdfast.ports import Tx
from holdfast.ports.engine import Phase
from holdfast.workflow.as_sealed import with_hash
from holdfast.workflow.asking import ask_of, intent_of
from holdfast.workflow.assenting import counted, counted_again
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
    refused,
)
from holdfast.workflow.doing import deed_phase
from holdfast.workflow.fenced import why_not_fenced
from holdfast.workflow.journal import sighted
from holdfast.workflow.last_words import last_words
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.looks import look_again
from holdfast.workflow.moving import moved
from holdfast.workflow.stakes import Weighed, seen_again
from holdfast.workflow.submitting import record
from holdfast.workflow.switching import acted
from holdfast.workflow.taking_back import OUTCOME, not_done
from holdfast.workflow.verdicts import as_refusals


def act_phase(held: Held) -> Phase:
    """The phase that does it."""

    return deed_phase(ACT, held, Act)


class Act:
    """What is approved."""

    purpose = Purpose.ACT
    begins_in = frozenset({State.APPROVED})
    goes_on_in = State.LEASED

    def __init__(self, leash: Leash, order: CaseOrder) -> None:
        self._leash = leash
        self._order = order
        self._said: LastWords | None = None
        self._asked: Ask | None = None  # what was judged last
        self._weighed: Weighed | None = None
        self._entries: Sequence[Entry] = ()  # what is sealed of it
        self._before: Picture | None = None  # as it was seen, whatever the row says of it

    def steps(self, proposal: Proposal) -> tuple[Step, ...]:
        """What was approved, and nothing that was computed since."""
        return proposal.steps

    def intent(self, tx: Tx) -> str:
        """The one that was sealed with the ticket."""
        return intent_of(tx, self._order.proposal, self._order.step)

    async def ready(self, doing: Trial) -> Ready:
        """Every check before the act. Whatever is looked at is looked at side by side."""
        leash, about = self._leash, doing.proposal
        if not await doing.sealed():
            raise refused("audit_first", "the intent is not sealed in the audit record")
        self._entries = doing.entries
        amiss, seen = await asyncio.gather(
            leash.fences.amiss(),
            self._sighted(about),
        )
        if (no := why_not_fenced(amiss)) is not None:
            raise Stopped(Stop(refusals=(no,)))
        if isinstance(seen, Refusal):
            raise Stopped(Stop(refusals=(seen,)))
        step = only(about.steps)
        if step is None:
            raise refused("execution", "it takes several requests: nobody could take that up")
        if other := "; ".join(_other(about, seen)):
            raise refused("time_of_use", other)
        if refusals := await self._judged(about, seen):
            raise Stopped(Stop(refusals=refusals))
        said = await self._last_words(step, seen)
        effect = computed(step, seen.document, await doing.rehearsed(step, seen.document))
        if effect is None:
            raise refused("effect", "the API server does not say what it would do")
        if other := "; ".join(unlike(about.effect, effect)):
            raise refused("effect", other)
        self._before = picture = pictured(seen)
        return Ready(step=step, fresh=seen.document, keep=_keeping(picture, said))

    async def _sighted(self, about: Proposal) -> Sight | Refusal:
        """A fresh sight. The risk is weighed with the first one, before there is a lease: it is
        judged by again with every other.
        """
        if self._weighed is not None:
            return await sighted(self._leash, about.action, about.target)
        again = await seen_again(self._leash, about)
        if isinstance(again, Refusal):
            return again
        self._weighed = again.weighed
        return again.seen

    async def _judged(self, about: Proposal, seen: Sight) -> tuple[Refusal, ...]:
        """All layers again, with everybody's word verified again."""
        other = await asyncio.to_thread(busy, self._leash, about.target, UNDER_WAY, about.id)
        if other is not None:
            return (other,)
        again = await counted_again(self._leash, about, self._entries)
        ask = await ask_of(
            self._leash,
            about,
            Station.EXECUTION,
            seen=seen,
            effect=about.effect,
            weighed=self._weighed,
            assents=again.assents,
            now=again.now,
        )
        self._asked = ask
        return again.told(as_refusals(decide(ask)))

    async def _last_words(self, step: Step, seen: Sight) -> LastWords | None:
        """What people will miss of what goes: read once, before there is a lease, so that all of it
        is judged again after that. Kubelets may take their time.
        """
        if self._said is None and isinstance(step, Evict | Delete):
            self._said = await last_words(self._leash, seen)
        return self._said

    def stands(self, tx: Tx, about: Proposal) -> tuple[Refusal, ...]:
        """Somebody may have frozen everything in the meantime, or lost his say; and time goes by
        while a server is asked what it would do.
        """
        if why := switches.frozen_by(tx.switches.value(switches.FREEZE)):
            return (Refusal(by="freeze", because=why),)
        if self._asked is None:
            return (Refusal(by="execution", because="nobody has judged it"),)
        leash, now = self._leash, tx.now()
        kept = tx.words.of(about.id, about.step)
        again = counted(leash, about, kept, now, self._entries)
        ask = msgspec.structs.replace(
            self._asked, assents=again.assents, now=now, rules=leash.rules()
        )
        return again.told(as_refusals(decide(ask, OF_WORDS)))

    def begin(self, tx: Tx, case: Case, course: Course) -> Case | Refusal:
        """From here on it may have been done."""
        return moved(tx, case, Event.LEASED, self._now(), course)

    def stopped(self, tx: Tx, case: Case, course: Course, stop: Stop) -> Case | Refusal:
        """Nothing was done."""
        says = "; ".join(each.because for each in stop.refusals)
        event = Event.FAILED if stop.failed else Event.REFUSED
        refusals: list[Plain] = [{"by": e.by, "because": e.because} for e in stop.refusals]
        self._record(tx, case, event, refusals=refusals, alarm=stop.alarm)
        course = msgspec.structs.replace(course, says=says)
        return not_done(self._leash, tx, case, event, course, self._now())

    def ended(self, tx: Tx, case: Case, course: Course, answered: Answered) -> Case | Refusal:
        """It was done, or was not, or nobody can tell yet: then it is looked for."""
        event = _EVENTS[answered.came]
        before = with_hash(self._before or course.before)
        self._record(tx, case, event, says=answered.says, observed=answered.observed, **before)
        course = msgspec.structs.replace(course, says=answered.says)
        if event is Event.APPLIED:
            return applied(self._leash, tx, case, course, self._order, Event.APPLIED)
        if event is Event.LOST:
            look_again(self._leash, tx, self._order, course.looks + 1)
            return moved(tx, case, event, self._now(), course)
        return not_done(self._leash, tx, case, event, course, self._now())

    def _record(self, tx: Tx, case: Case, event: Event, **details: Plain) -> None:
        told: dict[str, Plain] = {"event": event.value, "step": self._order.step, **details}
        record(self._leash, tx, OUTCOME, (case.id,), told)

    def _now(self) -> datetime:
        return self._leash.clock.now()


def _keeping(seen: Picture, said: LastWords | None) -> Callable[[Course], Course]:
    """What was there before, and what people will miss of what goes."""

    def keep(course: Course) -> Course:
        return msgspec.structs.replace(course, before=seen, last_words=said)

    return keep


_EVENTS = {
    Came.DONE: Event.APPLIED,
    Came.DENIED: Event.REFUSED,
    Came.MOVED: Event.FAILED,  # also the last time
    Came.OPEN: Event.LOST,
    Came.UNTOLD: Event.LOST,
}


def applied(
    leash: Leash, tx: Tx, case: Case, course: Course, order: CaseOrder, event: Event
) -> Case | Refusal:
    """It was done: its target is left alone for a while, and watched."""
    at = tx.now()
    acted(tx, plan_of(case).at(order.step).target.uid, leash.rules())
    look_again(leash, tx, order, course.looks + 1)
    since = course.act.sent.at if course.act.sent is not None else at
    begun = since if event is Event.FOUND_DONE else at
    watched = Watched(applied=begun, timing=leash.timing)
    return moved(tx, case, event, at, msgspec.structs.replace(course, watched=watched))


def _other(about: Proposal, seen: Sight) -> Iterator[str]:
    """What is not as it was when people approved it."""
    kind = type(about.action).kind
    if seen.document.read_hash(kind.reads) != about.read_hash:
        yield "what it was judged by has changed since it was proposed"
        return
    if _content(about, steps=about.action.steps(seen)) != _content(about):
        yield "what would be sent now is not what was approved"
    if _content(about, undo=about.action.undo(seen)) != _content(about):
        yield "what would take it back now is not what was approved"


def _content(about: Proposal, **other: tuple[Step, ...]) -> bytes:
    """What people would have approved, had these been its requests."""
    return canonical(msgspec.structs.replace(about, **other).content())

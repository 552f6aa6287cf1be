"""One request to the cluster, sent once: acts and undos go the same way.

1. It is claimed by one run, and the name of its lease is allotted to that run alone. What the
   record knows to have been begun is not begun again, whatever the rows say.
2. What it spends is witnessed outside the database. Everything is judged again on fresh reads, the
   lease is lent, and the request rehearsed.
3. That it is about to be sent is sealed, with what must be known afterwards; then it is sent.
4. What came of it is kept. What nobody heard an answer to is never sent again: its lease is taken
   back, and the cluster is looked at. Only what certainly was not done may be tried again.
5. The lease is cut off. That it is over is seen to by another run: no one waits here for that.

A run that another process began goes the same way: what was kept is not done again, and what the
record says was about to be sent counts as sent. What rows say that the API server answered is not
believed: whoever did not hear it himself looks at the cluster.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from holdfast.errors import NOT_NOW, BadInput, BadRecord, CouldNotLook, WorkFailed
from holdfast.execution.courses import Course, Sending, sight_of
from holdfast.execution.courses import read as course_of
from holdfast.execution.lease_names import Purpose
from holdfast.execution.observing import Asked, asked
from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.documents import Document
from holdfast.model.entries import Entry
from holdfast.model.ordered import EXECUTE, CaseOrder, RevokeOrder
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Sight
from holdfast.model.steps import Step
from holdfast.ports import Denied, Done, How, Tx
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.workflow.as_sealed import LEASE
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.deeds import (
    Answered,
    Came,
    Deed,
    MovedOn,
    Ready,
    Stop,
    Stopped,
    failed,
    only,
    placed,
    refused,
    told,
)
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.lending import allot
from holdfast.workflow.moving import hold, must, noted
from holdfast.workflow.on_record import OnRecord
from holdfast.workflow.own_leases import OwnLease
from holdfast.workflow.rehearsing import without_values
from holdfast.workflow.revoking import gone, order_revoke
from holdfast.workflow.sendings import about_to_send
from holdfast.workflow.submitting import record

READS = 10  # how often what moves is read again before it is sent
ROUNDS = 5  # how often what has moved is read again and judged again
PACE = 0.05  # seconds
CLAIM = "claim"
GO, AGAIN, STOPPED = "go", "again", "stopped"


@dataclass(slots=True, kw_only=True)
class Doing:
    """One run of one deed, by one process."""

    leash: Leash
    attempt: Attempt
    order: CaseOrder
    deed: Deed
    proposal: Proposal = field(init=False)
    lease: OwnLease = field(init=False)
    _entry: str = ""  # says what this process is about to send
    on_record: OnRecord = field(init=False)

    def __post_init__(self) -> None:
        self.on_record = OnRecord(self.leash, self.order, self.deed)

    async def run(self) -> str:
        """To its end. Raises what keeps it from going on; whoever takes it up looks first."""
        before = await asyncio.to_thread(self.on_record.begun_before)
        claimed = await self.attempt.commit(CLAIM, lambda tx: self._claim(tx, before))
        if claimed != GO:
            return claimed
        case = await self._case()
        self.proposal = plan_of(case).at(self.order.step)
        account = self._sending(self._own(case)).lease
        said = AGAIN
        async with AsyncExitStack() as stack:
            self.lease = OwnLease(self.leash, self.attempt, self.proposal, account, stack)
            for number in range(1, ROUNDS + 1):
                said = await self._round(number)
                if said != AGAIN:
                    break
        await self._give_back()
        return said

    # 1. the claim

    def _claim(self, tx: Tx, before: str) -> str:
        case = hold(tx, self.order.proposal)
        if case is None or case.state not in {each.value for each in self.deed.begins_in}:
            return "it is not to be done now"
        at = self.leash.clock.now()
        try:
            course = course_of(case.course)
        except BadRecord as odd:
            return self._not_begun(tx, case, Course(), odd.wrong)
        if course.step != self.order.step:
            return "another step is to be done now"
        proposal = before or self._approved(case)
        if isinstance(proposal, str):
            return self._not_begun(tx, case, course, proposal)
        key = _claim_of(self.order, self.deed.purpose)
        if not tx.once.spend(CLAIM, key, self.attempt.run, at):
            return "another run has claimed it"
        kind, target = type(proposal.action).kind, proposal.target
        account = allot(tx, self.deed.purpose, kind, target.uid, run=self.attempt.run, at=at)
        course = self._with(course, Sending(run=self.attempt.run, lease=account))
        must(noted(tx, case, at, course))
        details: dict[str, Plain] = {"account": account, "step": self.order.step}
        record(self.leash, tx, LEASE, (proposal.id,), details)
        return GO

    def _approved(self, case: Case) -> Proposal | str:
        """What people approved, or why nobody can read that."""
        try:
            return plan_of(case).at(self.order.step)
        except BadRecord as odd:
            return odd.wrong

    def _not_begun(self, tx: Tx, case: Case, course: Course, why: str) -> str:
        stop = Stop(refusals=(Refusal(by="record", because=why),))
        must(self.deed.stopped(tx, case, course, stop))
        return STOPPED

    # 2. and 3. judged, and about to be sent

    async def _round(self, number: int) -> str:
        found: Ready | Stop | None = None
        wrote = False
        case = await self._case()
        waits = State(case.state) in self.deed.begins_in | {self.deed.goes_on_in}
        waits = waits and course_of(case.course).step == self.order.step
        if waits and self._sending(self._own(case)).rounds < number:
            found = await self._found()

        def ready(tx: Tx) -> str:
            nonlocal wrote
            wrote = True
            return self._ready(tx, found, number)

        said = await self.attempt.commit(f"ready {number}", ready)
        if said != GO:
            return said

        heard: list[Answered] = []

        async def send() -> Answered:
            if wrote and isinstance(found, Ready):
                heard.append(await self._sent(found))
            else:
                heard.append(await self._looked(waiting=True))
            return heard[-1]

        await self.attempt.step(f"send {number}", send)
        answered = heard[-1] if heard else await self._looked_if_open(number)
        if why := await asyncio.to_thread(self.on_record.never_begun, self.proposal):
            raise WorkFailed(
                f"Nothing is said to have come of {self.order.proposal}: {why}.",
                remedy="See who can write into the database; nothing more is done for it.",
            )
        last = number == ROUNDS
        return await self.attempt.commit(
            f"outcome {number}", lambda tx: self._outcome(tx, answered, last=last)
        )

    async def _found(self) -> Ready | Stop:
        try:
            await self.lease.alone()
            for _ in range(READS):
                hands = self.lease.hands
                try:
                    return await self.deed.ready(self)
                except MovedOn:
                    if hands is self.lease.hands:  # else a lease was lent meanwhile
                        await asyncio.sleep(PACE)
            raise failed("it moves faster than it can be judged")
        except Stopped as stopped:
            return stopped.stop
        except CouldNotLook as nobody:
            return failed(nobody.wrong).stop

    def _ready(self, tx: Tx, found: Ready | Stop | None, number: int) -> str:
        case, course = self._kept(tx)
        where = self.deed.begins_in if number == 1 else {self.deed.goes_on_in}
        here = State(case.state) in where and course.step == self.order.step
        tx.require_none_planted()  # what forbids it may have been swallowed
        if found is None or not here:
            return STOPPED  # somebody else has ended it in between
        if isinstance(found, Ready) and (refusals := self.deed.stands(tx, self.proposal)):
            found = Stop(refusals=refusals)
        if isinstance(found, Stop):
            must(self.deed.stopped(tx, case, course, found))
            return STOPPED
        sending = self._sending(course)
        sent = asked(found.step, found.fresh, tx.now())
        self._entry = about_to_send(self.leash, tx, self.order, self.lease.account, sent)
        sending = msgspec.structs.replace(sending, rounds=number, sent=sent, entry=self._entry)
        course = self._with(found.keep(course), sending)
        if number == 1:
            must(self.deed.begin(tx, case, course))
        else:
            must(noted(tx, case, self.leash.clock.now(), course))
        return GO

    # 4. sent, once, or looked for

    async def _sent(self, ready: Ready) -> Answered:
        hands = self.lease.hands
        if hands is None:
            raise WorkFailed("There is no lease to act by.", remedy="Report this, please.")
        if why := await self._unannounced():
            self.on_record.certainly_not([self._entry])
            return Answered(came=Came.MOVED, says=f"it was not sent: {why}")
        try:
            outcome = await hands.send(ready.step, ready.fresh, How.ACT)
        except BadInput as misfit:
            return Answered(came=Came.DENIED, says=misfit.wrong)
        match outcome:
            case Done():
                return Answered(came=Came.DONE, says="the API server has done it")
            case Denied() if outcome.conflict:
                self.on_record.certainly_not([self._entry])
                return Answered(came=Came.MOVED, says=_said(outcome.says, ready))
            case Denied():
                said = _said(outcome.says, ready)
                return Answered(came=Came.DENIED, says=f"the API server says no: {said}")
            case _:
                found = await self._looked(waiting=False)
                says = f"{found.says} (no answer was heard: {_said(outcome.why, ready)})"
                return msgspec.structs.replace(found, says=says)

    async def _unannounced(self) -> str:
        """Why the record does not say that it is about to be sent, or what forbids it since; empty
        if nothing stands against it.
        """
        try:
            if not await self.on_record.sends(self.proposal, self._entry):
                return "the record does not say in time that it is about to be"
            refusals = await asyncio.to_thread(self._stands)
        except (Stopped, BadRecord, *NOT_NOW) as unknown:
            return str(unknown)
        return "; ".join(each.because for each in refusals)

    def _stands(self) -> tuple[Refusal, ...]:
        with self.leash.store.reading() as tx:
            return self.deed.stands(tx, self.proposal)

    async def _looked(self, *, waiting: bool) -> Answered:
        """What the cluster shows, once nothing can be done by that lease any more: to be cut off is
        not enough, for whoever was let in before may be under way still.
        """
        over = not await self.lease.taken_back()
        step = only(self.deed.steps(self.proposal))
        try:
            sent = await self.on_record.may_be_sent(self.proposal, await self._announced())
        except BadRecord as odd:
            raise WorkFailed(odd.wrong, remedy=odd.remedy) from None
        if not sent or step is None:
            return Answered(came=Came.MOVED, says="it was never sent", observed=True)
        seen = await self._shown(step, sent, over=False)
        if seen.came is Came.OPEN and over:
            last = max(each.at for each in sent.values())
            seen = await self._shown(step, sent, over=await self._settles(last, waiting=waiting))
        if seen.came is Came.MOVED:
            self.on_record.certainly_not(sent)
        return seen

    async def _shown(self, step: Step, sent: Mapping[str, Asked], *, over: bool) -> Answered:
        try:
            now = await placed(self.leash.hands, step)
        except CouldNotLook as nobody:
            return Answered(came=Came.OPEN, says=nobody.wrong, observed=True)
        return told(step, sent.values(), now, over=over)

    async def _looked_if_open(self, number: int) -> Answered | None:
        """The same, for what this process did not send; None where its case has gone on since, so
        that an outcome is kept already.
        """
        case = await self._case()
        there = State(case.state) is self.deed.goes_on_in
        if not there or self._sending(self._own(case)).rounds > number:
            return None
        return await self._looked(waiting=True)

    async def _announced(self) -> str:
        """The entry that somebody else may have handed in, and that is not sealed yet."""
        return self._sending(self._own(await self._case())).entry

    async def _settles(self, sent: datetime, *, waiting: bool) -> bool:
        """Whether every API server has let go by now of what was sent then, by the store's time. It
        is waited for no longer than that takes, whatever clock that was: since this run has it,
        nobody else sends anything of it.
        """
        takes, time = self.leash.timing.settled, asyncio.get_running_loop().time

        def over() -> bool:
            with self.leash.store.reading() as tx:
                return tx.now() >= sent + takes

        ends = time() + takes.total_seconds()
        while not await asyncio.to_thread(over):
            if not waiting or time() >= ends:
                return waiting
            await asyncio.sleep(PACE)
        return True

    def _outcome(self, tx: Tx, answered: Answered | None, *, last: bool) -> str:
        case, course = self._kept(tx)
        if course.step != self.order.step or answered is None:
            raise WorkFailed(
                f"{case.id} is {case.state} at step {course.step}: step {self.order.step} is not "
                "under way any more.",
                remedy="Others have gone on with it; nothing more is done by this run.",
            )
        if answered.came is Came.MOVED and not last:
            course = msgspec.structs.replace(course, says=answered.says)
            must(noted(tx, case, self.leash.clock.now(), course))
            return AGAIN
        must(self.deed.ended(tx, case, course, answered))
        return answered.came.value

    # 5. cut off

    async def _give_back(self) -> None:
        await self.lease.cut_off()
        await self.attempt.commit("given back", self._given_back)

    def _given_back(self, tx: Tx) -> None:
        self.lease.end_shown(tx)
        if not self.lease.account:
            return
        order = RevokeOrder(
            account=self.lease.account,
            namespaces=(self.proposal.target.namespace,),
            proposal=self.proposal.id,
            step=self.order.step,
        )
        if self.lease.may_stand:
            order_revoke(self.leash, tx, order)
        else:
            gone(self.leash, tx, order)

    # for the deeds

    async def rehearsed(self, step: Step, fresh: Document | None) -> Document | None:
        """What the server says that would come of it, asked for by the lease."""
        return await self.lease.rehearsed(step, fresh)

    async def before(self) -> Sight | None:
        """What was there before the act."""
        picture = self._own(await self._case()).before
        if why := self.on_record.other_before(picture):
            raise refused("record", why)
        return sight_of(picture) if picture is not None else None

    @property
    def entries(self) -> Sequence[Entry]:
        """What is sealed of it."""
        return self.on_record.entries

    async def sealed(self) -> bool:
        """Whether it is in the chain that exactly this is to be done."""
        return await self.on_record.sealed(self.proposal)

    async def _case(self) -> Case:
        return await asyncio.to_thread(self._read)

    def _read(self) -> Case:
        with self.leash.store.reading() as tx:
            return self._there(tx.cases.case(self.order.proposal))

    def _kept(self, tx: Tx) -> tuple[Case, Course]:
        """The case as it is, and stays while this transaction lasts."""
        case = self._there(hold(tx, self.order.proposal))
        return case, course_of(case.course)

    def _own(self, case: Case) -> Course:
        """The course of the step that this is about; its case may have gone on since."""
        return course_of(case.course).at(self.order.step) or Course()

    def _there(self, case: Case | None) -> Case:
        if case is None:
            raise WorkFailed(
                f"{self.order.proposal} is not kept any more.",
                remedy="No state is left so: ask who.",
            )
        return case

    def _sending(self, course: Course) -> Sending:
        return course.act if self.deed.purpose is Purpose.ACT else course.undo

    def _with(self, course: Course, sending: Sending) -> Course:
        part = "act" if self.deed.purpose is Purpose.ACT else "undo"
        changed = {part: sending, "step": self.order.step, "generation": self.order.generation}
        return msgspec.structs.replace(course, **changed)


def claimed_by(tx: Tx, order: CaseOrder, purpose: Purpose) -> str | None:
    """Which run has begun it; None if none has."""
    return tx.once.spent(CLAIM, _claim_of(order, purpose))


def _claim_of(order: CaseOrder, purpose: Purpose) -> str:
    return f"{order.key}/{purpose.value}"


def deed_phase(name: str, held: Held, deed: Callable[[Leash, CaseOrder], Deed]) -> Phase:
    """The phase of one sort of deeds."""

    @phase(name, queue=EXECUTE, takes=CaseOrder)
    async def do(attempt: Attempt, order: CaseOrder) -> str:
        leash = held()
        return await Doing(leash=leash, attempt=attempt, order=order, deed=deed(leash, order)).run()

    return do


def _said(words: str, ready: Ready) -> str:
    return without_values(words, ready.step, ready.fresh)

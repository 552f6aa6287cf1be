"""A person's yes: judged by all layers, counted with those before it, and kept with what it costs.

- Those before are verified again, by their signatures and the people file of now: a row that keeps
  a yes is no proof of one. Whoever was revoked since counts no more, nor does what is not sealed.
- One person says yes once, through whatever channel, and pays for it once.
- When nothing is wanted any more, what was approved is set going in the same transaction.
- Of a plan each step is approved by itself, and the first is done when nothing is wanted of any:
  what people said of the other steps must hold still when the last word comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.approvals.budgets import paid
from holdfast.model.asks import Assent, Refusal, Station, Verdict, What
from holdfast.model.cases import Case, Word
from holdfast.model.entries import Draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.proposals import Proposal
from holdfast.policy import OF_WORDS, decide
from holdfast.ports import Tx
from holdfast.workflow.answers import REFUSED, Answer, TooLate
from holdfast.workflow.asking import BUDGET, Fresh, ask_in
from holdfast.workflow.assenting import Counted, counted
from holdfast.workflow.budgets import take
from holdfast.workflow.issuing import set_going
from holdfast.workflow.matters import BY, Matter
from holdfast.workflow.planning import of_step
from holdfast.workflow.verdicts import VERDICT, as_refusals, because, told
from holdfast.workflow.yeses import APPROVAL

APPROVED, COUNTED = "approved", "counted"
"""What becomes of a yes: it was the last that was wanted, or others are still wanted."""

ASSENTED = "assented"
"""What a step is spent as once everybody who must has approved it."""


def said_before(person: str) -> str:
    """Why a second yes of one person to one step is refused."""
    return f"{person} has said yes to it before"


class Unsealed(Exception):
    """Somebody's yes is kept, and the record, as it was read, does not have it: nothing of this
    transaction is kept.
    """

    def __init__(self, no: Refusal) -> None:
        super().__init__(no.because)
        self.no = no


def _key(about: Proposal) -> str:
    return f"{about.id}/{about.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Yes:
    """One yes that is being judged, on the case that its transaction holds."""

    matter: Matter
    case: Case
    assent: Assent
    looked: Fresh
    now: datetime

    def answer(self, tx: Tx) -> Answer:
        """What becomes of it."""
        about, leash = self.matter.about, self.matter.leash
        earlier = tx.words.of(about.id, about.step)
        if (no := self._unfit(earlier)) is not None:
            return self.matter.no(no)
        assents = (*self._said(about, earlier).assents, self.assent)
        verdict = decide(
            ask_in(
                tx,
                leash,
                about,
                Station.APPROVAL,
                looked=self.looked,
                effect=about.effect,
                assents=assents,
                now=self.now,
            )
        )
        if verdict.refusals:
            return self._refused(verdict)
        return self._counted(verdict, assents, self._others(tx))

    def _said(self, about: Proposal, kept: Sequence[Word]) -> Counted:
        """Who has said yes to that step before. Raises `Unsealed` where the record, as it was read
        last, does not have the word of one of them.
        """
        again = counted(self.matter.leash, about, kept, self.now, self.matter.entries)
        if again.unsealed:
            raise Unsealed(again.unsealed[0])
        return again

    def _unfit(self, earlier: Sequence[Word]) -> Refusal | None:
        about, person = self.matter.about, self.assent.person
        if any(each.person == person for each in earlier):
            return Refusal(by="approvals", because=said_before(person))
        reads = type(about.action).kind.reads
        if self.looked.seen.document.read_hash(reads) != about.read_hash:
            because = "what it was judged by has changed since it was proposed: propose it again"
            return Refusal(by="time_of_use", because=because)
        return None

    def _refused(self, verdict: Verdict) -> Answer:
        person, about = self.assent.person, self.matter.about
        details = {
            "proposal": about.id,
            "step": about.step,
            "person": person,
            "by": verdict.refusals[0].by,
            "because": because(verdict),
            **told(Station.APPROVAL, verdict),
        }
        return Answer(
            outcome=REFUSED, kind=VERDICT, actor="keeper", subjects=(about.id,), details=details
        )

    def _others(self, tx: Tx) -> Sequence[str]:
        """The other steps of its plan that not everybody who must has approved yet."""
        wanting = (each for each in self.matter.plan.steps if each.step != self.matter.about.step)
        return [
            f"{What.APPROVAL.value}: step {each.step} is not approved yet"
            for each in wanting
            if tx.once.spent(ASSENTED, _key(each)) is None
        ]

    def _counted(
        self, verdict: Verdict, assents: tuple[Assent, ...], others: Sequence[str]
    ) -> Answer:
        matter = self.matter
        all_have = verdict.allows and not others

        def keep(tx: Tx) -> None:
            self._pay(tx)
            self._keep(tx)
            self._record(tx, verdict)
            if verdict.allows:
                tx.once.spend(ASSENTED, _key(matter.about), matter.letter.id, self.now)
            if all_have:
                set_going(tx, matter.leash, self.case, matter.plan.first, self._first(tx, assents))

        return Answer(
            outcome=APPROVED if all_have else COUNTED,
            kind=APPROVAL,
            actor=self.assent.person,
            subjects=(matter.about.id,),
            details={
                **matter.proof(self.assent.person),
                "proof": self.assent.proof.value,
                "still": [
                    *(f"{each.what.value}: {each.because}" for each in verdict.needs),
                    *others,
                ],
            },
            does=keep,
        )

    def _first(self, tx: Tx, assents: Sequence[Assent]) -> Sequence[Assent]:
        """Who has approved the step that is done first, once everybody's word for each of the
        others counts still: by its signature, its time, and the rules of now.
        """
        matter, first = self.matter, self.matter.plan.first
        of: dict[int, Sequence[Assent]] = {matter.about.step: assents}
        for each in matter.plan.steps:
            if each.step in of:
                continue
            again = self._said(each, tx.words.of(each.id, each.step))
            ask = ask_in(
                tx,
                matter.leash,
                each,
                Station.APPROVAL,
                looked=self.looked,  # at another target: these layers look at none
                effect=each.effect,
                assents=again.assents,
                now=self.now,
            )
            if no := again.told(as_refusals(decide(ask, OF_WORDS))):
                raise TooLate(of_step(no[0], each.step))
            of[each.step] = again.assents
        return of[first.step]

    def _pay(self, tx: Tx) -> None:
        person, about = self.assent.person, self.matter.about
        of_class = type(about.action).kind.of_class
        per_hour = self.matter.leash.rules().allowance(of_class)
        if not take(tx.buckets, person, of_class, per_hour, self.now):
            no = f"{person} has no approval of class {of_class.value} left for now"
            raise TooLate(Refusal(by="budget", because=no))
        key = paid(about.id, about.step, person)
        if not tx.once.spend(BUDGET, key, self.matter.letter.id, self.now):
            no = f"{person} has paid for it before, and no yes of that is kept: propose it again"
            raise TooLate(Refusal(by="budget", because=no))

    def _keep(self, tx: Tx) -> None:
        word = Word(
            proposal=self.matter.about.id,
            step=self.matter.about.step,
            person=self.assent.person,
            statement=self.matter.handed.statement,
            signature=self.matter.handed.signature,
            assent=msgspec.json.encode(self.assent).decode(),
            at=self.now,
        )
        if not tx.words.add(word):
            raise TooLate(Refusal(by=BY, because=said_before(word.person)))

    def _record(self, tx: Tx, verdict: Verdict) -> None:
        leash, about = self.matter.leash, self.matter.about
        details = {
            "proposal": about.id,
            "step": about.step,
            "person": self.assent.person,
            **told(Station.APPROVAL, verdict),
        }
        id_ = new_id("ent", self.now, leash.dice.roll(RANDOM))
        tx.records.submit(
            Draft(id=id_, kind=VERDICT, actor="keeper", subjects=(about.id,), details=details)
        )

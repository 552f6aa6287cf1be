"""One letter that people signed, what it is about, and what was seen of the cluster for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.approvals import words
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.statements import Decision
from holdfast.approvals.words import Dissent, Recall
from holdfast.errors import BadRecord, StoreRefused
from holdfast.model.asks import Assent, Refusal
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.handed import Handed
from holdfast.model.letters import Letter
from holdfast.model.plans import Plan
from holdfast.model.proposals import Proposal
from holdfast.ports import Tx
from holdfast.workflow.answers import Answer, TooLate, refused
from holdfast.workflow.asking import Fresh
from holdfast.workflow.leash import Leash
from holdfast.workflow.moving import hold

BY = "deciding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One letter, and what it is about."""

    leash: Leash
    letter: Letter
    handed: Handed
    decision: Decision
    about: Proposal  # the step that it is about
    plan: Plan
    entries: Sequence[Entry] = ()  # what is sealed of it
    looked: Fresh | Refusal | None = None

    @property
    def word(self) -> SignedWord:
        """What somebody signed."""
        return SignedWord(statement=self.handed.statement.encode(), signature=self.handed.signature)

    def no(self, no: Refusal) -> Answer:
        """It is refused."""
        return refused(self.letter, no, (self.about.id,))

    def proof(self, person: str) -> dict[str, Plain]:
        """What an auditor verifies again: who said what of which proposal."""
        return {
            "proposal": self.about.id,
            "step": self.about.step,
            "digest": self.about.digest,
            "person": person,
            "statement": self.handed.statement,
            "signature": self.handed.signature,
        }

    def said(self, now: datetime) -> Assent | Dissent | Recall | Refusal:
        """Who says what, at that moment."""
        leash = self.leash
        return words.heard(
            self.word,
            about=self.about,
            step=self.about.step,
            people=leash.people(),
            check=leash.ssh_check,
            now=now,
        )


def held(tx: Tx, id_: str) -> Case:
    """The case, which nobody else moves before this transaction ends."""
    try:
        case = hold(tx, id_)
    except (StoreRefused, BadRecord):
        case = None
    if case is None:
        raise TooLate(Refusal(by=BY, because="others are deciding on it: try again"))
    return case

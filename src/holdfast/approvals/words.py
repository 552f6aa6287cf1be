"""From what somebody handed in to a person's word, or to the reason why it is none.

A yes that is kept is worth what its signature is worth: whoever needs it again verifies it again,
under the people file of that moment.
"""

from datetime import datetime

import msgspec

from holdfast.approvals import statements
from holdfast.approvals.signed import NOT_ANY_MORE, SignedWord, refused, revoked, signer
from holdfast.approvals.statements import Decision, Statement
from holdfast.errors import BadRecord
from holdfast.model.asks import Assent, Proof, Refusal
from holdfast.model.cases import Word
from holdfast.model.people import People, Person
from holdfast.model.proposals import Proposal
from holdfast.model.ssh import SshCheck
from holdfast.model.times import stamp


class Dissent(msgspec.Struct, frozen=True, kw_only=True):
    """A person's no, and why."""

    person: str
    reason: str


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """A person wants taken back what was done."""

    person: str
    groups: frozenset[str]
    reason: str


def heard(
    word: SignedWord,
    *,
    about: Proposal,
    step: int,
    people: People,
    check: SshCheck,
    now: datetime,
) -> Assent | Dissent | Recall | Refusal:
    """What a person says of that step of that proposal, by the server's clock."""
    signed = _signed(word, about, step, people, check)
    if isinstance(signed, Refusal):
        return signed
    said, person = signed
    because = NOT_ANY_MORE if revoked(person, now) else _not_now(said, about, now)
    if because:
        return refused(f"{person.id}: {because}")
    match said.decision:
        case Decision.REJECT:
            return Dissent(person=person.id, reason=said.reason)
        case Decision.UNDO:
            groups = frozenset(person.groups)
            return Recall(person=person.id, groups=groups, reason=said.reason)
        case Decision.APPROVE:
            return _assent(said, person, about, now)


def given(word: Word, *, about: Proposal, people: People, check: SshCheck) -> Assent | Refusal:
    """A yes that was taken earlier, verified again: the row that keeps it is no proof. It is as it
    was then, whatever became since of who gave it.

    When it came is what the row says; who said what is what the signature says.
    """
    try:
        taken = msgspec.json.decode(word.assent, type=Assent).at
        again = SignedWord(statement=word.statement.encode(), signature=word.signature)
    except (msgspec.MsgspecError, UnicodeError):
        return refused(f"the approval of {word.person} cannot be read")
    signed = _signed(again, about, word.step, people, check)
    if isinstance(signed, Refusal):
        return signed
    said, person = signed
    if because := _not_now(said, about, taken):
        return refused(f"{person.id}: {because}")
    theirs = said.decision is Decision.APPROVE and person.id == word.person
    if not theirs or taken != word.at:
        return refused(f"what is kept as the approval of {word.person} is none")
    return _assent(said, person, about, taken)


def remembered(
    word: Word, *, about: Proposal, people: People, check: SshCheck, now: datetime
) -> Assent | Refusal:
    """The same, of whoever may still say so."""
    said = given(word, about=about, people=people, check=check)
    if isinstance(said, Refusal):
        return said
    person = people.by_id(said.person)
    if person is None or revoked(person, max(now, said.at)):
        return refused(f"{said.person}: {NOT_ANY_MORE}")
    return said


def _signed(
    word: SignedWord, about: Proposal, step: int, people: People, check: SshCheck
) -> tuple[Statement, Person] | Refusal:
    """What was signed, of that step of that proposal, and by whom."""
    try:
        said = statements.read(word.statement)
    except BadRecord as odd:
        return refused(odd.wrong)
    person = signer(word, statements.NAMESPACE, people, check)
    if isinstance(person, Refusal):
        return person
    if because := _elsewhere(said, about, step):
        return refused(f"{person.id}: {because}")
    return said, person


def _assent(said: Statement, person: Person, about: Proposal, now: datetime) -> Assent:
    return Assent(
        person=person.id,
        groups=frozenset(person.groups),
        proof=Proof.SSH,
        digest=said.digest,
        at=now,
        until=about.open_until,
    )


def _elsewhere(said: Statement, about: Proposal, step: int) -> str:
    """Why it is not about this."""
    if said.cluster != about.cluster:
        return "that is about another cluster"
    if said.proposal != about.id:
        return f"that is about {said.proposal[:40]}, and not about {about.id}"
    if said.step != step:
        return f"that is about step {said.step}, and not about step {step}"
    if said.digest != about.digest:
        return "the proposal is not the one that was signed"
    if said.decision is not Decision.UNDO and stamp(said.until) != stamp(about.open_until):
        return f"that holds until {stamp(said.until)}, and not as long as {about.id} is open"
    return ""


def _not_now(said: Statement, about: Proposal, now: datetime) -> str:
    """Why it does not count at this moment."""
    if said.decision is Decision.UNDO and now >= said.until:
        return "that held until a time that has passed"
    if said.decision is not Decision.UNDO and now >= about.open_until:
        return "the proposal is not open any more"
    if said.decision is not Decision.APPROVE and not said.reason.strip():
        return "a rejection says why" if said.decision is Decision.REJECT else "an undo says why"
    return ""

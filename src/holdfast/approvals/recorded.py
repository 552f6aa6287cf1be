"""What people signed, as the record keeps it: whoever has the people file verifies it again.

Nothing that we say of it is believed: who said it follows from the key in the people file, what was
said from the statement that the key signed. Where the entry says otherwise, the entry is false.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import msgspec

from holdfast.approvals import statements, thaws
from holdfast.approvals.signed import SignedWord, revoked, signer
from holdfast.approvals.statements import Decision
from holdfast.errors import BadRecord
from holdfast.model.asks import Refusal
from holdfast.model.entries import Entry
from holdfast.model.handed import Handed
from holdfast.model.people import People, Person
from holdfast.model.ssh import SshCheck

SIGNED: Mapping[str, Decision] = MappingProxyType(
    {"approval": Decision.APPROVE, "rejection": Decision.REJECT, "undo": Decision.UNDO}
)
"""The kinds of entries that hold a person's word on a proposal, and what that word must be."""

THAWED = "thawed"

WORDS = frozenset({*SIGNED, THAWED})
"""The kinds of entries that are a person's word, and nobody's without a signature."""

PROOF = ("statement", "signature")
"""The details that a word is verified by."""

SEALED_WITHIN = timedelta(minutes=10)
"""A word is judged before it is sealed: it may have run out meanwhile, by no more than this."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word that holds."""

    person: str
    what: str  # `approve`, ..., `thaw`
    about: str  # the proposal, or the switch


def handed_in(details: Mapping[str, object]) -> Handed | None:
    """What stands there as signed, whoever did and if anybody; None where nothing does."""
    try:
        return msgspec.convert({name: details.get(name) for name in PROOF}, Handed)
    except msgspec.ValidationError:
        return None


def said_in(entry: Entry, people: People, check: SshCheck) -> Said | Refusal | None:
    """Who said what in an entry, or why nobody did; None for one that is of no such kind."""
    if entry.kind not in WORDS:
        return None
    handed = handed_in(entry.details)
    if handed is None:
        return _false(f"it names {entry.actor[:60]}, and holds no statement with a signature")
    try:
        word = SignedWord(statement=handed.statement.encode(), signature=handed.signature)
        judge = _thaw if entry.kind == THAWED else _word
        return judge(entry, word, people, check)
    except BadRecord as odd:
        return _false(odd.wrong)
    except UnicodeError:
        return _false("its statement is no text")


def _word(entry: Entry, word: SignedWord, people: People, check: SshCheck) -> Said | Refusal:
    person = signer(word, statements.NAMESPACE, people, check)
    if isinstance(person, Refusal):
        return person
    said, told = statements.read(word.statement), entry.details
    claimed = {
        "cluster": (said.cluster, entry.cluster),
        "proposal": (said.proposal, told.get("proposal")),
        "digest": (said.digest, told.get("digest")),
        "step": (said.step, told.get("step")),
        "decision": (said.decision, SIGNED[entry.kind]),
    }
    because = _otherwise(claimed) or _not_then(entry, person, said.until)
    if because:
        return _false(f"{person.id}: {because}")
    return Said(person=person.id, what=said.decision.value, about=said.proposal)


def _thaw(entry: Entry, word: SignedWord, people: People, check: SshCheck) -> Said | Refusal:
    person = signer(word, thaws.NAMESPACE, people, check)
    if isinstance(person, Refusal):
        return person
    said = thaws.read(word.statement)
    claimed = {
        "cluster": (said.cluster, entry.cluster),
        "switch": (said.switch, entry.details.get("switch")),
    }
    because = _otherwise(claimed) or _not_then(entry, person, said.until)
    if because:
        return _false(f"{person.id}: {because}")
    return Said(person=person.id, what="thaw", about=said.switch)


def _otherwise(claimed: Mapping[str, tuple[object, object]]) -> str:
    """What the entry says otherwise than the statement."""
    odd = [name for name, (signed, told) in claimed.items() if signed != told]
    return f"what was signed is about another {', '.join(odd)}" if odd else ""


def _not_then(entry: Entry, person: Person, until: datetime) -> str:
    """Why it was nobody's word when it was sealed."""
    if entry.actor != person.id or entry.details.get("person", person.id) != person.id:
        return f"the entry names {entry.actor}"
    try:
        sealed = datetime.fromisoformat(entry.time).astimezone(UTC)
    except ValueError:
        return "nobody can read when it was sealed"
    if sealed - SEALED_WITHIN >= until:
        return "that had not held any more for long when it was sealed"
    if revoked(person, sealed - SEALED_WITHIN):
        return "whose word did not count any more"
    return ""


def _false(because: str) -> Refusal:
    return Refusal(by="approvals", because=because)

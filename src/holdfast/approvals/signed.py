"""What somebody handed in, and who signed it: that follows from the signature alone.

The key that made it is looked up in the people file. Nobody says who he is.
"""

from datetime import datetime

import msgspec

from holdfast.approvals import ssh_signatures
from holdfast.errors import BadRecord
from holdfast.model.asks import Refusal
from holdfast.model.people import People, Person
from holdfast.model.ssh import SshCheck


class SignedWord(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody handed in: a statement, and an SSH signature over it."""

    statement: bytes
    signature: str


def signer(word: SignedWord, namespace: str, people: People, check: SshCheck) -> Person | Refusal:
    """Whose signature that is, if it was made for that namespace."""
    try:
        key = ssh_signatures.key_named(word.signature)
        person = people.known_as("ssh", key)
        if person is None:
            return refused("nobody in the people file has the key that signed it")
        claimed = ssh_signatures.to_check(word.signature, word.statement, namespace, key)
    except BadRecord as odd:
        return refused(odd.wrong)
    return person if check(claimed) else refused("its signature is wrong")


def revoked(person: Person, now: datetime) -> bool:
    """Whether nothing that this person says counts any more."""
    return person.revoked is not None and person.revoked <= now


NOT_ANY_MORE = "whose word does not count any more"


def refused(because: str) -> Refusal:
    """Why something that was handed in is no person's word."""
    return Refusal(by="approvals", because=because)

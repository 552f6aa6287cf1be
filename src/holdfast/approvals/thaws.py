"""What a person signs to switch something back on: a freeze, or the breaker of a class.

It is a statement of its own purpose, under an SSH namespace of its own: no approval of anything is
one of these, and none of these approves anything. It names the cluster, the switch, why, how long
it holds, and a nonce that is spent once.
"""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from holdfast.approvals.signed import NOT_ANY_MORE, SignedWord, refused, revoked, signer
from holdfast.approvals.statements import LONGEST, Until
from holdfast.errors import BadRecord, NotCanonical
from holdfast.model.asks import Refusal
from holdfast.model.canonical import canonical
from holdfast.model.people import People
from holdfast.model.ssh import SshCheck
from holdfast.model.times import in_words, stamp

NAMESPACE = "holdfast-thaw"
"""The namespace of the SSH signature."""

LONGEST_HELD = timedelta(hours=1)
"""What is switched off later than that is nothing that anybody has spoken of yet."""

Nonce = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]


class Thaw(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False
):
    """One person's word that a switch is to be switched back."""

    v: int
    cluster: str
    switch: str  # `freeze`, or `breaker/<class>`
    reason: str
    until: Until
    nonce: Nonce

    def text(self) -> bytes:
        """What is signed."""
        return canonical(
            {
                "v": self.v,
                "cluster": self.cluster,
                "switch": self.switch,
                "reason": self.reason,
                "until": stamp(self.until),
                "nonce": self.nonce,
            }
        )


class Thawed(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants what switched back, verified."""

    person: str
    groups: frozenset[str]
    switch: str
    reason: str
    nonce: str
    until: datetime


def read(text: bytes) -> Thaw:
    """The statement of that text, which must be its one canonical form; else `BadRecord`."""
    try:
        told = msgspec.json.decode(text, type=Thaw, strict=True) if len(text) <= LONGEST else None
        if told is not None and told.v == 1 and told.text() == text:
            return told
    except (msgspec.MsgspecError, NotCanonical, UnicodeDecodeError):
        pass
    raise BadRecord(
        "This is no statement that switches something back, or is not written as we write it.",
        remedy="Sign the text that `holdfast thaw --print` gives, byte by byte.",
    )


def heard(
    word: SignedWord, *, cluster: str, people: People, check: SshCheck, now: datetime
) -> Thawed | Refusal:
    """Who wants what switched back, by the server's clock. Whether it may be is not judged here."""
    try:
        said = read(word.statement)
    except BadRecord as odd:
        return refused(odd.wrong)
    person = signer(word, NAMESPACE, people, check)
    if isinstance(person, Refusal):
        return person
    if because := _unfit(said, cluster, now) or (NOT_ANY_MORE if revoked(person, now) else ""):
        return refused(f"{person.id}: {because}")
    return Thawed(
        person=person.id,
        groups=frozenset(person.groups),
        switch=said.switch,
        reason=said.reason,
        nonce=said.nonce,
        until=said.until,
    )


def _unfit(said: Thaw, cluster: str, now: datetime) -> str:
    if said.cluster != cluster:
        return "that is about another cluster"
    if now >= said.until:
        return "that held until a time that has passed"
    if said.until - now > LONGEST_HELD:
        return f"that would hold for longer than {in_words(LONGEST_HELD)}"
    return "" if said.reason.strip() else "whoever switches something back says why"

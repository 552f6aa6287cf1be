"""Whether what was done could still be done, and by those people, by the entries before it.

The keeper goes by rows, and whoever can write the whole database can change them. The chain he
cannot: what does not follow from it was not the keeper's to do.

- All that is said of a proposal is said under one digest, and it is proposed once, step by step,
  before anything of it is begun.
- Who asked for it does not approve it. What was of high risk when it was proposed is begun in the
  name of two different people. Where one was revoked meanwhile it is not, and the record says so.
- Once it was rejected, refused, halted or too late, no act of it is begun, lent for or done. What a
  plan had done before may still be taken back.
- Each step is begun once; there is one lease for it, and it is done once. Of what was
  never begun there is no such lease, nothing is sent, and nothing came of it.
- A lease is taken back from a proposal that it was lent for. What was found on the cluster, and
  known to nobody, may be taken back as well: no proposal is named then.
- What somebody signed counts once.
- Of a record whose beginning was let go, no entry is wanted that may stand before it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

import msgspec

from holdfast.approvals.acts_signed import Intent
from holdfast.approvals.recorded import Said
from holdfast.model.entries import Entry
from holdfast.model.people import People
from holdfast.model.repairs import Risk

TWO = 2  # people
INTENT, LEASE, DONE = "begun", "given a lease", "done"
"""What is done once for each step, in this order."""

OF_ACTS = "act."
"""How the names of leases begin by which something is done, and not tried or taken back."""

OF_LEASES = frozenset({"lease", "cut_off", "revoke"})

APPLIED = frozenset({"applied", "found_done"})
CAME_OF_IT = APPLIED | {"recovered", "healed_late", "verified", "undone", "step_undone"}
"""The events that say that something had been done."""

OVER: Mapping[str, str] = MappingProxyType(
    {
        "refused": "was refused",
        "failed": "had failed",
        "found_not_done": "was found not to be done",
        "halted": "was halted",
    }
)
"""The events after which no act of it follows."""

LATE = "was too late"
NOT_BEGUN = ("was refused", "had failed", LATE)
"""Where nothing was sent, whoever it was begun for."""

SAYS_DIGEST = frozenset(
    {"proposal", "verdict", "approval", "rejection", "undo", "intent", "expired"}
)

Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Digest(msgspec.Struct, frozen=True, kw_only=True):
    proposal: Name
    digest: str


class _Proposed(_Digest, frozen=True, kw_only=True):
    step: int = 1
    requester: str = ""
    risk: str = ""


class _Verdict(msgspec.Struct, frozen=True, kw_only=True):
    proposal: Name
    station: str
    state: str


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    step: int
    account: str = ""
    event: str = ""


@dataclass(slots=True)
class _Known:
    """What the record has said of one proposal so far."""

    digest: str = ""
    of: int = 0  # the entry that said so
    proposed: dict[int, int] = field(default_factory=dict)  # by step, the entry
    requester: str = ""
    high: int = 0  # the entry that says that its risk is
    over: int = 0
    why: str = ""
    last: dict[tuple[int, str], int] = field(default_factory=dict)  # what of which step
    alone: dict[int, int] = field(default_factory=dict)  # begun in the name of one person
    lent: set[int] = field(default_factory=set)  # the leases for it, each by a hash


class ActsInOrder:
    """Reads a record entry by entry; what it keeps of a proposal does not grow with its words."""

    def __init__(self, people: People, *, whole: bool) -> None:
        self._people = people
        self._whole = whole  # from its first entry on
        self._known: dict[str, _Known] = {}
        self._counted: dict[int, int] = {}  # what was signed, and where it counted

    def take(self, entry: Entry, said: Said | None) -> Iterator[str]:
        """What an entry says that does not follow from those before it; most say nothing such."""
        if said is not None:
            yield from self._again(entry)
        if entry.kind in SAYS_DIGEST and (told := _read(entry, _Digest)) is not None:
            yield from self._otherwise(entry, told)
        match entry.kind:
            case "proposal" if (proposed := _read(entry, _Proposed)) is not None:
                yield from self._proposed(entry, proposed)
            case "approval" if (approved := _read(entry, _Digest)) is not None:
                yield from self._approved(entry, self._of(approved.proposal))
            case "intent" if (intent := _read(entry, Intent)) is not None:
                yield from self._begun(entry, intent)
            case "lease" | "sending" | "outcome" if entry.subjects:
                if (done := _read(entry, _Done)) is not None:
                    yield from self._done(entry, done)
            case _:
                pass
        if entry.kind in OF_LEASES and entry.subjects:
            yield from self._lent(entry)
        self._ended(entry)

    def _of(self, proposal: str) -> _Known:
        return self._known.setdefault(proposal, _Known())

    def _again(self, entry: Entry) -> Iterator[str]:
        key = hash((entry.actor, entry.details.get("statement")))
        first = self._counted.setdefault(key, entry.seq)
        if first != entry.seq:
            yield f"what {entry.actor} signed counted before, in entry {first}"

    def _otherwise(self, entry: Entry, told: _Digest) -> Iterator[str]:
        known = self._of(told.proposal)
        if not known.digest:
            known.digest, known.of = told.digest, entry.seq
        elif known.digest != told.digest:
            yield (
                f"its {entry.kind} is of another content of {_named(told.proposal)} than entry "
                f"{known.of}: their digests differ"
            )

    def _proposed(self, entry: Entry, told: _Proposed) -> Iterator[str]:
        known = self._of(told.proposal)
        first = known.proposed.setdefault(told.step, entry.seq)
        name = f"step {told.step} of {_named(told.proposal)}"
        if first != entry.seq:
            yield f"{name} was proposed before, in entry {first}"
            return
        if begun := min(known.last.values(), default=0):
            yield f"{name} was proposed after it was begun, in entry {begun}"
        known.requester = known.requester or told.requester
        if told.risk == Risk.HIGH.name.lower():
            known.high = known.high or entry.seq

    def _approved(self, entry: Entry, known: _Known) -> Iterator[str]:
        if known.requester and self._people.means(known.requester, entry.actor):
            asked = min(known.proposed.values())
            yield (
                f"{entry.actor} approved what {known.requester[:60]} asked for in entry {asked}: "
                "those are one person"
            )

    def _begun(self, entry: Entry, told: Intent) -> Iterator[str]:
        known = self._of(told.proposal)
        name = f"step {told.step} of {_named(told.proposal)}"
        if told.undo:
            if self._whole and (told.step, INTENT) not in known.last:
                yield f"the undo of {name} was begun, and nothing of it had been done"
            return
        if self._whole and told.step not in known.proposed:
            yield f"{name} was begun, and no entry before it says that it was proposed"
        if known.high and len({*told.approvers}) < TWO:
            known.alone[told.step] = entry.seq
        yield from self._once(entry, known, told.proposal, told.step, INTENT)

    def _done(self, entry: Entry, told: _Done) -> Iterator[str]:
        what, odd = _what(entry.kind, told)
        proposal = entry.subjects[0]
        known = self._of(proposal)
        if odd and self._never_begun(known, told.step):
            name = f"step {told.step} of {_named(proposal)}"
            yield f"{name} {odd}, and no entry before it says that it was begun"
        if what:
            yield from self._once(entry, known, proposal, told.step, what)

    def _lent(self, entry: Entry) -> Iterator[str]:
        account = str(entry.details.get("account"))
        proposal, lease = entry.subjects[0], hash(account)
        lent = self._of(proposal).lent
        if entry.kind != "lease" and self._whole and lease not in lent:
            name = f"{_named(account)} of {_named(proposal)}"
            yield f"{name} was taken back, and no entry before it says that it was lent"
        lent.add(lease)  # what comes of it is told once

    def _never_begun(self, known: _Known, step: int) -> bool:
        """Its intent comes after its proposal: whoever has that in hand has the other as well."""
        there = self._whole or step in known.proposed
        return there and (step, INTENT) not in known.last

    def _once(
        self, entry: Entry, known: _Known, proposal: str, step: int, what: str
    ) -> Iterator[str]:
        """What comes a second time is told once: what follows from it is not told as well."""
        before = known.last.get((step, what), 0)
        cause = known.last.get((step, _CAUSE[what]), 0) if what in _CAUSE else 0
        known.last[step, what] = entry.seq
        name = f"step {step} of {_named(proposal)} was {what}"
        if before and cause <= before:
            yield f"{name} before, in entry {before}"
        if known.over and cause <= known.over:
            yield f"{name} after it {known.why}, in entry {known.over}"

    def alone(self) -> Iterator[tuple[int, str]]:
        """What one person had begun that takes two, the entry and why; when all has been taken."""
        for proposal, known in self._known.items():
            for step, seq in known.alone.items():
                name = f"step {step} of {_named(proposal)}"
                why = f"and its risk is high by entry {known.high}: that takes two"
                yield seq, f"{name} was begun in the name of one person, {why}"

    def _ended(self, entry: Entry) -> None:
        proposal, why = _end(entry)
        if not proposal:
            return
        known = self._of(proposal)
        if not known.over:
            known.over, known.why = entry.seq, why
        for step in [each for each in known.alone if (each, DONE) not in known.last]:
            if why in NOT_BEGUN and entry.details.get("step", step) == step:
                del known.alone[step]


def _what(kind: str, told: _Done) -> tuple[str, str]:
    """What it says was done that is done once, and what it says that takes an intent; each is empty
    where it says nothing such.
    """
    if kind == "outcome":
        came = f"is said to be {told.event}" if told.event in CAME_OF_IT else ""
        return (DONE if told.event in APPLIED else ""), came
    if not told.account.startswith(OF_ACTS):
        return "", ""
    return (LEASE, f"was {LEASE}") if kind == "lease" else ("", "was about to be sent")


_CAUSE: Mapping[str, str] = MappingProxyType({LEASE: INTENT, DONE: LEASE})
"""What each comes of: where that is told already, what comes of it is not."""


def _end(entry: Entry) -> tuple[str, str]:
    """Of which proposal no act follows, and why; empty for any other entry."""
    told = entry.details.get("proposal")
    match entry.kind:
        case "rejection" if isinstance(told, str):
            return told, "was rejected"
        case "expired" if isinstance(told, str):
            return told, LATE
        case "verdict" if (verdict := _read(entry, _Verdict)) is not None:
            refused = (verdict.station, verdict.state) == ("proposal", "refused")
            return (verdict.proposal, "was refused") if refused else ("", "")
        case "outcome" if entry.subjects and (done := _read(entry, _Done)) is not None:
            return (entry.subjects[0], OVER[done.event]) if done.event in OVER else ("", "")
        case _:
            return "", ""


def _read[T](entry: Entry, form: type[T]) -> T | None:
    """What an entry says in that form, in which more may stand; None for any other."""
    try:
        return msgspec.convert(entry.details, form)
    except msgspec.ValidationError:
        return None


def _named(proposal: str) -> str:
    return proposal[:60]

"""What the record says of a proposal before anything is done for it: rows are not asked for that.

- It is what was proposed: the digest of all that is kept of it is that of its sealed entry. So its
  risk, its requester, its steps and its way back are those that the keeper found.
- What was rejected, has expired, was refused, or was set going stays so, whatever its row says: it
  is not approved, claimed or begun a second time.
- What was frozen since it was proposed stays so until somebody has signed that it goes on.
- Nothing came of what was never begun: neither was it done, nor is it taken back.
- It is taken back to what was there before the act, by the hash that was sealed of that.
"""

import hashlib
import sys
from collections.abc import Container, Iterator, Sequence

from holdfast.approvals.recorded import THAWED, handed_in
from holdfast.approvals.statements import Decision
from holdfast.execution.courses import Picture
from holdfast.execution.lease_names import Purpose, parsed
from holdfast.execution.states import Event
from holdfast.model.access import Process
from holdfast.model.asks import Station
from holdfast.model.canonical import Plain
from holdfast.model.entries import RESTORED, Entry
from holdfast.model.ordered import CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.ports import Records
from holdfast.workflow.expiring import EXPIRED
from holdfast.workflow.in_the_chain import entries_of
from holdfast.workflow.intents import INTENT
from holdfast.workflow.leash import Leash
from holdfast.workflow.lifting import FROZEN, counted, lifts, stops
from holdfast.workflow.taking_back import OUTCOME, UNDO_REFUSED
from holdfast.workflow.verdicts import VERDICT
from holdfast.workflow.yeses import APPROVAL

PROPOSAL, REJECTION, LEASE = "proposal", "rejection", "lease"
"""What the entries are called, beside those that others name."""

BEFORE = "before"
"""What an outcome says of what was there before the act: its hash."""

MOST = 1000
"""Of so many drafts it is looked whom they are about: where more wait, any may be."""

_DONE = {Event.APPLIED.value, Event.LOST.value, Event.FOUND_DONE.value}
_BACK = {Event.UNDONE.value, Event.STEP_UNDONE.value}
_GOES_ON = {*_DONE, Event.RECOVERED.value, Event.VERIFIED.value, UNDO_REFUSED}
"""What may be said of a step of a plan, and the next one is done after it."""


def told(leash: Leash, records: Records, id_: str) -> Sequence[Entry]:
    """All that is sealed of it, and since then of freezes, of thaws that count, and of backups that
    were restored. Raises `BadRecord` where nobody can tell.
    """
    kinds = {FROZEN, THAWED, RESTORED}
    entries = entries_of(records, id_, leash.sealed_by(), leash.check, kinds)
    return counted(leash, records, entries)


def other_than_sealed(entries: Sequence[Entry], about: Proposal) -> str:
    """Why it is not what was proposed; empty if it is, in each field."""
    sealed = [e for e in entries if e.kind == PROPOSAL and e.details.get("proposal") == about.id]
    if not sealed:
        return "the record does not say that it was proposed"
    meant = (about.digest, about.place.last)
    for entry in sealed:
        if (entry.details.get("digest"), entry.details.get("steps", 1)) != meant:
            return f"it is not what was proposed: see entry {entry.seq} of the record"
    return ""


def never_said(entries: Sequence[Entry], about: Proposal, meant: str) -> str:
    """In whose name it would be done without a word of theirs; empty if all have said yes to it."""
    said = {
        each.details.get("person")
        for each in entries
        if each.kind == APPROVAL
        and each.details.get("proposal") == about.id
        and each.details.get("step") == about.step
        and each.details.get("digest") == about.digest
    }
    for entry in entries:
        if entry.id == meant and _set_going(entry):
            named = entry.details.get("approvers")
            who = [each for each in named if each not in said] if isinstance(named, list) else []
            if who:
                return f"the approval of {', '.join(map(str, who))} is not in the record"
    return ""


def over_for(entries: Sequence[Entry], decision: Decision) -> str:
    """Why nobody decides so on it any more; empty if they may."""
    if decision is Decision.UNDO:
        return ""  # what of it was done is told apart when it is begun
    ends = (*_ends(entries), *(e for e in entries if e.kind == OUTCOME or _set_going(e)))
    return _said(next(iter(ends), None))


def begun_before(entries: Sequence[Entry], order: CaseOrder, purpose: Purpose, meant: str) -> str:
    """Why it is not begun again; empty while nothing of it was begun. `meant` is the id of the
    intent that it is begun for: the only one that there is of an act.
    """
    since = 0
    if purpose is Purpose.UNDO:  # what was begun before, and refused, may be ordered again
        since = next((each.seq for each in entries if each.id == meant), sys.maxsize)
    claims = (each for each in entries if each.seq > since and _claims(each, order, purpose))
    return over(entries, order, purpose, meant) or _said(next(claims, None))


def over(entries: Sequence[Entry], order: CaseOrder, purpose: Purpose, meant: str) -> str:
    """The same, but for its own lease: whoever has that asks before anything is sent."""
    outcomes = [each for each in entries if each.kind == OUTCOME]
    if purpose is Purpose.UNDO:
        return _said(next((each for each in outcomes if _is(each, order, _BACK)), None))
    others = (e for e in entries if _set_going(e, order.step) and e.id != meant)
    ended = (
        each
        for each in outcomes
        if each.details.get("step") == order.step or each.details.get("event") not in _GOES_ON
    )
    return _said(next((each for it in (_ends(entries), others, ended) for each in it), None))


def frozen(entries: Sequence[Entry], purpose: Purpose) -> str:
    """Who has switched everything off since it was proposed, and nobody back, whatever the switch
    says; empty if nobody has. Of thaws, these are those that count.
    """
    by: Entry | None = None
    for each in entries:
        if each.kind == THAWED and lifts(each):
            by = None
        elif each.kind == FROZEN and stops(each, purpose):
            by = each
    if by is None:
        return ""
    return f"the record says that it is frozen: see its entry {by.seq}, and sign `holdfast thaw`"


def never_begun(entries: Sequence[Entry], step: int) -> str:
    """Why nothing can have come of that step; empty if it was begun."""
    if any(_set_going(each, step) for each in entries):
        return ""
    return "the record does not say that it was begun"


def never_done(entries: Sequence[Entry], order: CaseOrder) -> str:
    """Why there is nothing to be taken back; empty if there is."""
    begun = next((each.seq for each in entries if _set_going(each, order.step)), sys.maxsize)
    done = (each.seq for each in entries if each.kind == OUTCOME and _is(each, order, _DONE))
    if any(seq > begun for seq in done):
        return ""
    return "the record does not say that it was done"


def given_up(entries: Sequence[Entry], step: int) -> bool:
    """Whether that step has not recovered in its time."""
    return any(
        each.kind == OUTCOME
        and each.details.get("step") == step
        and each.details.get("event") == Event.DEADLINE.value
        for each in entries
    )


def waits(records: Records, id_: str) -> bool:
    """Whether something of ours about it may wait to be sealed: its row is ahead of the record
    then.
    """
    drafts = records.waiting(MOST)
    ours = any(each.process is Process.KEEPER and id_ in each.subjects for each in drafts)
    return ours or len(drafts) == MOST


def wished_back(entries: Sequence[Entry], step: int) -> bool:
    """Whether a person has signed that this step is to be taken back, and is not answered yet."""
    wished = False
    for each in entries:
        if each.details.get("step") != step:
            continue
        if each.kind == INTENT and handed_in(each.details) is not None:
            wished = True
        elif each.kind == OUTCOME and each.details.get("event") == UNDO_REFUSED:
            wished = False
    return wished


def undos_unanswered(entries: Sequence[Entry], step: int) -> int:
    """How often it was to be taken back since anything was said to have come of that."""
    orders = 0
    for each in entries:
        if each.details.get("step") != step:
            continue
        if each.kind == INTENT and not _set_going(each):
            orders += 1
        elif each.kind == OUTCOME:
            orders = 0
    return orders


def other_before(entries: Sequence[Entry], step: int, before: Picture | None) -> str:
    """Why that is not what was there before the act; empty if it is. Of what was done before there
    were such hashes, nobody can tell.
    """
    hashes = {
        str(each.details[BEFORE])
        for each in entries
        if each.kind == OUTCOME and each.details.get("step") == step and BEFORE in each.details
    }
    if hashes and (before is None or hashes != {hash_of(before)}):
        return "what is kept of the time before the act is not what was there"
    return ""


def hash_of(before: Picture) -> str:
    """The hash of the object as it was."""
    return hashlib.sha256(bytes(before.document)).hexdigest()


def with_hash(before: Picture | None) -> dict[str, Plain]:
    """What an outcome says of that."""
    return {BEFORE: hash_of(before)} if before is not None else {}


def _ends(entries: Sequence[Entry]) -> Iterator[Entry]:
    """What says that it was over before anybody began."""
    for each in entries:
        refused = each.kind == VERDICT and each.details.get("state") == "refused"
        if each.kind in {REJECTION, EXPIRED} or (
            refused and each.details.get("station") == Station.PROPOSAL.value
        ):
            yield each


def _set_going(entry: Entry, step: int = 0) -> bool:
    """Whether it is the intent to do it, or that step of it."""
    act = entry.kind == INTENT and entry.details.get("undo") is not True
    return act and step in {0, entry.details.get("step")}


def _is(outcome: Entry, order: CaseOrder, events: Container[str]) -> bool:
    """Whether that is one of those events of that step."""
    event = outcome.details.get("event")
    return outcome.details.get("step") == order.step and isinstance(event, str) and event in events


def _claims(entry: Entry, order: CaseOrder, purpose: Purpose) -> bool:
    if entry.kind != LEASE or entry.details.get("step") != order.step:
        return False
    named = parsed(str(entry.details.get("account")))
    return named is not None and named.purpose is purpose


_SAYS = {
    REJECTION: "it was rejected",
    EXPIRED: "its time was over",
    VERDICT: "it was refused",
    INTENT: "it was set going before",
    LEASE: "it was begun before",
    OUTCOME: "it was begun before",
}


def _said(entry: Entry | None) -> str:
    if entry is None:
        return ""
    return f"the record says that {_SAYS[entry.kind]}: see its entry {entry.seq}"

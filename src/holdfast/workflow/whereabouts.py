"""Where a proposal is by what is sealed of it: what its row says of that is held against it.

- Each entry of its life says where it is from then on; they are folded in their order.
- The keeper moves a row and hands in the entry that says so in one transaction. So a row is ahead
  of the record only while something of ours waits to be sealed, and never behind it.
- One move stands in no entry of its own: whoever was to send something has died, and nobody can
  tell yet what became of it. A row that says so claims nothing.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from holdfast.execution.lease_names import Purpose, parsed
from holdfast.execution.states import ENDS, Event, State
from holdfast.model.asks import Station
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.workflow.as_sealed import PROPOSAL, REJECTION
from holdfast.workflow.casebook import state_of
from holdfast.workflow.expiring import EXPIRED
from holdfast.workflow.intents import INTENT
from holdfast.workflow.sendings import SENDING
from holdfast.workflow.taking_back import OUTCOME
from holdfast.workflow.verdicts import VERDICT


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """A state, and the entry since which it is that."""

    state: State
    seq: int

    @property
    def open_act(self) -> bool:
        """Whether something may have been done for it, and nothing says how that ended."""
        return self.state not in ENDS | {State.PROPOSED, State.APPROVED}


def by_record(entries: Sequence[Entry]) -> Whereabouts | None:
    """Where these entries leave a proposal; None if it is not told that it was proposed."""
    here: Whereabouts | None = None
    for each in entries:
        after = _AFTER.get(each.kind)
        state = after(each, here.state if here is not None else None) if after else None
        if state is not None and (here is None or state is not here.state):
            here = Whereabouts(state=state, seq=each.seq)
    return here


def otherwise(case: Case, entries: Sequence[Entry]) -> str:
    """How its row says otherwise than the record; empty if it does not. Of what was never proposed
    by the record, whoever asks for a yes says so. Raises `BadRecord` for a state that is none.
    """
    said, here = state_of(case), by_record(entries)
    if here is None:
        unheard = f"its row says that it is {said}, and the record nothing of it"
        return "" if said is State.PROPOSED else unheard
    if said is here.state or (said, here.state) == (State.UNKNOWN, State.LEASED):
        return ""
    return f"its row says that it is {said}, and entry {here.seq} of the record {here.state}"


def _proposed(_: Entry, was: State | None) -> State | None:
    return State.PROPOSED if was is None else None


def _judged(entry: Entry, _: State | None) -> State | None:
    at_first = entry.details.get("station") == Station.PROPOSAL.value
    return _named(entry.details.get("state")) if at_first else None


def _rejected(_: Entry, __: State | None) -> State | None:
    return State.REJECTED


def _expired(entry: Entry, was: State | None) -> State | None:
    """A plan that had begun is halted by it: an outcome says so, before this."""
    if was not in {None, State.PROPOSED, State.APPROVED}:
        return None
    return _named(entry.details.get("outcome")) or State.EXPIRED


def _set_going(_: Entry, was: State | None) -> State | None:
    begins = was in {None, State.PROPOSED}  # else it is one to take it back, or of a later step
    return State.APPROVED if begins else None


def _sent(entry: Entry, _: State | None) -> State | None:
    lease = parsed(str(entry.details.get("account")))
    back = lease is not None and lease.purpose is Purpose.UNDO
    return State.UNDOING if back else State.LEASED


def _came(entry: Entry, was: State | None) -> State | None:
    told = entry.details
    if named := _named(told.get("state") or told.get("outcome")):
        return named  # of a row that was damaged, or of a backup
    event, step = _event(told.get("event")), told.get("step")
    if event is Event.LOST and was is State.UNDOING:
        return None  # it is looked for
    if event is Event.UNDONE and isinstance(step, int) and step > 1:
        return State.NOT_RECOVERED  # of a plan: the step before is next
    return _OUTCOMES.get(event) if event is not None else None


_OUTCOMES = {
    Event.REFUSED: State.REFUSED,
    Event.APPLIED: State.APPLIED,
    Event.FAILED: State.FAILED,
    Event.LOST: State.UNKNOWN,
    Event.FOUND_DONE: State.APPLIED,
    Event.FOUND_NOT_DONE: State.FAILED,
    Event.RECOVERED: State.RECOVERED,
    Event.DEADLINE: State.NOT_RECOVERED,
    Event.HEALED_LATE: State.RECOVERED_LATE,
    Event.VERIFIED: State.APPROVED,
    Event.HALTED: State.NOT_RECOVERED,
    Event.UNDONE: State.UNDONE,
    Event.UNDO_FAILED: State.UNDO_FAILED,
}
"""Where an outcome leaves it. What else one tells (that it was not taken back) moves nothing."""


def _named(state: object) -> State | None:
    return State(state) if isinstance(state, str) and state in {*State} else None


def _event(event: object) -> Event | None:
    return Event(event) if isinstance(event, str) and event in {*Event} else None


_AFTER: Mapping[str, Callable[[Entry, State | None], State | None]] = {
    PROPOSAL: _proposed,
    VERDICT: _judged,
    REJECTION: _rejected,
    EXPIRED: _expired,
    INTENT: _set_going,
    SENDING: _sent,
    OUTCOME: _came,
}
"""Where it is after an entry of that kind; None where that stays as it is."""

LIFE = tuple(_AFTER)
"""The kinds of entries that say where a proposal is."""

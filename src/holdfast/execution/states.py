"""What a proposal can be, and what may follow: the whole life of one, in one table.

No state is left but by an event that the table names, and none by deleting a record. Whoever asks
for anything else gets a refusal, never another state.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from holdfast.model.asks import Refusal


class State(StrEnum):
    """Where a proposal is."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    LEASED = "leased"
    APPLIED = "applied"
    RECOVERED = "recovered"
    RECOVERED_LATE = "recovered_late"
    NOT_RECOVERED = "not_recovered"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Event(StrEnum):
    """What happens to one."""

    APPROVED = "approved"  # by as many as it takes
    REJECTED = "rejected"
    EXPIRED = "expired"
    REFUSED = "refused"  # a layer, a fence or the API server said no before anything was done
    LEASED = "leased"
    APPLIED = "applied"  # the API server says so, or the cluster shows it
    FAILED = "failed"  # it was not done, for certain
    LOST = "lost"  # nobody can tell whether it was done
    FOUND_DONE = "found_done"  # after it was lost, the cluster shows that it was
    FOUND_NOT_DONE = "found_not_done"
    RECOVERED = "recovered"
    DEADLINE = "deadline"  # it has not recovered in its time
    HEALED_LATE = "healed_late"
    VERIFIED = "verified"  # a step of a plan has recovered, and the next one is to be done
    HALTED = "halted"  # a plan goes no further than what was done
    UNDO = "undo"
    STEP_UNDONE = "step_undone"  # of a plan: the step before is next
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"


NEXT: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        State.PROPOSED: {
            Event.APPROVED: State.APPROVED,
            Event.REJECTED: State.REJECTED,
            Event.EXPIRED: State.EXPIRED,
            Event.REFUSED: State.REFUSED,
        },
        State.APPROVED: {
            Event.LEASED: State.LEASED,
            Event.EXPIRED: State.EXPIRED,  # it did not begin in its time
            Event.REFUSED: State.REFUSED,
            Event.FAILED: State.FAILED,
            Event.HALTED: State.NOT_RECOVERED,
        },
        State.LEASED: {
            Event.APPLIED: State.APPLIED,
            Event.REFUSED: State.REFUSED,
            Event.FAILED: State.FAILED,
            Event.LOST: State.UNKNOWN,
            Event.HALTED: State.NOT_RECOVERED,
        },
        State.UNKNOWN: {
            Event.FOUND_DONE: State.APPLIED,
            Event.FOUND_NOT_DONE: State.FAILED,
            Event.HALTED: State.NOT_RECOVERED,
        },
        State.APPLIED: {
            Event.RECOVERED: State.RECOVERED,
            Event.VERIFIED: State.APPROVED,  # as were all steps, before the first was done
            Event.DEADLINE: State.NOT_RECOVERED,
            Event.HALTED: State.NOT_RECOVERED,
            Event.UNDO: State.UNDOING,  # somebody does not wait for the deadline
        },
        State.RECOVERED: {Event.UNDO: State.UNDOING},
        State.RECOVERED_LATE: {Event.UNDO: State.UNDOING},
        State.NOT_RECOVERED: {
            Event.UNDO: State.UNDOING,
            Event.HEALED_LATE: State.RECOVERED_LATE,
        },
        State.UNDOING: {
            Event.UNDONE: State.UNDONE,
            Event.STEP_UNDONE: State.NOT_RECOVERED,
            Event.UNDO_FAILED: State.UNDO_FAILED,
        },
    }
)
"""What may follow what."""

ENDS = frozenset(state for state in State if NEXT.get(state, {}).keys() <= {Event.UNDO})
"""Where nothing follows by itself: at most, a person has it taken back."""

UNDONE_FROM = frozenset(state for state, events in NEXT.items() if Event.UNDO in events)
"""Where it was done, and can be taken back."""


def after(state: State, event: Event) -> State | Refusal:
    """The state after an event; a refusal if that event cannot happen to it."""
    following = NEXT.get(state, {}).get(event)
    if following is None:
        return Refusal(by="states", because=f"what is {state.value} cannot be {event.value}")
    return following


def acts_from(state: State) -> bool:
    """Whether anything may still be done to the cluster for it."""
    return state in (State.APPROVED, State.LEASED, State.UNDOING) or state in UNDONE_FROM

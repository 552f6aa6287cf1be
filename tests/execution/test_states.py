import itertools

import pytest

from holdfast.execution.states import ENDS, NEXT, Event, State, acts_from, after
from holdfast.model.asks import Refusal

NAMED = {(state, event) for state, events in NEXT.items() for event in events}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_nothing_follows_but_what_the_table_names(state: State, event: Event) -> None:
    following = after(state, event)
    if (state, event) in NAMED:
        assert NEXT[state][event] is following
    else:
        assert isinstance(following, Refusal)
        assert "states" == following.by
        assert state.value in following.because


def test_every_state_is_reached_from_a_proposal_and_every_event_happens() -> None:
    reached, edge = {State.PROPOSED}, {State.PROPOSED}
    while edge:
        edge = {to for state in edge for to in NEXT.get(state, {}).values()} - reached
        reached |= edge
    assert set(State) == reached
    assert set(Event) == {event for _, event in NAMED}


def test_no_life_is_without_end() -> None:
    ending = set(ENDS)
    while more := {s for s in NEXT if s not in ending and ending & set(NEXT[s].values())}:
        ending |= more
    assert set(State) == ending


def test_it_ends_where_nothing_follows_unless_a_person_has_it_taken_back() -> None:
    ends = {"rejected", "expired", "refused", "failed", "undone", "undo_failed"}
    assert ends | {"recovered", "recovered_late"} == {state.value for state in ENDS}


ONWARD, BACK = {Event.VERIFIED}, {Event.HALTED, Event.STEP_UNDONE}
"""What leads from one step of a plan to the next one, and to the one before."""


def later_than(state: State, leaving_out: set[Event]) -> set[State]:
    """All that may come after it."""
    later, edge = set[State](), {state}
    while edge:
        following = {
            to
            for each in edge
            for event, to in NEXT.get(each, {}).items()
            if event not in leaving_out
        }
        edge = following - later
        later |= edge
    return later


def test_no_state_of_one_step_is_come_back_to() -> None:
    for state in State:
        assert state not in later_than(state, ONWARD | BACK)


def test_a_plan_that_goes_back_never_goes_on_again() -> None:
    forwards = {State.PROPOSED, State.APPROVED, State.LEASED, State.APPLIED}
    assert not forwards & later_than(State.NOT_RECOVERED, set())
    for event in BACK:
        assert {State.NOT_RECOVERED} == {e[event] for e in NEXT.values() if event in e}


def test_what_was_decided_first_stands() -> None:
    first = (Event.APPROVED, Event.REJECTED, Event.EXPIRED, Event.REFUSED)
    for one, other in itertools.permutations(first, 2):
        state = after(State.PROPOSED, one)
        assert isinstance(state, State)
        if one is not Event.APPROVED:
            assert state in ENDS
            assert isinstance(after(state, other), Refusal)


def test_a_proposal_acts_only_after_it_was_approved() -> None:
    assert not acts_from(State.PROPOSED)
    # what has ended is taken back at most, and that once
    assert all(NEXT[state].keys() == {Event.UNDO} for state in ENDS if acts_from(state))
    assert not acts_from(State.UNKNOWN)  # what may have been done is looked for, and not repeated


LIFE = {
    "proposed": {
        "approved": "approved",
        "rejected": "rejected",
        "expired": "expired",
        "refused": "refused",
    },
    "approved": {
        "leased": "leased",
        "expired": "expired",
        "refused": "refused",
        "failed": "failed",
        "halted": "not_recovered",
    },
    "leased": {
        "applied": "applied",
        "refused": "refused",
        "failed": "failed",
        "lost": "unknown",
        "halted": "not_recovered",
    },
    "unknown": {
        "found_done": "applied",
        "found_not_done": "failed",
        "halted": "not_recovered",
    },
    "applied": {
        "recovered": "recovered",
        "verified": "approved",
        "deadline": "not_recovered",
        "halted": "not_recovered",
        "undo": "undoing",
    },
    "recovered": {"undo": "undoing"},
    "recovered_late": {"undo": "undoing"},
    "not_recovered": {"undo": "undoing", "healed_late": "recovered_late"},
    "undoing": {
        "undone": "undone",
        "step_undone": "not_recovered",
        "undo_failed": "undo_failed",
    },
}


def test_the_whole_life_in_the_words_that_are_kept() -> None:
    told = {
        state.value: {event.value: to.value for event, to in events.items()}
        for state, events in NEXT.items()
    }
    assert told == LIFE


def test_something_may_be_done_from_these_alone() -> None:
    assert {state.value for state in State if acts_from(state)} == {
        "approved",
        "leased",
        "applied",
        "recovered",
        "recovered_late",
        "not_recovered",
        "undoing",
    }

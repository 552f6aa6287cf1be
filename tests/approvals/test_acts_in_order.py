"""What was done that did not follow from the entries before it is found, with their numbers."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from holdfast.approvals.acts_in_order import ActsInOrder
from holdfast.approvals.recorded import Said
from holdfast.model.entries import Draft, Entry
from holdfast.model.people import API_VERSION, KIND, Identities, People, Person
from tests.audit.chains import a_chain_of

ABOUT = {"proposal": "prp_1", "digest": "d" * 64}
OTHER = "e" * 64
PEOPLE = People(
    api_version=API_VERSION,
    kind=KIND,
    people=tuple(Person(id=id_, identities=Identities()) for id_ in ("ana", "ben")),
)


def entry(kind: str, actor: str = "keeper", **details: Any) -> Entry:
    subjects = (str(details.pop("about", "prp_1")),)
    return a_chain_of(
        [Draft(id="ent_1", kind=kind, actor=actor, subjects=subjects, details=details)]
    )[0]


def proposed(**more: Any) -> Entry:
    told = {**ABOUT, "requester": "cli:sam", "risk": "low"}
    return entry("proposal", **{**told, **more})


def word(who: str = "ana", kind: str = "approval", **more: Any) -> Entry:
    told = {**ABOUT, "step": 1, "statement": f"{who} {kind} {more}", **more}
    return entry(kind, who, **told)


def intent(*approvers: str, **more: Any) -> Entry:
    return entry("intent", **{**ABOUT, "step": 1, "approvers": [*approvers] or ["ana"], **more})


def lease(purpose: str = "act", step: int = 1) -> Entry:
    return entry("lease", account=f"{purpose}.rolloutrestart.0-1.1", step=step)


def outcome(event: str = "applied", step: int = 1) -> Entry:
    return entry("outcome", event=event, step=step)


def astray(*entries: Entry, whole: bool = True) -> Sequence[tuple[int, str]]:
    """What does not follow; the entries stand in the record in that order, from 1 on."""
    acts, found = ActsInOrder(PEOPLE, whole=whole), []
    for seq, each in enumerate(entries, 1):
        said = None
        if "statement" in each.details:
            said = Said(person=each.actor, what="approve", about="prp_1")
        placed = msgspec.structs.replace(each, seq=seq)
        found += [(seq, why) for why in acts.take(placed, said)]
    return [*found, *acts.alone()]


def where(*entries: Entry, whole: bool = True) -> Sequence[int]:
    return [seq for seq, _ in astray(*entries, whole=whole)]


DONE = (proposed(), word(), intent(), lease(), outcome())


def test_what_follows_from_what_was_approved_is_in_order() -> None:
    taken_back = (word("ben", "undo"), intent(undo=True, by="ben"), lease("undo"))
    again = (word("ben", "undo", number=2), intent(undo=True, by="ben", generation=2))
    assert [] == astray(*DONE, outcome("recovered"), *taken_back, outcome("undone"), *again)


def taken_back(kind: str, account: str = "act.rolloutrestart.0-1.1", **more: Any) -> Entry:
    return entry(kind, account=account, **more)


def test_a_lease_is_taken_back_from_what_it_was_lent_for() -> None:
    shown = entry("lease", account="preview.rolloutrestart.0-1.1")  # before it was proposed
    ends = [taken_back(kind, "preview.rolloutrestart.0-1.1") for kind in ("cut_off", "revoke")]
    assert [] == astray(shown, *ends, *DONE, taken_back("cut_off"), taken_back("revoke"))


@pytest.mark.parametrize("kind", ["cut_off", "revoke"])
def test_what_nobody_was_lent_and_was_taken_back_is_told_once(kind: str) -> None:
    why = "team-admin of prp_1 was taken back, and no entry before it says that it was lent"
    planted = taken_back(kind, "team-admin")
    assert [(6, why)] == astray(*DONE, planted, taken_back("revoke", "team-admin"))
    assert [] == astray(*DONE, planted, whole=False)
    assert [6] == where(*DONE, taken_back(kind, about="prp_x"))
    assert [1] == where(taken_back(kind), *DONE)


def test_what_was_found_on_the_cluster_may_be_taken_back() -> None:
    found = msgspec.structs.replace(taken_back("revoke", swept=True), subjects=())
    assert [] == astray(*DONE, found)


def test_the_steps_of_a_plan_are_each_begun_once_and_taken_back() -> None:
    plan = [proposed(step=step) for step in (1, 2)] + [word(step=1), word(step=2)]
    acts = [intent(), lease(), outcome(), outcome("verified"), intent(step=2), lease(step=2)]
    ends = [outcome("refused", 2), outcome("halted", 2), intent(undo=True, by="keeper")]
    assert [] == astray(*plan, *acts, *ends, lease("undo"), outcome("undone"))


@pytest.mark.parametrize(
    "other",
    [
        word(digest=OTHER),
        word(kind="rejection", digest=OTHER),
        word(kind="undo", digest=OTHER),
        entry("expired", proposal="prp_1", digest=OTHER),
        entry("verdict", proposal="prp_1", digest=OTHER, station="proposal", state="proposed"),
    ],
)
def test_whatever_is_said_of_another_content_is_told(other: Entry) -> None:
    why = f"its {other.kind} is of another content of prp_1 than entry 1: their digests differ"
    assert [(2, why)] == astray(proposed(), other)


def test_an_act_of_another_content_is_told() -> None:
    why = "its intent is of another content of prp_1 than entry 1: their digests differ"
    assert [(2, why)] == astray(proposed(), intent(digest=OTHER))


def test_another_proposal_has_a_content_of_its_own() -> None:
    assert [] == astray(proposed(), proposed(proposal="prp_2", digest=OTHER))


def test_what_is_of_high_risk_takes_two() -> None:
    why = (
        "step 1 of prp_1 was begun in the name of one person, and its risk is high by entry 1: "
        "that takes two"
    )
    high = proposed(risk="high")
    assert [(2, why)] == astray(high, intent("ben"), lease(), outcome())
    assert [2] == where(high, intent("ben"))
    assert [2] == where(high, intent("ben", "ben"), lease(), outcome("lost"))
    assert [] == astray(high, intent("ana", "ben"), lease(), outcome())
    assert [] == astray(proposed(risk="medium"), intent("ben"), lease(), outcome())


@pytest.mark.parametrize(
    "no",
    [outcome("refused"), outcome("failed"), entry("expired", **ABOUT)],
)
def test_what_one_was_left_for_and_was_not_done_is_in_order(no: Entry) -> None:
    """Somebody was revoked between two steps of a plan, and the second was refused."""
    high = proposed(risk="high")
    assert [] == astray(high, intent("ben"), lease(), no)
    assert [5] == where(high, intent("ben"), lease(), no, outcome())
    assert [2] == where(high, intent("ben"), lease(), outcome("refused", 2))
    assert [2] == where(high, intent("ben"), lease(), outcome(), no)


@pytest.mark.parametrize("name", ["ana", "cli:ana", "ANA ", "mcp:cli:Ana"])
def test_who_asked_for_it_does_not_approve_it(name: str) -> None:
    why = f"ana approved what {name} asked for in entry 1: those are one person"
    assert [(2, why)] == astray(proposed(requester=name), word("ana"))
    assert [(3, why)] == astray(proposed(requester=name), proposed(step=2), word("ana"))
    assert [] == astray(proposed(requester=name), word("ben"))


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (word(kind="rejection"), "was rejected"),
        (entry("expired", **ABOUT), "was too late"),
        (entry("verdict", **ABOUT, station="proposal", state="refused"), "was refused"),
        (outcome("refused"), "was refused"),
        (outcome("failed"), "had failed"),
        (outcome("found_not_done"), "was found not to be done"),
        (outcome("halted"), "was halted"),
    ],
)
def test_nothing_is_done_after_its_end(end: Entry, why: str) -> None:
    told = [(3, f"step 1 of prp_1 was begun after it {why}, in entry 2")]
    assert told == astray(proposed(), end, intent(), lease(), outcome())
    assert [4] == where(proposed(), intent(), end, lease(), outcome())
    assert [5] == where(proposed(), intent(), lease(), end, outcome())
    assert [] == astray(*DONE, end)
    assert [] == astray(proposed(), end, proposed(proposal="prp_2"), intent(proposal="prp_2"))


@pytest.mark.parametrize(
    "no_end",
    [
        entry("verdict", **ABOUT, station="approval", refusals=[{"by": "budget"}]),
        entry("letter_refused", "keeper", by="approvals", because="no"),
        outcome("undo_refused"),
        outcome("lost"),
    ],
)
def test_what_ends_nothing_stops_nothing(no_end: Entry) -> None:
    assert [] == astray(proposed(), no_end, intent(), lease(), outcome())


def test_two_acts_of_one_step_are_told() -> None:
    begun = "step 1 of prp_1 was begun before, in entry 3"
    assert [(6, begun)] == astray(*DONE, intent())
    assert [6] == where(*DONE, intent(), lease(), outcome())
    lent = "step 1 of prp_1 was given a lease before, in entry 4"
    assert [(6, lent)] == astray(*DONE, lease())
    assert [6] == where(*DONE, lease(), outcome("found_done"))
    done = "step 1 of prp_1 was done before, in entry 5"
    assert [(6, done)] == astray(*DONE, outcome("found_done"))


def test_leases_to_try_and_to_take_back_are_no_acts() -> None:
    previews = [entry("lease", account="preview.rolloutrestart.0-1.1")] * 2
    assert [] == astray(*previews, *DONE, lease("undo"), lease("undo"))


@pytest.mark.parametrize("kind", ["approval", "rejection", "undo", "thawed"])
def test_what_somebody_signed_counts_once(kind: str) -> None:
    told = [*DONE, word(kind=kind, number=1), word(kind=kind, number=1)]
    assert (7, "what ana signed counted before, in entry 6") in astray(*told)
    assert 7 not in where(*told[:-1], word("ben", kind, number=1))


def test_what_nobody_proposed_was_not_to_be_begun() -> None:
    why = "step 2 of prp_1 was begun, and no entry before it says that it was proposed"
    assert [(2, why)] == astray(proposed(), intent(step=2))
    assert [1] == where(intent())
    assert [1, 2] == where(intent(), proposed())


def test_what_is_proposed_is_proposed_once() -> None:
    why = "step 1 of prp_1 was proposed before, in entry 1"
    assert [(2, why)] == astray(proposed(risk="high"), proposed(risk="low"))
    assert [2, 3] == where(proposed(risk="high"), proposed(risk="low"), intent("ben"))


def test_what_is_begun_is_not_proposed_after_it() -> None:
    why = "step 1 of prp_1 was proposed after it was begun, in entry 1"
    assert (3, why) in astray(intent(), lease(), proposed())


def test_a_proposal_is_known_by_a_name_of_any_length_and_shown_by_its_beginning() -> None:
    told = astray(proposed(proposal="p"), proposed(proposal="p"))
    assert [(2, "step 1 of p was proposed before, in entry 1")] == told
    assert [] == astray(proposed(proposal=""), proposed(proposal=""))
    long = "p" * 60
    told = astray(proposed(proposal=long + "q"), proposed(proposal=long + "q"))
    assert [(2, f"step 1 of {long} was proposed before, in entry 1")] == told


SAYS_DONE = ["applied", "found_done", "recovered", "healed_late", "verified"]
SAYS_BACK = ["undone", "step_undone"]


@pytest.mark.parametrize("event", [*SAYS_DONE, *SAYS_BACK])
def test_nothing_came_of_what_was_never_begun(event: str) -> None:
    why = f"step 1 of prp_1 is said to be {event}, and no entry before it says that it was begun"
    assert [(3, why)] == astray(proposed(), word(), outcome(event))
    assert [2] == where(proposed(), outcome(event), intent())
    others = (intent(step=2), intent(undo=True, by="ana", step=1), intent(proposal="prp_2"))
    assert 5 in where(proposed(), *others, outcome(event))
    assert [] == astray(proposed(), intent(), outcome(event))


def test_no_lease_is_made_for_what_was_never_begun() -> None:
    why = "step 1 of prp_1 was given a lease, and no entry before it says that it was begun"
    assert [(2, why)] == astray(proposed(), lease())
    assert [2] == where(proposed(), lease(), intent(), lease(), outcome())
    assert [] == astray(proposed(), lease("undo"), lease("preview"))


def sending(purpose: str = "act", step: int = 1) -> Entry:
    return entry("sending", account=f"{purpose}.rolloutrestart.0-1.1", step=step)


def test_nothing_is_sent_of_what_was_never_begun() -> None:
    why = "step 1 of prp_1 was about to be sent, and no entry before it says that it was begun"
    assert [(2, why)] == astray(proposed(), sending())
    assert [2] == where(proposed(), sending(), intent(), lease(), outcome())
    assert [] == astray(proposed(), sending("undo"))
    assert [] == astray(proposed(), intent(), lease(), sending(), sending(), outcome())
    assert [] == astray(sending(), whole=False)


@pytest.mark.parametrize(
    "event", ["lost", "refused", "failed", "halted", "deadline", "undo_refused"]
)
def test_what_was_not_done_need_not_have_been_begun(event: str) -> None:
    assert [] == astray(proposed(), outcome(event))


def test_each_is_told_that_says_so_of_what_was_never_begun() -> None:
    assert [2, 3, 4] == where(proposed(), lease(), outcome(), outcome("recovered"))


def test_what_was_begun_before_the_beginning_of_a_record_is_in_order() -> None:
    assert [] == astray(lease(), outcome(), outcome("recovered"), whole=False)
    assert [] == astray(proposed(step=2), lease(), outcome(), whole=False)
    assert [2, 3] == where(proposed(), lease(), outcome(), whole=False)


def test_nothing_is_taken_back_that_was_not_done() -> None:
    why = "the undo of step 1 of prp_1 was begun, and nothing of it had been done"
    undo = intent(undo=True, by="ana")
    assert [(3, why)] == astray(proposed(), word(kind="rejection"), undo)


def test_of_a_record_whose_beginning_is_gone_nothing_is_wanted_that_may_stand_before_it() -> None:
    undo = intent(undo=True, by="ana")
    assert [] == astray(intent(), lease(), outcome(), undo, whole=False)
    assert [2] == where(word(kind="rejection"), intent(), whole=False)
    assert [2] == where(intent(), intent(), whole=False)
    assert [] == astray(proposed(step=2), intent(), intent(step=2), whole=False)


@pytest.mark.parametrize(
    "odd",
    [
        proposed(proposal=["prp_2"]),
        proposed(risk=3),
        intent(proposal={}),
        entry("approval", "ana", proposal=["prp_1"], digest=None),
        entry("rejection", "ana", proposal=[]),
        entry("verdict", proposal=1, digest=[], station={}),
        outcome(event="unheard of"),
        entry("outcome", event=["applied"], step="1"),
        entry("lease", account={}, step=1),
    ],
)
def test_what_is_of_another_form_breaks_no_reader(odd: Entry) -> None:
    bare = msgspec.structs.replace(odd, subjects=())
    assert [] == [seq for seq in where(*DONE, odd, bare) if seq < len(DONE)]

"""Of what the record says was begun, what nobody signed for is found, with its step and names."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from holdfast.approvals.acts_signed import ActsSigned
from holdfast.approvals.recorded import Said
from holdfast.model.entries import Draft, Entry
from tests.audit.chains import a_chain_of

ABOUT = {"proposal": "prp_1", "digest": "d" * 64}

NONE = "no entry holds their signed word for it"


def entry(kind: str, actor: str, seq: int = 1, **details: Any) -> Entry:
    subjects = (str(details["proposal"]),)
    draft = Draft(id="ent_1", kind=kind, actor=actor, subjects=subjects, details=details)
    return msgspec.structs.replace(a_chain_of([draft])[0], seq=seq)


def intent(seq: int, step: int = 1, *approvers: str, **more: Any) -> Entry:
    told = {"approvers": [*approvers], "step": step, **ABOUT, **more}
    return entry("intent", "keeper", seq, **told)


def word(who: str, step: int = 1, kind: str = "approval", **more: Any) -> Entry:
    return entry(kind, who, step=step, **{**ABOUT, **more})


def unsigned(*entries: Entry, whole: bool = True) -> Sequence[int]:
    acts = ActsSigned(whole=whole)
    for each in entries:
        signed = each.kind in ("approval", "undo") and each.details.get("signed", True)
        said = Said(person=each.actor, what="approve", about="prp_1") if signed else None
        acts.take(each, said)
    return [seq for seq, _ in acts.unsigned()]


def test_what_everybody_signed_who_is_named_was_signed_for() -> None:
    assert [] == unsigned(word("ana"), word("ben"), intent(3, 1, "ana", "ben"))
    assert [] == unsigned(intent(1, 1, "ana"), word("ana"))
    assert [] == unsigned(word("ana"), word("ana", 2), intent(3, 1, "ana"), intent(4, 2, "ana"))


@pytest.mark.parametrize(
    "other",
    [
        word("ben"),
        word("ana", 2),
        word("ana", digest="e" * 64),
        word("ana", proposal="prp_2"),
        word("ana", signed=False),
        word("ana", kind="undo"),
    ],
)
def test_another_word_is_none_for_it(other: Entry) -> None:
    assert [3] == unsigned(other, intent(3, 1, "ana"))


def test_what_names_nobody_was_signed_by_nobody() -> None:
    assert [3] == unsigned(word("ana"), intent(3, 1))


def test_it_says_so_of_what_names_nobody() -> None:
    acts = ActsSigned(whole=True)
    acts.take(intent(3), None)
    why = f"step 1 of prp_1 was begun in the name of nobody: {NONE}"
    assert [(3, why)] == [*acts.unsigned()]


def test_it_says_which_step_and_in_whose_name() -> None:
    acts = ActsSigned(whole=True)
    acts.take(intent(3, 2, "ana", "ben"), None)
    why = (
        "step 2 of prp_1 was begun in the name of ana, ben: no entry holds their signed word for it"
    )
    assert [(3, why)] == [*acts.unsigned()]


def test_a_wish_to_have_it_back_is_somebodys_or_the_keepers() -> None:
    assert [] == unsigned(word("ana"), intent(2, 1, "ana"), intent(3, 1, undo=True, by="keeper"))
    assert [] == unsigned(word("ana", kind="undo"), intent(3, 2, undo=True, by="ana"))
    assert [3] == unsigned(word("ben", kind="undo"), intent(3, 1, undo=True, by="ana"))
    assert [3] == unsigned(word("ana"), intent(3, 1, undo=True, by="ana"))


@pytest.mark.parametrize(
    "begun",
    [
        [],
        [word("ana", 2), intent(2, 2, "ana")],
        [word("ana", digest="e" * 64), intent(2, 1, "ana", digest="e" * 64)],
        [word("ana", proposal="prp_2"), intent(2, 1, "ana", proposal="prp_2")],
        [word("ana", kind="undo"), intent(2, 1, undo=True, by="ana")],
    ],
)
def test_the_keeper_takes_back_by_itself_what_was_begun_and_nothing_else(
    begun: Sequence[Entry],
) -> None:
    assert [3] == unsigned(*begun, intent(3, 1, undo=True, by="keeper"))


def test_an_undo_of_an_act_that_nobody_signed_is_told_by_the_act() -> None:
    acts = (intent(2, 1, "ana"), intent(3, 1, undo=True, by="keeper"))
    assert [2] == unsigned(*acts)
    assert [2] == unsigned(*reversed(acts))


@pytest.mark.parametrize("by", [{"by": "keeper"}, {}])
def test_it_says_that_it_was_an_undo(by: dict[str, Any]) -> None:
    acts = ActsSigned(whole=True)
    acts.take(intent(3, 1, undo=True, **by), None)
    why = f"the undo of step 1 of prp_1 was begun in the name of nobody: {NONE}"
    assert [(3, why)] == [*acts.unsigned()]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "odd",
    [
        {"approvers": [["ana"]]},
        {"approvers": {"ana": 1}},
        {"approvers": "ana"},
        {"proposal": ["prp_1"]},
        {"digest": None},
        {"step": {}},
        {"step": True},
        {"undo": "yes"},
        {"undo": True, "by": ["ana"]},
    ],
)
def test_an_intent_of_another_form_is_told_and_breaks_no_reader(
    odd: dict[str, Any], *, whole: bool
) -> None:
    """Whoever holds the keeper's key writes what it likes."""
    acts = ActsSigned(whole=whole)
    acts.take(word("ana"), Said(person="ana", what="approve", about="prp_1"))
    acts.take(intent(3, **{"approvers": ["ana"], **odd}), None)
    assert [(3, "it does not say what was begun, and in whose name")] == [*acts.unsigned()]


def test_of_a_record_whose_beginning_is_gone_only_what_was_proposed_in_it_is_judged() -> None:
    proposed = entry("proposal", "keeper", 1, **ABOUT)
    assert [] == unsigned(intent(3, 1, "ana"), whole=False)
    assert [3] == unsigned(proposed, intent(3, 1, "ana"), whole=False)

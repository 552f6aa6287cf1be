"""Rows that somebody with the whole database changes between the approval and the act.

Every column of a case and of a word: nothing is done then but exactly what was signed, or nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.execution.states import State
from holdfast.model.cases import Case, Word
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.testing.memory import Kept
from tests.attacks.arena import HOUR, Arena, an_arena

pytestmark = pytest.mark.slow
EXACTLY = ["patch deployments.apps web"]


def in_content(was: str, other: str) -> Callable[[Case], dict[str, Any]]:
    return lambda case: {"content": case.content.replace(was, other)}


COLUMNS: dict[str, Callable[[Case], dict[str, Any]]] = {
    "another digest": lambda _: {"digest": "0" * 64},
    "another namespace": lambda _: {"namespace": "kube-system"},
    "another target": lambda _: {"target": "u-9"},
    "another class": lambda _: {"of_class": "remove"},
    "proposed later": lambda case: {"proposed": case.proposed + HOUR},
    "open for longer": lambda case: {"open_until": case.open_until + 99 * HOUR},
    "no content": lambda _: {"content": ""},
    "content that goes on": lambda case: {"content": case.content + " "},
    "content told twice": lambda case: {"content": case.content[:-1] + ',"v":1}'},
    "another stamp": in_content("2026-01-01T12:00:00Z", "2026-01-01T12:00:01Z"),
    "another kind": in_content("RolloutRestart", "DeletePod"),
    "another name": in_content('"name":"web"', '"name":"db"'),
    "another field": in_content("restartedAt", "restartedBy"),
    "a lower risk": in_content('"risk":"low"', '"risk":"none"'),
    "another requester": in_content("cli:sam", "cli:kim"),
    "a state that nobody knows": lambda _: {"state": "approved "},
    "open again": lambda _: {"state": State.PROPOSED.value},
    "done already": lambda _: {"state": State.RECOVERED.value},
    "rejected": lambda _: {"state": State.REJECTED.value},
    "undoing": lambda _: {"state": State.UNDOING.value},
    "a course that nobody reads": lambda _: {"course": "rubbish"},
    "a course of another version": lambda _: {"course": '{"v":2}'},
}


@pytest.mark.parametrize("change", COLUMNS.values(), ids=list(COLUMNS))
async def test_a_case_that_was_written_on_is_not_carried_out(
    change: Callable[[Case], dict[str, Any]],
) -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        case = arena.case(about.id)
        assert case is not None
        arena.rewritten(about, **change(case))
        await arena.works()
        assert arena.untouched()


@pytest.mark.parametrize("column", [{"card": "{}"}, {"changed": "much later"}])
async def test_what_is_only_shown_or_told_changes_nothing_of_what_is_done(
    column: dict[str, Any],
) -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        later = {"changed": arena.store_now() + 99 * HOUR} if "changed" in column else column
        arena.rewritten(about, **later)
        await arena.works()
        assert arena.acts() == EXACTLY


def assent(word: Word, **changed: Any) -> dict[str, Any]:
    told = {**msgspec.json.decode(word.assent), **changed}
    return {"assent": msgspec.json.encode(told).decode()}


WORDS: dict[str, Callable[[Word], dict[str, Any] | None]] = {
    "gone": lambda _: None,
    "of another person": lambda _: {"person": "ben"},
    "of another step": lambda _: {"step": 2},
    "of another proposal": lambda _: {"proposal": "prp_other"},
    "with another statement": lambda w: {"statement": w.statement.replace('"step":1', '"step":2')},
    "with another signature": lambda w: {"signature": w.signature.replace("A", "B", 1)},
    "without a signature": lambda _: {"signature": ""},
    "with half a letter": lambda _: {"statement": "\ud800"},
    "an hour ago": lambda w: {"at": w.at - HOUR, **assent(w, at=w.at - HOUR)},
    "tomorrow": lambda w: {"at": w.at + 24 * HOUR, **assent(w, at=w.at + 24 * HOUR)},
    "whose times contradict": lambda w: {"at": w.at + timedelta(seconds=1)},
    "that cannot be read": lambda _: {"assent": "rubbish"},
}


@pytest.mark.parametrize("change", WORDS.values(), ids=list(WORDS))
async def test_a_word_that_was_written_on_counts_for_nobody(
    change: Callable[[Word], dict[str, Any] | None],
) -> None:
    async with an_arena() as arena:
        await arena.approved()

        def write(casework: Any) -> None:
            kept = [(each, change(each)) for each in casework.words]
            casework.words = tuple(
                msgspec.structs.replace(each, **how) for each, how in kept if how is not None
            )

        arena.forge(write)
        await arena.works()
        assert arena.untouched()


async def test_groups_and_proofs_in_a_row_are_not_believed() -> None:
    """What the row claims of its person is worked out again from the people file."""
    async with an_arena() as arena:
        await arena.approved()

        def write(casework: Any) -> None:
            casework.words = tuple(
                msgspec.structs.replace(w, **assent(w, groups=["root"], proof="oidc", person="eve"))
                for w in casework.words
            )

        arena.forge(write)
        await arena.works()
        assert arena.acts() == EXACTLY


def played_again(arena: Arena, about: Proposal) -> None:
    """As if it had just been approved, and nothing had come of it."""

    def write(casework: Any) -> None:
        was = casework.cases[about.id]
        approved = msgspec.structs.replace(was, state=State.APPROVED.value, course="")
        casework.cases[about.id] = approved
        for key in [key for key in casework.once if key[0] in ("claim", "lease")]:
            del casework.once[key]
        casework.switches.clear()

    arena.forge(write)
    with arena.store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        tx.native.work.clear()
    arena.order(ACT, CaseOrder(proposal=about.id, step=1, generation=1))


async def test_what_was_done_and_taken_back_is_not_done_again() -> None:
    async with an_arena() as arena:
        about = await arena.approved("ScaleWorkload", "ana", "ben")
        assert await arena.acted(about) == State.UNDONE.value
        done = arena.acts()

        played_again(arena, about)

        assert await arena.acted(about) == State.REFUSED.value
        assert "the record says that it was begun before" in arena.course(about).says
        assert arena.acts() == done


SHELVES: dict[str, Callable[[Any, Arena], object]] = {
    "the ticket is not spent": lambda c, _: c.once.clear(),
    "nothing is paid for": lambda c, _: [c.once.pop(k) for k in [*c.once] if k[0] == "budget"],
    "a freeze that nobody reads": lambda c, _: c.switches.update(freeze="rubbish"),
    "an empty freeze": lambda c, _: c.switches.update(freeze=""),
    "a breaker that nobody reads": lambda c, _: c.switches.update({"breaker/restart": "[]"}),
    "a breaker of too many": lambda c, _: c.switches.update(
        {"breaker/restart": '{"count":99,"since":"2026-01-01T00:00:00Z"}'}
    ),
    "a cooldown that nobody reads": lambda c, a: c.switches.update(
        {f"acted/{a.document('Deployment web').ref.uid}": "rubbish"}
    ),
}


@pytest.mark.parametrize("change", SHELVES.values(), ids=list(SHELVES))
async def test_what_is_spent_or_switched_cannot_be_taken_away_or_garbled(
    change: Callable[[Any, Arena], object],
) -> None:
    async with an_arena() as arena:
        await arena.approved()
        arena.forge(lambda casework: change(casework, arena))
        await arena.works()
        assert arena.untouched()

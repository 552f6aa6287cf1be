"""Words that nobody handed in, and times that were written over: only what is sealed counts.

The attacker can write the whole database, and has one approver's real signature, from a letter that
was refused or never handed in. He has no key of the keeper's.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from holdfast.approvals.budgets import paid
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass
from holdfast.workflow.asking import BUDGET, STEP, intent_id
from holdfast.workflow.beginning import begun_again
from holdfast.workflow.expiring import expired
from tests.attacks.arena import MINUTE, SECOND, Arena, an_arena
from tests.workflow.executing import a_word, as_heard, intended
from tests.workflow.stage import RULES

pytestmark = pytest.mark.slow
APART = Rules(distance={ActionClass.RESTART: 30 * MINUTE})
ONCE = ["patch deployments.apps web"]
NOT_THERE = "the approval of ben is not in the record"


def as_if_said(arena: Arena, about: Proposal, who: str) -> None:
    """A row with somebody's real signature, and what it would have cost."""
    now = arena.store_now()
    with arena.store.transaction() as tx:
        tx.words.add(a_word(about, now, who))
        tx.once.spend(BUDGET, paid(about.id, about.step, who), who, now)


def dated(arena: Arena, about: Proposal, at: datetime) -> None:
    """All rows that say when somebody said yes, or when that was set going, say that instead."""

    def write(casework: Any) -> None:
        told = {
            word: {**msgspec.json.decode(word.assent), "at": at.isoformat()}
            for word in casework.words
        }
        casework.words = tuple(
            msgspec.structs.replace(word, at=at, assent=msgspec.json.encode(told[word]).decode())
            for word in casework.words
        )

    arena.forge(write)
    arena.rewritten(about, changed=at)


async def test_a_word_that_was_never_handed_in_is_no_second_persons() -> None:
    async with an_arena() as arena:
        about = await arena.open("ScaleWorkload")
        as_if_said(arena, about, "ben")
        assert await arena.says("ana", about) == "refused"
        assert arena.why() == f"{NOT_THERE}: try again, or have it proposed again"
        await arena.works(about)
        assert arena.untouched()


async def test_a_word_that_was_never_handed_in_does_not_begin_what_others_have_approved() -> None:
    """An intent in two names, one of whom the record does not know."""
    async with an_arena(rules=RULES) as arena:
        about = await arena.open("ScaleWorkload")
        for who in ("ana", "ben"):
            as_if_said(arena, about, who)
        arena.rewritten(about, state=State.APPROVED.value)
        forge_intent(arena, about, "ana", "ben")
        assert await arena.acted(about) == State.REFUSED.value
        assert NOT_THERE in arena.course(about).says
        assert arena.untouched()


async def test_nothing_begins_in_the_name_of_whom_the_record_does_not_know() -> None:
    """One is enough, and has approved it; the intent names another as well."""
    async with an_arena() as arena:
        about = await arena.open()
        as_if_said(arena, about, "ana")
        arena.rewritten(about, state=State.APPROVED.value)
        forge_intent(arena, about, "ana", "ben")
        assert await arena.acted(about) == State.REFUSED.value
        assert NOT_THERE in arena.course(about).says
        assert arena.untouched()


def forge_intent(arena: Arena, about: Proposal, *named: str) -> None:
    """With Ana's word in the record, and nobody else's."""
    ticket, order = "tkt_forged", CaseOrder(proposal=about.id, step=1, generation=1)
    word = a_word(about, arena.store_now(), "ana")
    said = as_heard(word)
    details = intended(about, approvers=list(named))
    intent = msgspec.structs.replace(
        said, id=intent_id(ticket), kind="intent", actor="keeper", details=details
    )
    with arena.store.transaction() as tx:
        tx.once.spend(STEP, order.key, ticket, arena.store_now())
        tx.records.submit(said, intent)
    arena.seal()
    arena.order(ACT, order)


@pytest.mark.parametrize("off", [timedelta(), -5 * MINUTE, 5 * MINUTE], ids=str)
async def test_how_far_apart_two_approvals_are_is_not_what_rows_say(off: timedelta) -> None:
    """Whatever the database's clock is off by."""
    async with an_arena(rules=APART) as arena:
        arena.set_the_databases_clock(off)
        about = await arena.open()
        arena.cluster.clock.advance(40 * MINUTE)
        assert await arena.says("ana", about) == "counted"
        arena.seal()
        arena.cluster.clock.advance(30 * MINUTE - SECOND)
        dated(arena, about, arena.store_now() - 45 * MINUTE)
        assert await arena.says("ben", about) == "refused"
        arena.cluster.clock.advance(SECOND)
        assert await arena.says("ben", about) == "approved"
        await arena.works(about)
        assert arena.acts() == ONCE


@pytest.mark.parametrize("off", [timedelta(), -5 * MINUTE, 5 * MINUTE], ids=str)
@pytest.mark.parametrize("late", [False, True])
async def test_what_is_held_back_does_not_begin_later_because_rows_say_so(
    off: timedelta, late: bool
) -> None:
    async with an_arena() as arena:
        about = await arena.open()
        arena.cluster.clock.advance(10 * MINUTE)
        arena.set_the_databases_clock(off)
        assert await arena.says("ana", about) == "approved"
        arena.seal()
        arena.cluster.clock.advance(15 * MINUTE - SECOND + (2 * SECOND if late else timedelta()))
        dated(arena, about, arena.store_now())
        state = await arena.acted(about)
        if not late:
            assert arena.acts() == ONCE
            return
        assert state == State.REFUSED.value
        assert "its last approval is too long ago to begin now" in arena.course(about).says
        assert arena.untouched()


async def test_the_sweep_goes_by_the_record_as_well() -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        arena.seal()
        with arena.store.transaction() as tx:
            arena.engine.cancel(tx, CaseOrder(proposal=about.id, step=1, generation=1).run(ACT))
        arena.cluster.clock.advance(15 * MINUTE + SECOND)
        dated(arena, about, arena.store_now())
        case = arena.case(about.id)
        assert case is not None
        with arena.store.transaction() as tx:
            assert not begun_again(arena.leash(), tx, case, tx.now())
            assert 1 == expired(tx, arena.leash())
        case = arena.case(about.id)
        assert case is not None
        assert case.state == State.EXPIRED.value

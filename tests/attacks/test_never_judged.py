"""Proposals that nobody judged: rows and drafts made by hand, and sealed as the keeper's own word.

The attacker can write the whole database, what waits to be sealed among it, and has one approver's
signature. What stands in such a proposal is what he wrote; that its risk is low, above all.
"""

from functools import partial
from typing import Any

import msgspec
import pytest

from holdfast.approvals.budgets import paid
from holdfast.execution.states import State
from holdfast.model.entries import Draft
from holdfast.model.ids import new_id
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.plans import Plan, planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.workflow.asking import BUDGET, STEP, intent_id
from holdfast.workflow.intents import INTENT
from tests.attacks.arena import Arena, an_arena
from tests.attacks.test_made_by_hand import evil
from tests.workflow.court import case_of
from tests.workflow.executing import a_word, as_heard, intended
from tests.workflow.leashes import as_proposed

pytestmark = pytest.mark.slow
GRAVE = ("ScaleWorkload", "DeleteResourceQuota", "RolloutUndo")
"""What wants two people there, each for another reason."""


async def honest(arena: Arena, kind: str) -> Proposal:
    """What the keeper makes of it."""
    params = {"params": evil(arena, "6d4b", "3")} if kind == "RolloutUndo" else {}
    about = await arena.open(kind, **params)
    assert about.risk is Risk.HIGH
    return about


def never_judged(arena: Arena, *like: Proposal) -> Plan:
    """The same, but of low risk: a case, and what is to be sealed of it, that no keeper made."""
    id_ = new_id("prp", arena.store_now(), b"never judg")
    forged = planned([msgspec.structs.replace(each, id=id_, risk=Risk.LOW) for each in like])
    arena.forge(lambda casework: casework.cases.update({id_: case_of(forged)}))
    for each in like:
        arena.forge(partial(gone, each.id))
    with arena.store.transaction() as tx:
        tx.records.submit(*as_proposed(forged))
    arena.seal()
    return forged


def gone(id_: str, casework: Any) -> None:
    """The target is waited for by nobody else."""
    casework.cases.pop(id_, None)


def still(arena: Arena, *, of: str) -> list[Any]:
    """What each approval of it says that is wanted still."""
    arena.seal()
    with arena.store.reading() as tx:
        entries = [each for each in tx.records.of_kind("approval") if of in each.subjects]
    return [msgspec.to_builtins(each.details["still"]) for each in entries]


@pytest.mark.parametrize("kind", GRAVE)
async def test_one_person_is_not_enough_for_what_is_only_said_to_be_of_low_risk(kind: str) -> None:
    async with an_arena() as arena:
        about = never_judged(arena, await honest(arena, kind)).first
        assert await arena.says("ana", about) == "counted"
        assert await arena.says("ana", about) == "refused"
        await arena.works(about)
        assert arena.untouched()
        (wanted,) = still(arena, of=about.id)
        assert len(wanted) == 1
        assert wanted[0].startswith("second person: its risk is high by now: ")


@pytest.mark.parametrize("kind", GRAVE)
async def test_two_people_may_approve_what_one_may_not(kind: str) -> None:
    async with an_arena() as arena:
        about = never_judged(arena, await honest(arena, kind)).first
        said = [await arena.says(each, about) for each in ("ana", "ben")]
        assert said == ["counted", "approved"]
        await arena.works(about)
        assert len(arena.acts()) >= 1


@pytest.mark.parametrize("people", [("ana",), ("ana", "ben")], ids=len)
@pytest.mark.parametrize("kind", GRAVE)
async def test_it_is_not_done_for_one_person_either_when_all_rows_say_that_it_was_approved(
    kind: str, people: tuple[str, ...]
) -> None:
    """The keeper never heard a word: state, word, payment, ticket, intent and order are forged, and
    what people signed was brought into the record.
    """
    async with an_arena() as arena:
        about = never_judged(arena, await honest(arena, kind)).first
        as_if_approved(arena, about, *people)
        state = await arena.acted(about)
        if len(people) == 2:
            assert len(arena.acts()) >= 1
            return
        assert state == State.REFUSED.value
        assert "two people must approve it: its risk is high by now: " in arena.course(about).says
        assert arena.untouched()


def as_if_approved(arena: Arena, about: Proposal, *people: str) -> None:
    ticket, now = "tkt_forged", arena.store_now()
    order = CaseOrder(proposal=about.id, step=1, generation=1)
    arena.rewritten(about, state=State.APPROVED.value)
    with arena.store.transaction() as tx:
        for who in people:
            tx.words.add(a_word(about, now, who))
            tx.records.submit(as_heard(a_word(about, now, who)))
            tx.once.spend(BUDGET, paid(about.id, 1, who), who, now)
        tx.once.spend(STEP, order.key, ticket, now)
        intent = Draft(
            id=intent_id(ticket),
            kind=INTENT,
            actor="keeper",
            subjects=(about.id,),
            details=intended(about),
        )
        tx.records.submit(intent)
    arena.seal()
    arena.order(ACT, order)


async def test_a_plan_is_of_the_risk_of_its_riskiest_step_whatever_it_says() -> None:
    async with an_arena() as arena:
        restart, scale = await arena.open(), await honest(arena, "DeleteResourceQuota")
        plan = never_judged(arena, restart, scale)
        assert await arena.says("ana", plan.at(1), step=1) == "counted"
        assert await arena.says("ana", plan.at(2), step=2) == "counted"
        await arena.works(plan.first)
        assert arena.untouched()
        first, _ = still(arena, of=plan.id)
        assert first[0].startswith("second person: its risk is high by now: step 2: ")

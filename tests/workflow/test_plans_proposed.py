"""A plan is judged step by step on fresh looks, and refused whole where one step is."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from holdfast.execution.states import State
from holdfast.model.asks import What
from holdfast.model.cases import Case
from holdfast.model.handed import PLAN, proposal_named
from holdfast.model.repairs import Risk
from holdfast.workflow.casebook import plan_of
from tests.workflow.stage import Stage, a_stage, card_of

SCALE, RESTART, JOB, EVICT = "ScaleWorkload", "RolloutRestart", "DeleteJob", "DeletePod"
QUOTA = "DeleteResourceQuota"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as made:
        yield made


async def proposed(stage: Stage, *kinds: str) -> Case:
    outcome = await stage.asked({"steps": [stage.body(kind) for kind in kinds]}, kind=PLAN)
    id_ = proposal_named(outcome)
    assert id_, stage.why()
    return await stage.previewed(id_)


async def refused(stage: Stage, body: dict[str, Any]) -> str:
    assert "" == proposal_named(await stage.asked(body, kind=PLAN))
    return stage.why()


async def test_each_step_is_previewed_and_all_of_them_are_one_proposal(stage: Stage) -> None:
    case = await proposed(stage, RESTART, JOB, QUOTA)
    plan = plan_of(case)
    assert State.PROPOSED == case.state
    assert [1, 2, 3] == [each.step for each in plan.steps]
    assert {case.digest} == {each.digest for each in plan.steps}
    assert plan.first.effect
    assert all(each.steps for each in plan.steps)
    assert [] == list(stage.writes())
    entries = stage.drafts("proposal")
    assert [(1, 3), (2, 3), (3, 3)] == [(e.details["step"], e.details["steps"]) for e in entries]


async def test_it_is_as_hard_as_its_hardest_step(stage: Stage) -> None:
    case = await proposed(stage, RESTART, QUOTA)
    assert {Risk.HIGH} == {each.risk for each in plan_of(case).steps}
    wanted = [each.because for each in card_of(case).needs if each.what is What.SECOND_PERSON]
    assert ["step 1: its risk is high", "step 2: its risk is high"] == wanted
    assert any("step 2 is of high risk" in each for each in card_of(case).risk)


async def test_its_card_says_of_each_step_what_it_says_of_one(stage: Stage) -> None:
    card = card_of(await proposed(stage, RESTART, JOB))
    for told in (card.summary, card.checks, card.undo, card.approvers):
        assert "Step 1: " in told
        assert "Step 2: " in told
    assert "the last is taken back first" in card.summary


async def test_one_step_that_policy_refuses_refuses_all_of_it_and_is_named(stage: Stage) -> None:
    on = stage.rules.switched_on - {QUOTA}
    stage.rules = msgspec.structs.replace(stage.rules, switched_on=on)
    case = await proposed(stage, RESTART, QUOTA)
    assert State.REFUSED == case.state
    (no,) = card_of(case).refusals
    assert ("closed_set", True) == (no.by, no.because.startswith("step 2: "))


@pytest.mark.parametrize("order", [(RESTART, EVICT), (EVICT, RESTART)])
async def test_no_step_is_about_what_belongs_to_anothers_target(
    stage: Stage, order: tuple[str, str]
) -> None:
    no = await refused(stage, {"steps": [stage.body(kind) for kind in order]})
    assert "belongs to that of step" in no
    assert "may go with it" in no


async def test_no_two_steps_are_about_one_object(stage: Stage) -> None:
    no = await refused(stage, {"steps": [stage.body(RESTART), stage.body("RolloutUndo")]})
    assert "two of its steps are about one object" in no


async def test_a_plan_has_two_to_five_steps(stage: Stage) -> None:
    for count in (0, 1, 6):
        no = await refused(stage, {"steps": [stage.body(RESTART)] * count})
        assert "it has not the form of one" in no


async def test_what_is_not_found_for_one_step_is_said_with_its_number(stage: Stage) -> None:
    steps = [stage.body(RESTART), stage.body(JOB, code="HF-WRK-010")]
    assert (await refused(stage, {"steps": steps})).startswith("step 2: ")


async def test_all_of_it_is_asked_for_by_one(stage: Stage) -> None:
    steps = [stage.body(RESTART), stage.body(JOB, requester="cli:ben")]
    assert "asked for by different names" in await refused(stage, {"steps": steps})


async def test_every_lease_of_its_previews_is_ended(stage: Stage) -> None:
    case = await proposed(stage, RESTART, JOB)
    await stage.revoked(case.id, leases=2)

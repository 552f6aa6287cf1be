"""A plan is signed step by step over one digest, and nothing of it begins before all of it is."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.approvals.statements import Decision
from holdfast.execution.courses import Course, written
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.plans import Plan, planned
from holdfast.model.repairs import ActionClass, Risk
from holdfast.model.times import stamp
from tests.workflow.court import case_of
from tests.workflow.executing import Stage, changed, proposal_of
from tests.workflow.leashes import as_proposed
from tests.workflow.planned import (
    ON,
    RESTART,
    SCALE,
    a_plan_stage,
    approved_plan,
    at,
    heal,
    open_plan,
    outcomes,
    replicas,
    say,
    sent,
)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_plan_stage() as made:
        yield made


def acts(stage: Stage) -> list[str]:
    return [each.order.id for each in stage.runs() if each.order.phase == "act"]


async def test_it_begins_when_every_step_is_approved_and_in_whatever_order(stage: Stage) -> None:
    plan = await open_plan(stage, SCALE, SCALE, SCALE)
    assert "counted" == await say(stage, plan, 3)
    assert "counted" == await say(stage, plan, 1)
    assert [] == acts(stage)
    assert "approved" == await say(stage, plan, 2)
    assert ["act/prp_plan/1/1"] == acts(stage)


async def test_a_signature_for_one_step_counts_for_no_other(stage: Stage) -> None:
    plan = await open_plan(stage, SCALE, SCALE)
    await say(stage, plan, 1)
    assert "ana has said yes to it before" in await say(stage, plan, 1)
    assert "step 3, and not about step 1" in await say(stage, plan, 3)
    assert "step 0, and not about step 1" in await say(stage, plan, 0)
    assert [] == acts(stage)


@pytest.mark.slow
async def test_a_word_that_is_moved_to_another_step_in_the_database_is_none(stage: Stage) -> None:
    plan = await open_plan(stage, SCALE, SCALE)
    for step in (1, 2):
        await say(stage, plan, step)
    with stage.store.transaction() as tx:
        kept: Any = tx.native
        first = next(each for each in kept.casework.words if each.step == 1)
        kept.casework.words = (first, msgspec.structs.replace(first, step=2))
    order = at(plan, 1)
    await stage.until(order, State.UNDONE, meanwhile=lambda: heal(stage, "web", "api"))
    assert [2, 2] == replicas(stage, "web", "api")
    assert (2, "refused") in outcomes(stage)


async def test_a_signature_over_a_step_alone_or_over_another_plan_is_none(stage: Stage) -> None:
    plan = await open_plan(stage, SCALE, SCALE)
    alone = planned([plan.first]).digest
    turned = planned([plan.steps[1], plan.steps[0]]).digest
    for digest in (alone, turned):
        no = await say(stage, plan, 1, digest=digest)
        assert "the proposal is not the one that was signed" in no


async def test_a_step_that_is_swapped_after_the_approval_is_never_done(stage: Stage) -> None:
    order = await approved_plan(stage, SCALE, SCALE)
    plan = await another(stage)
    case = stage.case(order)
    stage.forge(msgspec.structs.replace(case, content=case_of(plan).content))
    await stage.quiet("act")
    assert [] == sent(stage)
    forged = msgspec.structs.replace(case, content=case_of(plan).content, digest=plan.digest)
    stage.forge(forged)
    await stage.quiet("act")
    assert [2, 2] == replicas(stage, "web", "api")


async def another(stage: Stage) -> Plan:
    """The same plan with another second step."""
    now, cluster = stage.clock.now(), stage.store.cluster
    seen = [await stage.sees(SCALE, stage.document(name=name).ref) for name in ("web", "db")]
    return planned([proposal_of(each, SCALE, "prp_plan", cluster, now) for each in seen])


async def test_nobody_skips_a_step_by_rewriting_where_a_plan_is(stage: Stage) -> None:
    order = await approved_plan(stage, SCALE, SCALE)
    course = Course(step=2, since=stage.clock.now(), earlier=(Course(),))
    stage.forge(msgspec.structs.replace(stage.case(order), course=written(course)))
    second = msgspec.structs.replace(order, step=2)
    stage.order_act(second)
    await stage.quiet("act")
    assert [2, 2] == replicas(stage, "web", "api")
    assert [] == sent(stage)


async def test_one_no_ends_all_of_it(stage: Stage) -> None:
    plan = await open_plan(stage, SCALE, SCALE)
    await say(stage, plan, 1)
    assert "rejected" == await say(stage, plan, 1, "ben", decision=Decision.REJECT, reason="no")
    assert "what is rejected cannot be approved" in await say(stage, plan, 2)


async def test_each_step_costs_whoever_approves_it() -> None:
    rules = Rules(switched_on=ON.switched_on, per_hour={ActionClass.SCALE: 1})
    async with a_plan_stage(rules) as stage:
        plan = await open_plan(stage, SCALE, SCALE)
        assert "counted" == await say(stage, plan, 1)
        assert "ana has no approval of class scale left for now" in await say(stage, plan, 2)
        assert "approved" == await say(stage, plan, 2, "ben")


async def test_all_of_it_wants_two_people_where_one_step_does(stage: Stage) -> None:
    plan = await open_plan(stage, RESTART, SCALE)
    hard = [msgspec.structs.replace(each, risk=Risk.HIGH) for each in plan.steps]
    plan = planned([msgspec.structs.replace(each, id="prp_hard") for each in hard])
    with stage.store.transaction() as tx:
        assert tx.cases.put(case_of(plan))
    stage.sealer.record(as_proposed(plan))
    told = [await say(stage, plan, step, who) for who in ("ana", "ben") for step in (1, 2)]
    assert ["counted", "counted", "counted", "approved"] == told


@pytest.mark.slow
async def test_who_is_revoked_between_two_steps_ends_the_plan(stage: Stage) -> None:
    order = await approved_plan(stage, SCALE, SCALE)
    await stage.until(order, State.APPLIED)
    known = stage.leash.people()
    gone = stage.clock.now() - timedelta(seconds=1)
    ana, ben = known.people
    without = msgspec.structs.replace(
        known, people=(msgspec.structs.replace(ana, revoked=gone), ben)
    )
    changed(stage, people=lambda: without)
    await stage.until(order, State.NOT_RECOVERED, meanwhile=lambda: heal(stage, "web"))
    assert (2, "refused") in outcomes(stage)
    assert 2 == replicas(stage, "api")[0]


@pytest.mark.parametrize("last", [1, 2])
async def test_who_is_revoked_before_the_last_yes_keeps_all_of_it_from_beginning(
    stage: Stage, last: int
) -> None:
    plan = await open_plan(stage, SCALE, SCALE)
    assert "counted" == await say(stage, plan, 3 - last)
    known = stage.leash.people()
    ana, ben = known.people
    gone = msgspec.structs.replace(ana, revoked=stage.clock.now())
    without = msgspec.structs.replace(known, people=(gone, ben))
    changed(stage, people=lambda: without)
    assert "ana: " in await say(stage, plan, last, "ben")
    assert [] == acts(stage)
    assert State.PROPOSED.value == stage.case(at(plan, 1)).state


async def test_it_begins_when_others_have_said_yes_in_place_of_who_was_revoked(
    stage: Stage,
) -> None:
    plan = await open_plan(stage, SCALE, SCALE)
    assert "counted" == await say(stage, plan, 2)
    known = stage.leash.people()
    ana, ben = known.people
    gone = msgspec.structs.replace(ana, revoked=stage.clock.now())
    without = msgspec.structs.replace(known, people=(gone, ben))
    changed(stage, people=lambda: without)
    assert "counted" == await say(stage, plan, 2, "ben")
    assert "approved" == await say(stage, plan, 1, "ben")


@pytest.mark.parametrize("away", [timedelta(milliseconds=-1), timedelta(milliseconds=1)])
async def test_a_word_that_does_not_hold_as_long_as_the_plan_is_open_lets_nothing_begin(
    stage: Stage, away: timedelta
) -> None:
    plan = await open_plan(stage, SCALE, SCALE)
    until = plan.first.open_until + away
    told = await say(stage, plan, 2, until=until)
    assert f"ana: that holds until {stamp(until)}, and not as long as prp_plan is open" == told
    assert "counted" == await say(stage, plan, 1, "ben")
    assert [] == acts(stage)
    assert State.PROPOSED.value == stage.case(at(plan, 1)).state


async def test_a_step_that_wants_two_people_by_now_lets_nothing_begin_before_the_second(
    stage: Stage,
) -> None:
    plan = await open_plan(stage, RESTART, SCALE)
    assert "counted" == await say(stage, plan, 2)
    rules = Rules(switched_on=ON.switched_on, two_people=frozenset({ActionClass.SCALE}))
    changed(stage, rules=lambda: rules)
    assert (await say(stage, plan, 1)).startswith("step 2: second person is wanting")
    assert [] == acts(stage)
    assert "counted" == await say(stage, plan, 2, "ben")
    assert "approved" == await say(stage, plan, 1)

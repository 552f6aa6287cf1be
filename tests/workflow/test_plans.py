"""A plan is done step after step, and goes no further than what was verified."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from holdfast.approvals.statements import Decision
from holdfast.execution.courses import onward, written
from holdfast.execution.states import State
from holdfast.model.objects import Ref
from holdfast.model.ordered import UNDO
from holdfast.model.plans import Plan
from holdfast.workflow.busy import UNDER_WAY, busy
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.expiring import expired
from holdfast.workflow.voiding import void
from tests.workflow.executing import SECOND, Stage, changed
from tests.workflow.planned import (
    LEFT,
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

pytestmark = pytest.mark.slow


async def test_each_step_is_done_when_the_one_before_has_recovered() -> None:
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, SCALE, SCALE, SCALE)
        await stage.until(order, State.RECOVERED, meanwhile=lambda: heal(stage, "web", "api", "db"))
        told = [
            *((1, "applied"), (1, "verified"), (2, "applied"), (2, "verified")),
            *((3, "applied"), (3, "recovered")),
        ]
        assert told == outcomes(stage)
        assert [3, 3, 3] == replicas(stage, "web", "api", "db")
        assert ["web", "api", "db"] == sent(stage)


async def test_each_step_has_an_intent_and_a_ticket_of_its_own_before_its_lease() -> None:
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.RECOVERED, meanwhile=lambda: heal(stage, "web", "api"))
        stage.seal_all()
        with stage.store.reading() as tx:
            intents = list(tx.records.of_kind("intent"))
            leases = list(tx.records.of_kind("lease"))
        assert [1, 2] == [each.details["step"] for each in intents]
        assert 2 == len({each.details["ticket"] for each in intents})
        assert 2 == len({each.details["digest"] for each in intents} | {order.proposal})
        assert intents[0].seq < leases[0].seq < intents[1].seq < leases[1].seq


async def test_nothing_of_the_second_is_done_while_the_first_has_not_recovered() -> None:
    async with a_plan_stage(deadline=20 * SECOND) as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.APPLIED, since=stage.clock.now() + 10 * SECOND)
        assert 1 == stage.course(order).step
        assert [3, 2] == replicas(stage, "web", "api")


async def test_what_does_not_recover_is_taken_back_with_all_before_it_the_last_first() -> None:
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, SCALE, SCALE, SCALE)
        await stage.until(order, State.UNDONE, meanwhile=lambda: heal(stage, "web", "api"))
        assert [2, 2, 2] == replicas(stage, "web", "api", "db")
        back = [each for each in outcomes(stage) if each[1] == "undone"]
        assert [(3, "undone"), (2, "undone"), (1, "undone")] == back


async def test_a_step_that_is_refused_is_not_done_and_what_was_done_before_is_taken_back() -> None:
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, SCALE, SCALE)

        def meanwhile() -> None:
            heal(stage, "web")
            if stage.course(order).step == 1 and replicas(stage, "api") == [2]:
                change = {"spec": {"replicas": 4}}
                stage.cluster.patch("deployments.apps", "api", change, namespace="shop")

        await stage.until(order, State.UNDONE, meanwhile=meanwhile)
        assert [2, 4] == replicas(stage, "web", "api")
        assert (2, "refused") in outcomes(stage)
        assert (2, "halted") in outcomes(stage)
        assert (1, "undone") == outcomes(stage)[-1]


async def test_a_later_step_whose_content_cannot_be_read_forgets_no_earlier_one() -> None:
    """As of another version of Holdfast, say; once it can be read again, it can be taken back."""
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.APPLIED)
        case, second = stage.case(order), msgspec.structs.replace(order, step=2)
        course = written(onward(stage.course(order), stage.clock.now()))
        content = case.content.replace("ScaleWorkload", "Gone")
        waits = msgspec.structs.replace(case, state=State.APPROVED.value, course=course)
        stage.forge(msgspec.structs.replace(waits, content=content))
        stage.forget_runs()
        stage.order_act(second)
        await stage.quiet("act")
        assert [] == stage.failed()
        assert ["web"] == sent(stage)
        assert (2, "halted") == outcomes(stage)[-1]
        kept = stage.course(order)
        assert (1, True) == (kept.step, kept.before is not None)

        halted = msgspec.structs.replace(stage.case(order), content=case.content)
        stage.forge(halted)
        said = await say(stage, plan_of(halted), 1, decision=Decision.UNDO, reason="not this")
        assert "undoing" == said
        await stage.until(order, State.UNDONE)
        assert [2, 2] == replicas(stage, "web", "api")


async def test_what_has_no_way_back_stands_with_all_before_it() -> None:
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, RESTART, SCALE)
        case = await stage.until(order, State.UNDO_FAILED, meanwhile=lambda: heal(stage, "web"))
        assert [2, 2] == replicas(stage, "web", "api")
        assert "step 1 has no way back" in case.progress
        assert [(2, "undone"), (1, "undo_failed")] == outcomes(stage)[-2:]


async def test_where_nothing_is_taken_back_by_itself_a_person_has_it_done_in_reverse() -> None:
    async with a_plan_stage(LEFT) as stage:
        plan = await open_plan(stage, SCALE, SCALE)
        for step in (1, 2):
            await say(stage, plan, step)
        order = at(plan, 1)
        await stage.until(order, State.NOT_RECOVERED, meanwhile=lambda: heal(stage, "web"))
        assert [3, 3] == replicas(stage, "web", "api")
        no = await say(stage, plan, 2, decision=Decision.UNDO, reason="it is worse")
        assert "step 2, and not about step 1" in no
        assert "undoing" == await say(stage, plan, 1, decision=Decision.UNDO, reason="worse")
        await stage.until(order, State.UNDONE)
        assert [2, 2] == replicas(stage, "web", "api")


async def both_undone(stage: Stage, plan: Plan) -> None:
    async with stage.engine.running(), asyncio.timeout(20):
        while not all(stage.ended(at(plan, step).run(UNDO)) for step in (2, 1)):
            stage.seal_all()
            await stage.clock_moves()


async def test_what_has_recovered_whole_is_taken_back_in_reverse_when_a_person_says_so() -> None:
    async with a_plan_stage() as stage:
        plan = await open_plan(stage, SCALE, SCALE)
        for step in (1, 2):
            await say(stage, plan, step)
        order = at(plan, 1)
        await stage.until(order, State.RECOVERED, meanwhile=lambda: heal(stage, "web", "api"))
        assert "undoing" == await say(stage, plan, 1, decision=Decision.UNDO, reason="worse")
        await both_undone(stage, plan)
        assert State.UNDONE.value == stage.case(order).state
        assert [2, 2] == replicas(stage, "web", "api")
        assert [(2, "undone"), (1, "undone")] == outcomes(stage)[-2:]


async def test_what_a_person_wants_goes_back_whole_though_who_approved_it_was_revoked() -> None:
    """The wish stands for each step of it, and not for the last alone."""
    async with a_plan_stage(LEFT) as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.RECOVERED, meanwhile=lambda: heal(stage, "web", "api"))
        known = stage.leash.people()
        ana, ben = known.people
        gone = msgspec.structs.replace(ana, revoked=stage.clock.now())
        rules = msgspec.structs.replace(LEFT, switched_on=frozenset())
        without = msgspec.structs.replace(known, people=(gone, ben))
        changed(stage, people=lambda: without, rules=lambda: rules)
        plan = plan_of(stage.case(order))
        said = await say(stage, plan, 1, "ben", decision=Decision.UNDO, reason="worse")
        assert "undoing" == said
        await both_undone(stage, plan)
        assert State.UNDONE.value == stage.case(order).state
        assert [2, 2] == replicas(stage, "web", "api")


async def test_what_a_person_wants_back_on_its_way_is_followed_by_nothing() -> None:
    async with a_plan_stage() as stage:
        plan = await open_plan(stage, SCALE, SCALE)
        for step in (1, 2):
            await say(stage, plan, step)
        order = at(plan, 1)
        await stage.until(order, State.APPLIED)
        assert "undoing" == await say(stage, plan, 1, decision=Decision.UNDO, reason="worse")
        await stage.until(order, State.UNDONE, meanwhile=lambda: heal(stage, "web"))
        assert [2, 2] == replicas(stage, "web", "api")
        assert [(1, "applied"), (1, "undone")] == outcomes(stage)


async def test_what_a_person_wants_back_is_followed_by_nothing_whatever_its_row_says() -> None:
    async with a_plan_stage(soak=SECOND) as stage:
        plan = await open_plan(stage, SCALE, SCALE)
        for step in (1, 2):
            await say(stage, plan, step)
        order = at(plan, 1)
        await stage.until(order, State.APPLIED)
        assert "undoing" == await say(stage, plan, 1, decision=Decision.UNDO, reason="worse")
        stage.lose_runs(UNDO)  # somebody ended its run, and took the wish out of the row
        case = stage.case(order)
        course = written(msgspec.structs.replace(stage.course(order), recalled=None))
        stage.forge(msgspec.structs.replace(case, course=course))
        later = stage.clock.now() + 30 * SECOND
        await stage.until(order, State.APPLIED, meanwhile=lambda: heal(stage, "web"), since=later)
        assert 1 == stage.course(order).step
        assert 1 == stage.complaints("a row says otherwise")


async def test_what_was_left_on_its_way_heals_no_plan_late() -> None:
    async with a_plan_stage(LEFT) as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.NOT_RECOVERED)
        later = stage.clock.now() + 8 * SECOND
        await stage.until(
            order, State.NOT_RECOVERED, meanwhile=lambda: heal(stage, "web"), since=later
        )
        assert [(1, "applied"), (1, "deadline")] == outcomes(stage)


@pytest.mark.parametrize("lost", ["lose the answer", "lose the request"])
async def test_a_lost_answer_in_any_step_is_found_and_nothing_is_sent_twice(lost: str) -> None:
    async with a_plan_stage(settled=SECOND) as stage:
        stage.wire.plans += [lost, lost]
        order = await approved_plan(stage, SCALE, SCALE)
        last = State.RECOVERED if lost == "lose the answer" else State.FAILED
        await stage.until(order, last, meanwhile=lambda: heal(stage, "web", "api"))
        assert len(set(sent(stage))) == len(sent(stage))


async def test_its_time_to_begin_is_counted_from_what_verified_the_step_before() -> None:
    minute = timedelta(minutes=1)
    async with a_plan_stage(soak=20 * minute, deadline=60 * minute) as stage:
        assert ON.start_within < 20 * minute
        order = await approved_plan(stage, SCALE, SCALE)
        pace = 5 * minute
        await stage.until(
            order, State.RECOVERED, meanwhile=lambda: heal(stage, "web", "api"), pace=pace
        )
        assert [3, 3] == replicas(stage, "web", "api")


async def test_a_later_step_that_nobody_begins_in_its_time_halts_the_plan() -> None:
    async with a_plan_stage() as stage:
        plan = await open_plan(stage, SCALE, SCALE)
        for step in (1, 2):
            await say(stage, plan, step)
        order = at(plan, 1)
        await stage.until(order, State.APPLIED)

        def meanwhile() -> None:
            heal(stage, "web")
            if stage.course(order).step == 2 and stage.case(order).state == "approved":
                stage.lose_runs("act")
                stage.clock.advance(timedelta(minutes=16))
                with stage.store.transaction() as tx:
                    expired(tx, stage.leash)

        await stage.until(order, State.UNDONE, meanwhile=meanwhile)
        assert [2, 2] == replicas(stage, "web", "api")
        assert (2, "halted") in outcomes(stage)


async def test_after_a_restore_a_plan_goes_no_further_and_what_was_done_is_for_people() -> None:
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.APPLIED)
        done = False

        def meanwhile() -> None:
            nonlocal done
            heal(stage, "web")
            if not done and stage.course(order).step == 2:
                done = True
                stage.forget_runs()
                with stage.store.transaction() as tx:
                    void(tx, stage.clock, stage.leash.dice, "ana")

        await stage.until(order, State.NOT_RECOVERED, meanwhile=meanwhile, idle=False)
        assert [3, 2] == replicas(stage, "web", "api")


async def test_nothing_else_is_begun_on_the_target_of_any_step() -> None:
    async with a_plan_stage(deadline=60 * SECOND) as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.APPLIED)
        there = {name: stage.document(name=name).ref for name in ("web", "api", "db")}

        def at_it(ref: Ref) -> bool:
            return busy(stage.leash, ref, UNDER_WAY) is not None

        assert {"web": True, "api": True, "db": False} == {n: at_it(r) for n, r in there.items()}

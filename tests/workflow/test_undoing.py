"""The way back: gone only while it is ours to go, and told in the record before."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.execution.courses import Course, written
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.handed import FREEZE, Handed
from holdfast.model.ordered import LOOK, UNDO, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.model.switches import Frozen, told
from holdfast.testing.manifests import manifest
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.issuing import KEEPER
from holdfast.workflow.orders import accept_restore
from holdfast.workflow.taking_back import order_undo, undo_of
from tests.approvals.keygen import sign
from tests.workflow.executing import (
    CODE,
    HOUR,
    SECOND,
    Stage,
    a_case,
    a_stage,
    applied_and_restored,
    key,
)
from tests.workflow.test_sweeping import swept

SCALE = ScaleWorkload(replicas=3, now=2)
ON = Rules(switched_on=frozenset({"ScaleWorkload", "DeleteResourceQuota"}))
LEFT = Rules(switched_on=ON.switched_on, undo=False)
SOON = 2 * SECOND
BOTH = ("ana", "ben")
UNHEARD = "HF-CAP-999"  # nobody can tell whether what was wrong is gone
RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(rules=ON, soak=SECOND, deadline=SOON, late=10 * SECOND) as made:
        yield made


def freeze(stage: Stage, *, undo_too: bool) -> None:
    with stage.store.transaction() as tx:
        said = Frozen(by="ben", reason="x", at=stage.clock.now(), undo_too=undo_too)
        tx.switches.on(FREEZE, told(said), stage.clock.now())


def scaled_by(stage: Stage, replicas: int) -> None:
    change = {"spec": {"replicas": replicas}}
    stage.cluster.patch("deployments.apps", "web", change, namespace="shop")


@pytest.mark.slow
async def test_what_somebody_has_changed_since_is_left_and_named(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    scaled_by(stage, 5)
    await stage.until(order, State.NOT_RECOVERED, since=stage.clock.now() + 8 * SECOND)
    assert 5 == stage.document().at("spec", "replicas")
    refused = [each for each in stage.entries("outcome") if each["event"] == "undo_refused"]
    assert "spec.replicas was changed since" in refused[0]["refusals"][0]["because"]


async def test_what_somebody_else_has_decided_to_leave_so_is_left_and_named(stage: Stage) -> None:
    """This server adds nobody's name by itself: `kubectl scale` to five and to three again."""
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    where: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
    managers = [{"manager": "kubectl", "operation": "Update", "fieldsV1": where}]
    change = {"metadata": {"managedFields": managers}}
    stage.cluster.patch("deployments.apps", "web", change, namespace="shop")
    await stage.until(order, State.NOT_RECOVERED, since=stage.clock.now() + 8 * SECOND)
    assert 3 == stage.document().at("spec", "replicas")
    refused = [each for each in stage.entries("outcome") if each["event"] == "undo_refused"]
    said = "spec.replicas was set since, to the same, by kubectl"
    assert said == refused[0]["refusals"][0]["because"]


@pytest.mark.slow
async def test_a_freeze_does_not_stop_it(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    freeze(stage, undo_too=False)
    await stage.until(order, State.UNDONE)


@pytest.mark.slow
async def test_a_freeze_that_says_so_stops_it(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    freeze(stage, undo_too=True)
    await stage.until(order, State.NOT_RECOVERED, since=stage.clock.now() + 8 * SECOND)
    assert 3 == stage.document().at("spec", "replicas")


@pytest.mark.slow
async def test_that_it_is_taken_back_stands_in_the_record_first(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.UNDONE)
    with stage.store.reading() as tx:
        entry = tx.records.entry(undo_of(tx, order))
        done = [each for each in tx.records.of_kind("outcome") if each.details["event"] == "undone"]
    assert entry is not None
    assert entry.details["undo"] is True
    assert entry.seq < min((each.seq for each in done), default=entry.seq + 1)


@pytest.mark.slow
async def test_a_person_can_have_it_taken_back_and_nobody_twice() -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.NOT_RECOVERED)
        about = plan_of(stage.case(order)).first
        with stage.store.transaction() as tx:
            assert order_undo(stage.leash, tx, about, by="ana", reason="it is worse")
            assert not order_undo(stage.leash, tx, about, by="ana")
        await stage.until(order, State.UNDONE)
        assert 2 == stage.document().at("spec", "replicas")


async def undone_by_a_person(stage: Stage, order: CaseOrder) -> None:
    """A person orders it; whatever becomes of that."""
    about = plan_of(stage.case(order)).first
    with stage.store.transaction() as tx:
        assert order_undo(stage.leash, tx, about, by="ana", reason="it is worse")
    async with stage.engine.running():
        while not stage.ended(order.run(UNDO)):
            stage.seal_all()
            await stage.clock_moves()
    assert not stage.failed()


@pytest.mark.slow
async def test_undos_that_are_refused_are_followed_by_one_look_after_the_other() -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON, late=HOUR) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.NOT_RECOVERED)
        scaled_by(stage, 5)
        for generation in range(1, 6):
            again = msgspec.structs.replace(order, generation=generation)
            with stage.store.transaction() as tx:
                about = plan_of(stage.case(order)).first
                assert order_undo(stage.leash, tx, about, by="ana", reason="it is worse")
            assert "was changed since" in await comes_back(stage, again)
        await swept(stage)
        looks = [r for r in stage.runs() if r.order.phase == LOOK and not r.state.ended]
        assert 1 == len(looks)


DAYS = timedelta(days=3)


def a_wish(stage: Stage, about: Proposal) -> Handed:
    """What Ana signs to have it taken back."""
    said = Statement(
        v=1,
        cluster=about.cluster,
        proposal=about.id,
        digest=about.digest,
        step=1,
        decision=Decision.UNDO,
        reason="it is worse",
        until=stage.clock.now() + HOUR / 2,
    )
    text = said.text()
    return Handed(statement=text.decode(), signature=sign(key(), text, NAMESPACE))


def says(stage: Stage, order: CaseOrder, *, restored: bool) -> None:
    """Write into its row that a backup was restored, or was not."""
    course = msgspec.structs.replace(stage.course(order), restored=restored)
    stage.forge(msgspec.structs.replace(stage.case(order), course=written(course)))


async def ordered(stage: Stage, by: str = KEEPER) -> CaseOrder:
    """It has not recovered, and was ordered to be taken back; then the keeper goes away."""
    order = await stage.approved(SCALE)
    await stage.until(order, State.NOT_RECOVERED)
    with stage.store.transaction() as tx:
        assert order_undo(stage.leash, tx, plan_of(stage.case(order)).first, by=by)
    return order


async def comes_back(stage: Stage, order: CaseOrder) -> str:
    """The keeper works at what was ordered; the last that it says of it."""
    async with stage.engine.running(), asyncio.timeout(30):
        while not stage.ended(order.run(UNDO)):
            stage.seal_all()
            await stage.clock_moves()
    assert not stage.failed()
    return stage.course(order).says


async def test_what_does_well_by_the_time_that_it_would_go_is_left() -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON) as stage:
        order = await ordered(stage)
        stage.heal()
        stage.clock.advance(HOUR / 6)
        assert "it is not taken back: it does well by now" == await comes_back(stage, order)
        await stage.until(order, State.RECOVERED_LATE)
        assert 3 == stage.document().at("spec", "replicas")


NOT_GIVEN_UP: dict[str, Callable[[Course], Course]] = {
    "it was not given up": lambda course: msgspec.structs.replace(
        course,
        watched=course.watched and msgspec.structs.replace(course.watched, given_up=False),
    ),
    "it was never watched": lambda course: msgspec.structs.replace(course, watched=None),
}


@pytest.mark.parametrize("how", NOT_GIVEN_UP)
async def test_what_does_well_by_then_is_left_whatever_its_row_says(how: str) -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON) as stage:
        order = await ordered(stage)
        stage.lose_runs(LOOK)
        stage.heal()
        course = NOT_GIVEN_UP[how](stage.course(order))
        stage.forge(msgspec.structs.replace(stage.case(order), course=written(course)))
        stage.clock.advance(HOUR / 6)
        assert "it is not taken back: it does well by now" == await comes_back(stage, order)
        assert 3 == stage.document().at("spec", "replicas")


async def test_what_waited_for_days_is_left_to_people() -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON) as stage:
        order = await ordered(stage)
        stage.clock.advance(DAYS)
        await comes_back(stage, order)  # a look beside it may have said the last word
        (refused,) = (e for e in stage.entries("outcome") if e["event"] == "undo_refused")
        assert "more than an hour ago" in refused["refusals"][0]["because"]
        assert 3 == stage.document().at("spec", "replicas")


async def test_what_a_person_asked_for_waits_as_long_as_it_must() -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON) as stage:
        order = await ordered(stage, by="ana")
        stage.heal()
        stage.clock.advance(DAYS)
        await comes_back(stage, order)
        assert State.UNDONE.value == stage.case(order).state


async def test_one_bad_look_after_days_takes_nothing_back(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    stage.clock.advance(DAYS)  # in which the keeper was away
    await stage.until(order, State.NOT_RECOVERED, since=stage.clock.now() + 30 * SECOND)
    (refused,) = (each for each in stage.entries("outcome") if each["event"] == "undo_refused")
    assert "it was done long ago" in refused["refusals"][0]["because"]
    assert 3 == stage.document().at("spec", "replicas")


@pytest.mark.slow
async def test_after_a_restore_nothing_is_taken_back_unless_somebody_asks(stage: Stage) -> None:
    order = await applied_and_restored(stage, SCALE)
    await stage.until(order, State.NOT_RECOVERED, since=stage.clock.now() + 30 * SECOND)
    assert 3 == stage.document().at("spec", "replicas")
    with stage.store.reading() as tx:
        assert not undo_of(tx, order)


@pytest.mark.parametrize("says_so", [True, False])
@pytest.mark.parametrize("by", [KEEPER, "ana"])
async def test_a_run_that_was_restored_with_the_rest_takes_nothing_back(
    by: str, *, says_so: bool
) -> None:
    """As a snapshot of the disk restores it, with the engine's own rows; whatever its row says."""
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON) as stage:
        order = await ordered(stage, by)
        await accept_restore(stage.sealer, [], "the disk died", "ada")
        says(stage, order, restored=says_so)
        assert "a restored backup was accepted" in await comes_back(stage, order)
        assert 3 == stage.document().at("spec", "replicas")


@pytest.mark.parametrize("state", [State.APPLIED, State.RECOVERED])
async def test_a_person_need_not_wait_and_may_think_better_of_it(state: State) -> None:
    async with a_stage(rules=ON, soak=SECOND, deadline=HOUR) as stage:
        order = await stage.approved(SCALE, code=UNHEARD if state is State.APPLIED else CODE)
        await stage.until(order, state, meanwhile=stage.heal)
        await undone_by_a_person(stage, order)
        await stage.until(order, State.UNDONE)
        assert 2 == stage.document().at("spec", "replicas")


async def test_what_somebody_has_changed_since_it_recovered_is_left(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    scaled_by(stage, 5)
    looks = stage.course(order).looks
    await undone_by_a_person(stage, order)
    assert State.RECOVERED.value == stage.case(order).state
    assert 5 == stage.document().at("spec", "replicas")
    assert "was changed since" in stage.course(order).says
    assert looks == stage.course(order).looks  # nothing is watched any more


async def test_nothing_is_taken_back_from_under_another_repair(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    other = a_case(await stage.proposal(RESTART, stage.document().ref), stage.clock.now())
    with stage.store.transaction() as tx:
        assert tx.cases.put(msgspec.structs.replace(other, state=State.LEASED.value))
    await undone_by_a_person(stage, order)
    assert "is under way on it" in stage.course(order).says
    assert 3 == stage.document().at("spec", "replicas")


async def test_an_undo_whose_run_a_restore_lost_can_be_had_again() -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=SOON) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.NOT_RECOVERED)
        about = plan_of(stage.case(order)).first
        with stage.store.transaction() as tx:
            assert order_undo(stage.leash, tx, about, by="ana")
        stage.forget_runs()
        with stage.store.transaction() as tx:
            assert order_undo(stage.leash, tx, about, by="ana", reason="once more")
        await stage.until(order, State.UNDONE)
        assert 2 == stage.document().at("spec", "replicas")
        assert 2 == stage.course(order).generation


@pytest.mark.slow
async def test_an_undo_whose_answer_was_lost_is_found(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    stage.wire.plans.append("lose the answer")
    await stage.until(order, State.UNDONE)
    assert 2 == stage.document().at("spec", "replicas")
    assert stage.entries("outcome")[-1]["observed"]


@pytest.mark.slow
async def test_an_undo_that_lands_late_is_seen_to_be_done(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    stage.wire.plans.append("lose the request")
    await stage.until(order, State.UNDOING)
    assert stage.ended(order.run(UNDO))
    scaled_by(stage, 2)  # the API server was at it all the time
    await stage.until(order, State.UNDONE)
    told = stage.entries("outcome")[-2:]
    assert [("lost", True), ("undone", True)] == [(e["event"], e["observed"]) for e in told]


@pytest.mark.slow
async def test_an_undo_that_was_lost_has_failed_once_it_cannot_come_any_more(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.APPLIED)
    stage.wire.plans.append("lose the request")
    await stage.until(order, State.UNDOING)
    lost = stage.clock.now()
    case = await stage.until(order, State.UNDO_FAILED)
    assert case.changed - lost >= 60 * SECOND
    assert 3 == stage.document().at("spec", "replicas")
    assert [] == list(await stage.leases.left())


@pytest.mark.slow
async def test_an_undo_that_was_lost_for_good_has_failed() -> None:
    async with a_stage(rules=ON, soak=SECOND, deadline=SOON, settled=timedelta()) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.APPLIED)
        stage.wire.plans += ["lose the request"] * 9
        await stage.until(order, State.UNDO_FAILED)
        assert 3 == stage.document().at("spec", "replicas")
        assert [] == list(await stage.leases.left())


@pytest.mark.slow
async def test_what_was_deleted_is_made_again_as_it_was(stage: Stage) -> None:
    spec = {"hard": {"pods": "2"}}
    made = manifest("v1", "ResourceQuota", "few", spec=spec, metadata={"labels": {"team": "a"}})
    quota = stage.cluster.create(made)
    status = {"hard": {"pods": "2"}, "used": {"pods": "2"}}
    stage.cluster.update_status({**quota, "status": status})
    before = stage.document("resourcequotas", "few")

    order = await stage.approved(DeleteResourceQuota(), before.ref, code=UNHEARD, by=BOTH)
    await stage.until(order, State.UNDONE)
    after = stage.document("resourcequotas", "few")
    assert before.asked() == after.asked()
    assert before.ref.uid != after.ref.uid

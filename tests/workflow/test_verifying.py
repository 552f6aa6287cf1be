"""Whether it helped, by the target's own word and its cause; and what became of what is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.errors import Unanswered
from holdfast.execution.courses import Course, written
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.kinds import ReplicaSet
from holdfast.model.objects import Object, Ref
from holdfast.model.ordered import CaseOrder
from holdfast.model.rules import Verdict, finding_id
from holdfast.model.steps import Step
from holdfast.model.switches import breaker
from holdfast.ports import How
from holdfast.testing.clock import FrozenClock
from holdfast.testing.manifests import deployment, pod_of, unpulled, waiting_status
from holdfast.testing.memory import Kept
from holdfast.workflow.busy import UNDER_WAY, WAITING, busy
from holdfast.workflow.keeping import ASTRAY
from holdfast.workflow.verifying import cause
from tests.workflow.executing import SECOND, Stage, a_stage, changed

RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
SCALE = ScaleWorkload(replicas=3, now=2)
MINUTE = timedelta(minutes=1)
SCALING = Rules(switched_on=frozenset({"ScaleWorkload"}))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(rules=SCALING) as made:
        yield made


@pytest.mark.slow
async def test_a_target_that_stays_well_has_recovered(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    case = await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    watched = stage.course(order).watched
    assert watched is not None
    assert case.changed - watched.applied >= MINUTE
    assert ["applied", "recovered"] == [each["event"] for each in stage.entries("outcome")]


@pytest.mark.slow
async def test_a_row_that_is_gone_when_it_is_looked_at_is_told_in_the_log(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    case = await stage.until(order, State.APPLIED)
    with stage.store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        del tx.native.casework.cases[case.id]

    stage.clock.advance(MINUTE)
    await stage.quiet("look")

    assert 1 == stage.complaints("row gone")


class Off(FrozenClock):
    """A keeper's clock, so far apart from the store's as a keeper's may be."""

    def __init__(self, of: FrozenClock, by: timedelta) -> None:
        super().__init__(of.now())
        self._of, self._by = of, by

    def now(self) -> datetime:
        return self._of.now() + self._by


@pytest.mark.slow
async def test_a_soak_is_as_long_where_another_keeper_looks_on_by_another_clock(
    stage: Stage,
) -> None:
    changed(stage, clock=Off(stage.clock, -ASTRAY))
    order = await stage.approved(RESTART)
    well: list[datetime] = []

    def another_looks_on() -> None:
        stage.heal()
        watched = stage.course(order).watched
        if watched is not None and watched.well_since is not None and not well:
            well.append(stage.clock.now())
            changed(stage, clock=Off(stage.clock, ASTRAY))

    await stage.until(order, State.RECOVERED, meanwhile=another_looks_on)
    assert stage.clock.now() - well[0] >= MINUTE


async def test_a_deadline_counts_from_the_act_by_the_stores_time(stage: Stage) -> None:
    changed(stage, clock=Off(stage.clock, -ASTRAY))
    began = stage.clock.now()
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    watched = stage.course(order).watched
    assert watched is not None
    assert watched.applied >= began


@pytest.mark.slow
async def test_what_does_not_help_is_taken_back(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await stage.until(order, State.UNDONE)
    assert 2 == stage.document().at("spec", "replicas")
    told = [each["event"] for each in stage.entries("outcome")]
    assert ["applied", "deadline", "undone"] == told
    assert [] == list(await stage.leases.left())
    assert 2 == len(stage.wire.sent)


@pytest.mark.slow
async def test_what_cannot_be_taken_back_may_heal_late(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.NOT_RECOVERED)
    await stage.until(order, State.RECOVERED_LATE, meanwhile=stage.heal)
    assert "healed_late" == stage.entries("outcome")[-1]["event"]


@pytest.mark.slow
async def test_what_does_not_heal_late_either_is_looked_at_no_more(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.NOT_RECOVERED)
    late = stage.clock.now() + timedelta(minutes=35)
    await stage.until(order, State.NOT_RECOVERED, meanwhile=lambda: None, since=late)
    looks = stage.course(order).looks
    later = stage.clock.now() + timedelta(minutes=5)
    await stage.until(order, State.NOT_RECOVERED, since=later)
    assert looks == stage.course(order).looks


@pytest.mark.slow
async def test_undo_can_be_switched_off() -> None:
    rules = Rules(switched_on=frozenset({"ScaleWorkload"}), undo=False)
    async with a_stage(rules=rules) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.NOT_RECOVERED)
        await stage.until(order, State.RECOVERED_LATE, meanwhile=stage.heal)
        assert 3 == stage.document().at("spec", "replicas")


@pytest.mark.slow
async def test_a_target_that_looks_well_while_its_cause_is_found_has_not_recovered(
    stage: Stage,
) -> None:
    order = await stage.approved(RESTART, code="HF-WRK-013")
    unpulled_pod(stage, "web")
    await stage.until(order, State.NOT_RECOVERED, meanwhile=stage.heal)
    assert "still found" in stage.course(order).says


def unpulled_pod(stage: Stage, of: str) -> Ref:
    """A pod of that Deployment whose image nobody can have."""
    made = stage.cluster.fetch("deployments.apps", of, namespace="shop")
    pod = stage.cluster.create(pod_of(made, f"{of}-1", "web:2"))
    status = waiting_status(pod, stage.clock.now(), "ErrImagePull", unpulled("web:2"))
    stage.cluster.update_status({**pod, "status": status})
    return stage.document("pods", f"{of}-1").ref


async def test_what_was_answered_is_known_by_its_finding_and_by_no_neighbours(
    stage: Stage,
) -> None:
    """A quota is deleted, and another still keeps the same workload from its pods, say."""
    about = await stage.proposal(RESTART, stage.document().ref, "HF-WRK-013")
    stage.cluster.create(deployment("db", "db:1", 1))
    pod = unpulled_pod(stage, "db")
    assert Verdict.ABSENT == await cause(stage.leash, about)
    its = finding_id(pod, "HF-WRK-013", "db")
    same = msgspec.structs.replace(about, finding=its)
    assert Verdict.FOUND == await cause(stage.leash, same)
    another = msgspec.structs.replace(about, finding="fnd_1", found_on=pod.uid)  # of its parts
    assert Verdict.FOUND == await cause(stage.leash, another)
    older = msgspec.structs.replace(about, trouble=its)  # of which nobody kept the finding
    assert Verdict.FOUND == await cause(stage.leash, older)


async def test_nothing_is_gone_while_nobody_sees_whose_pods_they_are(stage: Stage) -> None:
    about = await stage.proposal(RESTART, stage.document().ref, "HF-WRK-013")

    class BrokenOff:
        """A cluster that breaks off a list."""

        def __getattr__(self, name: str) -> Any:
            return getattr(stage.cluster, name)

        async def list(self, kind: type[Object], *more: Any) -> Any:
            if kind is ReplicaSet:
                raise Unanswered("It broke off.", remedy="Look again.")
            return await stage.cluster.list(kind, *more)

    changed(stage, cluster=BrokenOff())
    assert Verdict.UNKNOWN == await cause(stage.leash, about)


@pytest.mark.slow
async def test_three_failures_open_the_breaker(stage: Stage) -> None:
    for number in range(3):
        stage.clock.advance(timedelta(hours=1))
        order = await stage.approved(RolloutRestart(stamp=f"2026-01-01T12:00:0{number}Z"))
        await stage.until(order, State.NOT_RECOVERED)
    with stage.store.reading() as tx:
        assert tx.switches.value(breaker("restart"))
    stage.clock.advance(timedelta(hours=1))
    last = await stage.approved(RESTART)
    await stage.until(last, State.REFUSED)


@pytest.mark.slow
async def test_an_answer_that_was_lost_is_found_in_the_cluster(stage: Stage) -> None:
    stage.wire.plans.append("lose the answer")
    order = await stage.approved(RESTART)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    assert 2 == stage.document().at("metadata", "generation")
    assert 1 == len(stage.wire.sent)
    assert stage.entries("outcome")[0]["observed"]


@pytest.mark.slow
async def test_a_request_that_was_lost_is_unknown_until_it_cannot_come_any_more(
    stage: Stage,
) -> None:
    stage.wire.plans.append("lose the request")
    order = await stage.approved(RESTART)
    await stage.until(order, State.UNKNOWN)
    lost = stage.clock.now()
    case = await stage.until(order, State.FAILED)
    assert case.changed - lost >= timedelta(seconds=60)
    assert [] == stage.wire.sent
    assert stage.document().at(*STAMP) is None


async def test_a_lost_request_is_tried_again_once_it_certainly_was_not_done(stage: Stage) -> None:
    def lose_and_move(_: Step, how: How) -> None:
        if stage.wire.plans and how is How.ACT:
            now = stage.cluster.fetch("deployments.apps", "web", namespace="shop")
            stage.cluster.update_status({**now, "status": {"unavailableReplicas": 2}})

    order = await stage.approved(RESTART)
    stage.wire.plans.append("lose the request")
    stage.wire.before = lose_and_move
    await stage.until(order, State.APPLIED)
    assert 2 == stage.document().at("metadata", "generation")
    assert 2 == stage.course(order).act.rounds


@pytest.mark.slow
async def test_a_lost_request_is_given_as_long_by_another_keepers_clock(stage: Stage) -> None:
    changed(stage, clock=Off(stage.clock, -ASTRAY))
    stage.wire.plans.append("lose the request")
    order = await stage.approved(RESTART)
    sent: list[datetime] = []

    def another_looks_on() -> None:
        if stage.case(order).state == State.UNKNOWN.value and not sent:
            sent.append(stage.clock.now())
            changed(stage, clock=Off(stage.clock, ASTRAY))

    await stage.until(order, State.FAILED, meanwhile=another_looks_on)
    assert stage.clock.now() - sent[0] >= stage.leash.timing.settled - 5 * SECOND


async def test_what_was_about_to_be_sent_is_waited_for_by_no_clock_that_was_set_back() -> None:
    """Whoever sent it died of it; the clock of whoever takes over is a day behind."""
    async with a_stage(settled=SECOND / 5) as stage:

        def dies(_: Step, how: How) -> None:
            if how is How.ACT:
                stage.wire.before = lambda _, __: None
                raise asyncio.CancelledError

        stage.wire.before = dies
        order = await stage.approved(RESTART)
        async with stage.engine.running(), asyncio.timeout(20):
            while stage.wire.before is dies:
                stage.seal_all()
                await stage.clock_moves()
        changed(stage, clock=Off(stage.clock, -timedelta(days=1)))
        await stage.until(order, State.APPLIED)
        assert 1 == len(stage.wire.sent)
        assert 2 == stage.course(order).act.rounds


@pytest.mark.slow
async def test_what_somebody_deleted_meanwhile_stays_unknown(stage: Stage) -> None:
    stage.wire.plans.append("lose the answer")
    order = await stage.approved(RESTART)
    stage.wire.after = lambda: stage.cluster.delete("deployments.apps", "web", namespace="shop")
    await stage.until(order, State.UNKNOWN)
    later = stage.clock.now() + timedelta(minutes=5)
    await stage.until(order, State.UNKNOWN, since=later)
    assert "does not tell" in stage.course(order).says


async def unknown_for_good(stage: Stage) -> CaseOrder:
    """Nobody heard an answer, and somebody has changed the same since."""
    stage.wire.plans.append("lose the request")
    order = await stage.approved(RESTART)
    await stage.until(order, State.UNKNOWN)
    change = {"spec": {"template": {"metadata": {"annotations": {"x": "y"}}}}}
    stage.cluster.patch("deployments.apps", "web", change, namespace="shop")
    await stage.quiet("look")
    assert "does not tell" in stage.course(order).says
    return order


OVER = timedelta(minutes=40, seconds=65)  # deadline, late window, and what an API server may take


@pytest.mark.slow
@pytest.mark.parametrize("states", [WAITING, UNDER_WAY])
async def test_what_stays_unknown_holds_its_target_while_something_may_come_of_it(
    stage: Stage, states: frozenset[State]
) -> None:
    order = await unknown_for_good(stage)
    sent, about = stage.course(order).act.sent, stage.document().ref
    assert sent is not None
    stage.clock.advance(sent.at + OVER - SECOND - stage.clock.now())
    assert "(unknown)" in str(busy(stage.leash, about, states))
    stage.clock.advance(SECOND)
    assert busy(stage.leash, about, states) is None
    other = await stage.approved(RolloutRestart(stamp="2026-01-01T13:00:00Z"))
    await stage.until(other, State.RECOVERED, meanwhile=stage.heal)
    assert State.UNKNOWN.value == stage.case(order).state


HELD: dict[str, Callable[[Course], Course]] = {
    "its lease may stand": lambda course: msgspec.structs.replace(
        course, act=msgspec.structs.replace(course.act, lease="act.rolloutrestart.uid-1.1")
    ),
    "nobody has looked": lambda course: msgspec.structs.replace(course, looks=0),
}


@pytest.mark.parametrize("why", [*HELD, "nobody can read it"])
async def test_what_is_unknown_holds_its_target_as_long_as(stage: Stage, why: str) -> None:
    order = await unknown_for_good(stage)
    course = written(HELD[why](stage.course(order))) if why in HELD else "rubbish"
    stage.forge(msgspec.structs.replace(stage.case(order), course=course))
    stage.clock.advance(timedelta(days=365))
    assert busy(stage.leash, stage.document().ref, WAITING) is not None

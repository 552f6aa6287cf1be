"""A request went out, and whoever has the database in hand writes over what rows say of it: it is
not sent again, and the record says no other end of it than the cluster shows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest

from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.execution.courses import Course, Sending, written
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.model.ordered import ACT, SWEEP, UNDO, CaseOrder, SweepOrder
from holdfast.model.runs import Order, RunState
from holdfast.testing.engine import Run
from holdfast.testing.engine import Step as Kept
from holdfast.testing.memory import Kept as Work
from holdfast.workflow.deeds import Answered, Came
from holdfast.workflow.doing import CLAIM
from holdfast.workflow.sendings import ASKED, SENDING
from tests.workflow.executing import SECOND, Stage, a_stage, changed
from tests.workflow.test_acting import frozen

pytestmark = pytest.mark.slow

SCALE = ScaleWorkload(replicas=3, now=2)
GO = [(CLAIM, "go"), ("ready 1", "go")]


def answer(came: Came) -> tuple[str, object]:
    return "send 1", Answered(came=came, says="as somebody wrote")


FORGED: dict[str, tuple[tuple[str, object], ...]] = {
    "it moved": (*GO, answer(Came.MOVED)),
    "it moved, and is tried again": (*GO, answer(Came.MOVED), ("outcome 1", "again")),
    "it was denied": (*GO, answer(Came.DENIED)),
    "it was not answered": (*GO,),
    "it was only claimed": (GO[0],),
}
"""What the run's own rows say of it then."""


def as_before(course: Course, _: Stage) -> Course:
    return course


def never_sent(course: Course, _: Stage) -> Course:
    """Nothing was ever about to be sent."""
    return msgspec.structs.replace(course, act=_unsent(course.act), undo=_unsent(course.undo))


def _unsent(sending: Sending) -> Sending:
    return Sending(run=sending.run, lease=sending.lease)


def of_another_state(course: Course, stage: Stage) -> Course:
    """It was about to be sent for what stands there now, which nobody has changed since."""
    now = stage.document()
    at = stage.clock.now() - timedelta(days=1)
    return msgspec.structs.replace(
        course, act=_asked_for(course.act, now.resource_version, at_=at), undo=course.undo
    )


def _asked_for(sending: Sending, version: str, *, at_: object) -> Sending:
    assert sending.sent is not None
    sent = msgspec.structs.replace(sending.sent, version=version, at=at_)
    return msgspec.structs.replace(sending, sent=sent)


COURSES = (as_before, never_sent, of_another_state)


@asynccontextmanager
async def the_stage() -> AsyncIterator[Stage]:
    rules = Rules(switched_on=frozenset({"ScaleWorkload", "RolloutRestart"}), undo=False)
    async with a_stage(rules=rules, settled=SECOND / 10) as stage:
        yield stage


def taken_over(stage: Stage, run: str) -> Callable[[], None]:
    """Once it has reached the server, nobody may keep what came of it."""

    def take() -> None:
        stage.wire.after = lambda: None
        with stage.store.transaction() as tx:
            assert stage.engine.cancel(tx, run)

    return take


def write_over(stage: Stage, run: str, steps: tuple[tuple[str, object], ...]) -> None:
    """The run's rows, by hand: so far it has come, and anybody may go on with it."""
    with stage.store.transaction() as tx:
        assert isinstance(tx.native, Work)
        forged = tuple(Kept(name=name, value=value) for name, value in steps)
        there = tx.native.work[run]
        assert isinstance(there, Run)
        tx.native.work[run] = msgspec.structs.replace(
            there, steps=forged, state=RunState.WAITING, owner=0, ended=None
        )


def put_back(stage: Stage, replicas: int) -> None:
    """By an engineer."""
    change = {"spec": {"replicas": replicas}}
    stage.cluster.patch("deployments.apps", "web", change, namespace="shop")


async def sent_and_taken_over(stage: Stage) -> CaseOrder:
    """It was done, and nobody has heard so."""
    order = await stage.approved(SCALE)
    run = order.run(ACT)
    stage.wire.after = taken_over(stage, run)
    async with stage.engine.running():
        while not stage.ended(run):
            stage.seal_all()
            await stage.clock_moves()
    assert 1 == len(stage.wire.sent)
    assert State.LEASED.value == stage.case(order).state
    return order


async def goes_on(stage: Stage) -> None:
    """Until whoever can do something has done it, and a while longer; it is swept up meanwhile."""
    async with stage.engine.running(), asyncio.timeout(30):
        for number in range(4):
            until = stage.clock.now() + timedelta(minutes=1)
            while stage.clock.now() < until:
                stage.seal_all()
                await stage.clock_moves()
            with stage.store.transaction() as tx:
                order = Order(id=f"sweep/{number}", phase=SWEEP, argument=SweepOrder())
                stage.engine.enqueue(tx, order)


def events(stage: Stage) -> set[str]:
    return {each["event"] for each in stage.entries("outcome")}


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("steps", FORGED.values(), ids=list(FORGED))
async def test_it_is_not_done_twice(
    steps: tuple[tuple[str, object], ...], course: Callable[[Course, Stage], Course]
) -> None:
    """An engineer has put it back meanwhile: what was approved once is not done over him."""
    async with the_stage() as stage:
        order = await sent_and_taken_over(stage)
        put_back(stage, 2)
        row = written(course(stage.course(order), stage))
        stage.forge(msgspec.structs.replace(stage.case(order), course=row))
        write_over(stage, order.run(ACT), steps)
        await goes_on(stage)
        assert 1 == len(stage.wire.sent)
        assert 2 == stage.document().at("spec", "replicas")
        assert events(stage).isdisjoint({"refused", "failed", "found_not_done", "applied"})


@pytest.mark.parametrize("steps", FORGED.values(), ids=list(FORGED))
@pytest.mark.parametrize("state", [State.LEASED, State.APPROVED])
async def test_it_is_said_to_be_done_or_nothing_is_said(
    steps: tuple[tuple[str, object], ...], state: State
) -> None:
    async with the_stage() as stage:
        order = await sent_and_taken_over(stage)
        back = state is State.APPROVED
        row = written(never_sent(stage.course(order), stage) if back else stage.course(order))
        stage.forge(msgspec.structs.replace(stage.case(order), course=row, state=state.value))
        write_over(stage, order.run(ACT), steps)
        await goes_on(stage)
        assert 1 == len(stage.wire.sent)
        assert events(stage).isdisjoint({"refused", "failed", "found_not_done"})
        if not back:
            assert events(stage) & {"applied", "found_done"}


async def test_of_what_may_have_been_sent_nobody_says_that_it_never_began() -> None:
    """Its row says that it is approved, and its run has ended for good."""
    async with the_stage() as stage:
        order = await sent_and_taken_over(stage)
        row = written(never_sent(stage.course(order), stage))
        stage.forge(
            msgspec.structs.replace(stage.case(order), course=row, state=State.APPROVED.value)
        )
        await goes_on(stage)
        assert set() == events(stage)
        assert 0 < stage.complaints("approved, and may have been sent")


@pytest.mark.parametrize("steps", FORGED.values(), ids=list(FORGED))
async def test_it_is_not_taken_back_twice(steps: tuple[tuple[str, object], ...]) -> None:
    rules = Rules(switched_on=frozenset({"ScaleWorkload"}))
    async with a_stage(rules=rules, soak=SECOND, deadline=2 * SECOND, settled=SECOND / 10) as stage:
        order = await stage.approved(SCALE)
        run = order.run(UNDO)
        stage.wire.after = lambda: setattr(stage.wire, "after", taken_over(stage, run))
        async with stage.engine.running():
            while not stage.ended(run):
                stage.seal_all()
                await stage.clock_moves()
        assert 2 == len(stage.wire.sent)
        assert State.UNDOING.value == stage.case(order).state
        put_back(stage, 3)
        write_over(stage, run, steps)
        await goes_on(stage)
        assert 2 == len(stage.wire.sent)
        assert 3 == stage.document().at("spec", "replicas")
        assert "undone" not in events(stage)


def swallow(stage: Stage, draft: Draft) -> None:
    """What says so never comes into the chain."""


def seal_a_remark(stage: Stage, draft: Draft) -> None:
    """What comes into the chain by its name says something else."""
    stage.sealer.record([Draft(id=draft.id, kind="remark", actor="keeper", subjects=("prp_1",))])


def freeze(stage: Stage, draft: Draft) -> None:
    """Somebody switches everything off while it is waited for."""
    frozen(stage)
    stage.sealer.record([draft])


NOT_SENT: dict[Callable[[Stage, Draft], None], str] = {
    swallow: "it was not sent: the record does not say in time",
    seal_a_remark: "it was not sent: the record does not say in time",
    freeze: "has switched everything off",
}


@pytest.mark.parametrize("how", NOT_SENT)
async def test_it_is_sent_once_the_record_says_so_and_nobody_has_forbidden_it(
    how: Callable[[Stage, Draft], None],
) -> None:
    async with the_stage() as stage:
        order = await stage.approved(SCALE)
        timing = msgspec.structs.replace(stage.leash.timing, sealed=SECOND / 5)
        changed(stage, timing=timing)
        async with stage.engine.running(), asyncio.timeout(30):
            while not stage.ended(order.run(ACT)):
                for draft in taken_out(stage):
                    how(stage, draft)
                stage.seal_all()
                await stage.clock_moves()
        assert [] == stage.wire.sent
        assert NOT_SENT[how] in stage.course(order).says


def taken_out(stage: Stage) -> list[Draft]:
    """Those that say that it is about to be sent, out of what waits to be sealed."""
    with stage.store.transaction() as tx:
        assert isinstance(tx.native, Work)
        found = [each for each in tx.native.drafts.values() if each.kind == SENDING]
        for each in found:
            del tx.native.drafts[each.id]
    return found


async def test_it_is_announced_with_the_state_that_it_is_for() -> None:
    async with the_stage() as stage:
        order = await stage.approved(SCALE)
        version = stage.document().resource_version
        await stage.until(order, State.APPLIED)
        (told,) = stage.entries(SENDING)
        assert version == told[ASKED]["version"]
        assert told["account"].startswith("act.scaleworkload.")


async def test_what_is_announced_in_words_of_nobodys_is_looked_for_by_people() -> None:
    """A draft that somebody wrote: nobody can tell whether it was sent, so nothing is sent."""
    async with the_stage() as stage:
        order = await stage.approved(SCALE)
        details: dict[str, Plain] = {"account": "act.scaleworkload.u-1.1", "step": 1, ASKED: "x"}
        subjects = (order.proposal,)
        said = Draft(id="s", kind=SENDING, actor="keeper", subjects=subjects, details=details)
        stage.sealer.record([said])
        await goes_on(stage)
        assert [] == stage.wire.sent

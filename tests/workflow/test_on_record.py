"""What the record does not say is not done, whatever the rows name."""

from collections.abc import Callable

import msgspec
import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.execution.courses import Course, Sending, written
from holdfast.execution.recovering import Watched
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.model.ordered import ACT, LOOK, UNDO, CaseOrder
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.testing.engine import Step as Kept
from holdfast.testing.memory import Kept as Work
from holdfast.workflow.asking import intent_of
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.deeds import Answered, Came
from holdfast.workflow.doing import CLAIM
from holdfast.workflow.taking_back import order_undo, undo_of
from tests.workflow.executing import HOUR, SECOND, Stage, a_stage, changed
from tests.workflow.test_acting import moves_at_the_act

RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
SCALE = ScaleWorkload(replicas=3, now=2)
LEFT = Rules(switched_on=frozenset({"ScaleWorkload"}), undo=False)


async def test_what_is_not_sealed_is_not_done() -> None:
    async with a_stage(sealed=SECOND / 10) as stage:
        order = await stage.approved(RESTART, sealed=False)
        await stage.until(order, State.REFUSED)
        assert [] == stage.wire.sent
        assert "audit_first" in {e["by"] for e in stage.entries("outcome")[0]["refusals"]}


@pytest.mark.slow
async def test_what_is_judged_is_witnessed_once_and_each_time_that_it_is_sent() -> None:
    async with a_stage() as stage:
        witnessed: list[int] = []

        async def witness() -> None:
            witnessed.append(len(stage.wire.sent))

        changed(stage, witness=witness)
        order = await stage.approved(RESTART)
        moves_at_the_act(stage, 2)
        await stage.until(order, State.APPLIED)
        assert 3 == stage.course(order).act.rounds
        assert [0, 0, 1, 2] == witnessed


def by_rows_alone(stage: Stage, order: CaseOrder, named: str) -> None:
    """As only somebody with the database in hand could: that entry is named as what orders it."""
    with stage.store.transaction() as tx:
        assert tx.once.spend(UNDO, order.key, named, stage.clock.now())
        run = Order(id=order.run(UNDO), phase=UNDO, argument=order, partition="shop")
        stage.engine.enqueue(tx, run)


SEALED: dict[str, Callable[[Tx, CaseOrder], str]] = {
    "a remark": lambda _tx, _order: "begin",
    "what the act was ordered by": lambda tx, order: intent_of(tx, order.proposal, order.step),
}


@pytest.mark.parametrize("named", SEALED.values(), ids=list(SEALED))
async def test_an_undo_needs_its_own_intent_in_the_chain(
    named: Callable[[Tx, CaseOrder], str],
) -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=2 * SECOND) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
        with stage.store.reading() as tx:
            id_ = named(tx, order)
        by_rows_alone(stage, order, id_)
        await stage.quiet(UNDO)
        assert 3 == stage.document().at("spec", "replicas")
        assert "that it is to be taken back is not sealed" in stage.course(order).says


async def test_an_undo_that_was_refused_orders_no_later_one() -> None:
    """By the entry of the first, a second is not begun: each time has one of its own."""
    async with a_stage(rules=LEFT, soak=SECOND, deadline=2 * SECOND) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
        with stage.store.transaction() as tx:
            assert order_undo(stage.leash, tx, plan_of(stage.case(order)).first, by="ana")
            first = undo_of(tx, order)
            stage.engine.cancel(tx, order.run(UNDO))
        stage.seal_all()
        second = CaseOrder(proposal=order.proposal, step=1, generation=2)
        by_rows_alone(stage, second, first)
        await stage.quiet(UNDO)
        assert 3 == stage.document().at("spec", "replicas")
        assert "that it is to be taken back is not sealed" in stage.course(order).says


NEVER = "the record does not say that it was begun"


async def by_rows_begun(stage: Stage, state: State) -> CaseOrder:
    """One that nobody began, and whose row says how far it has come."""
    order = await stage.approved(SCALE, sealed=False)
    applied = Watched(applied=stage.clock.now() - HOUR)
    course = Course(watched=applied, act=Sending(run=order.run(ACT), lease="act.scale.u-1.1"))
    row = msgspec.structs.replace(stage.case(order), state=state.value, course=written(course))
    stage.forge(row)
    return order


@pytest.mark.parametrize("state", [State.LEASED, State.UNKNOWN, State.APPLIED, State.UNDOING])
async def test_of_what_was_never_begun_a_look_says_nothing_and_has_nothing_taken_back(
    state: State,
) -> None:
    async with a_stage() as stage:
        order = await by_rows_begun(stage, state)
        stage.lose_runs(ACT)
        with stage.store.transaction() as tx:
            stage.engine.enqueue(tx, Order(id=order.run(LOOK, 1), phase=LOOK, argument=order))
        await stage.quiet(LOOK)

        assert [] == [*stage.entries("outcome"), *stage.entries("intent")]
        assert (state.value, NEVER) == (stage.case(order).state, stage.course(order).says)
        assert 1 == stage.complaints("nothing is said of an act")


def as_if_sent(stage: Stage, phase: str) -> None:
    """Its run says that the request was sent, and that the API server has done it."""
    kept = [(CLAIM, "go"), ("ready 1", "go"), ("send 1", Answered(came=Came.DONE, says="done"))]
    with stage.store.transaction() as tx:
        assert isinstance(tx.native, Work)
        (run,) = [each for each in stage.runs() if each.order.phase == phase]
        forged = tuple(Kept(name=name, value=value) for name, value in kept)
        tx.native.work[run.order.id] = msgspec.structs.replace(run, steps=forged)


async def test_what_the_engine_says_of_a_run_is_no_way_back_that_nobody_ordered() -> None:
    async with a_stage(rules=LEFT, soak=SECOND, deadline=2 * SECOND) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
        by_rows_alone(stage, order, "begin")
        stage.forge(msgspec.structs.replace(stage.case(order), state=State.UNDOING.value))
        as_if_sent(stage, UNDO)
        await stage.quiet(UNDO)

        ((_, why),) = stage.failed()
        assert "the record does not say that it was to be taken back" in why
        assert "undone" not in [each["event"] for each in stage.entries("outcome")]


async def test_what_the_engine_says_of_a_run_is_no_outcome_of_what_was_never_begun() -> None:
    async with a_stage() as stage:
        order = await by_rows_begun(stage, State.LEASED)
        as_if_sent(stage, ACT)
        await stage.quiet(ACT)

        ((_, why),) = stage.failed()
        assert f"Nothing is said to have come of {order.proposal}: {NEVER}." in why
        assert [] == stage.entries("outcome")
        assert State.LEASED.value == stage.case(order).state


async def test_an_outcome_that_no_intent_comes_before_has_nothing_taken_back() -> None:
    async with a_stage(rules=LEFT) as stage:
        order = await stage.approved(SCALE, sealed=False)
        stage.lose_runs(ACT)
        details: dict[str, Plain] = {"event": "applied", "step": 1}
        subjects = (order.proposal,)
        said = Draft(id="o", kind="outcome", actor="keeper", subjects=subjects, details=details)
        stage.sealer.record([said])
        row = msgspec.structs.replace(stage.case(order), state=State.NOT_RECOVERED.value)
        stage.forge(row)
        with stage.store.transaction() as tx:
            assert order_undo(stage.leash, tx, plan_of(stage.case(order)).first, by="keeper")
        stage.seal_all()
        await stage.quiet(UNDO)

        assert "the record does not say that it was done" in stage.course(order).says
        assert [] == stage.entries("lease")
        assert [] == stage.wire.sent

"""What the record does not say is not done, whatever the rows name."""

from collections.abc import Callable

import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.ordered import UNDO, CaseOrder
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.workflow.asking import intent_of
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.taking_back import order_undo, undo_of
from tests.workflow.executing import SECOND, Stage, a_stage, changed
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


async def test_what_is_judged_again_and_again_is_witnessed_once() -> None:
    async with a_stage() as stage:
        witnessed: list[int] = []

        async def witness() -> None:
            witnessed.append(len(stage.wire.sent))

        changed(stage, witness=witness)
        order = await stage.approved(RESTART)
        moves_at_the_act(stage, 2)
        await stage.until(order, State.APPLIED)
        assert 3 == stage.course(order).act.rounds
        assert [0] == witnessed


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

"""An intent is that of one deed alone; by rows that name any other entry, nothing is done."""

from collections.abc import Callable, Mapping

import pytest

from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.execution.lease_names import Purpose
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft, Entry
from holdfast.model.ordered import UNDO, CaseOrder
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.workflow.asking import intent_of
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.intents import INTENT, means
from holdfast.workflow.taking_back import order_undo, undo_of
from tests.audit.chains import a_chain_of
from tests.model.test_proposals import PROPOSAL
from tests.workflow.executing import SECOND, Stage, a_stage, intended

SCALE = ScaleWorkload(replicas=3, now=2)
LEFT = Rules(switched_on=frozenset({"ScaleWorkload"}), undo=False)
ORDER = CaseOrder(proposal=PROPOSAL.id, step=1, generation=1)
WAYS: dict[Purpose, dict[str, Plain]] = {Purpose.ACT: {}, Purpose.UNDO: {"undo": True}}
ELSE: dict[str, dict[str, Plain]] = {
    "another proposal": {"proposal": "prp_other"},
    "another step": {"step": 2},
    "another time": {"generation": 2},
    "another digest": {"digest": "d"},
    "no step": {"step": None},
    "an odd word for back": {"undo": "yes"},
}


def entry(more: Mapping[str, Plain], kind: str = INTENT) -> Entry:
    details = {**intended(PROPOSAL), **more}
    (made,) = a_chain_of([Draft(id="e", kind=kind, actor="keeper", details=details)])
    return made


@pytest.mark.parametrize("way", WAYS)
def test_an_intent_is_that_of_one_way_alone(way: Purpose) -> None:
    found = [each for each in WAYS if means(entry(WAYS[way]), PROPOSAL, ORDER, each)]
    assert [way] == found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", ELSE.values(), ids=list(ELSE))
def test_what_says_anything_else_is_none(way: Purpose, other: dict[str, Plain]) -> None:
    assert not means(entry({**WAYS[way], **other}), PROPOSAL, ORDER, way)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_called_anything_else_is_none(way: Purpose) -> None:
    assert not means(entry(WAYS[way], kind="remark"), PROPOSAL, ORDER, way)


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

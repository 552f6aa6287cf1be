"""What the dead leave is taken back, and what lives is left alone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.errors import BadRecord, StoreRefused
from holdfast.execution.courses import Sending, written
from holdfast.execution.lease_names import Purpose
from holdfast.execution.observing import asked
from holdfast.execution.states import State
from holdfast.grants.names import LEASES
from holdfast.model import switches
from holdfast.model.asks import Rules
from holdfast.model.leases import Loan
from holdfast.model.ordered import ACT, LOOK, REVOKE, SWEEP, CaseOrder, RevokeOrder, SweepOrder
from holdfast.model.runs import Order, RunState
from holdfast.model.switches import FREEZE, Frozen
from holdfast.model.times import LAST
from holdfast.ports import Store, Tx
from holdfast.ports.engine import Value
from holdfast.testing.clock import NOON
from holdfast.testing.engine import Run
from holdfast.testing.manifests import manifest
from holdfast.testing.memory import Kept
from holdfast.workflow.beginning import begun_again
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.doing import CLAIM
from holdfast.workflow.expiring import DAMAGED
from holdfast.workflow.lending import allot, lives
from holdfast.workflow.orders import accept_restore
from holdfast.workflow.revoking import order_revoke
from holdfast.workflow.sweeping import MOST, STILL, sweep_phase
from tests.workflow.executing import HOUR, SECOND, Stage, a_case, a_stage
from tests.workflow.notes_of_a_log import Heard

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
KIND = RolloutRestart.kind


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as made:
        yield made


async def lent(stage: Stage, account: str) -> None:
    """A lease that stands on the cluster."""
    wanted = Loan(
        account=account,
        role="holdfast-action-rolloutrestart",
        namespace="shop",
        rights=(),
        steps=(),
    )
    await stage.leases.lend(wanted, None)


def a_binding(account: str) -> dict[str, Any]:
    return manifest(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        account,
        namespace=None,
        roleRef={"kind": "ClusterRole", "name": "holdfast-action-rolloutrestart"},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": LEASES}],
    )


def allotted(stage: Stage, run: str) -> str:
    with stage.store.transaction() as tx:
        return allot(tx, Purpose.ACT, KIND, "uid-1", run=run, at=stage.clock.now())


async def swept(stage: Stage, number: int = 1) -> None:
    """Until the sweep is over, and the end of each lease that it found."""
    with stage.store.transaction() as tx:
        stage.engine.enqueue(tx, Order(id=f"sweep/{number}", phase=SWEEP, argument=SweepOrder()))
    async with stage.engine.running():
        while not stage.ended(f"sweep/{number}"):
            await stage.clock_moves()
        while any(r.order.phase == REVOKE and not r.state.ended for r in stage.runs()):
            await stage.clock_moves()
    assert not stage.failed()


async def test_what_no_run_ever_had_is_taken_back_and_recorded(stage: Stage) -> None:
    await lent(stage, "act.rolloutrestart.uid-1.7")
    await swept(stage)
    assert [] == list(await stage.leases.left())
    assert [{"account": "act.rolloutrestart.uid-1.7", "swept": True}] == stage.entries("revoke")


async def test_a_lease_of_a_run_that_has_not_ended_is_left_alone(stage: Stage) -> None:
    later = CaseOrder(proposal="prp_9", step=1, generation=1)
    with stage.store.transaction() as tx:
        waiting = Order(id="look/9", phase=LOOK, argument=later, delay=timedelta(hours=1))
        stage.engine.enqueue(tx, waiting)
    account = allotted(stage, "look/9")
    await lent(stage, account)
    await swept(stage)
    assert [account] == [each.account for each in await stage.leases.left()]
    with stage.store.reading() as tx:
        assert lives(tx, stage.engine, account)


async def test_a_lease_whose_run_has_ended_is_dead_for_ever(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    account = f"act.rolloutrestart.{stage.document().ref.uid}.1"
    await lent(stage, account)
    await swept(stage)
    assert [] == list(await stage.leases.left())


async def test_no_two_runs_have_leases_of_one_name(stage: Stage) -> None:
    names = [allotted(stage, run) for run in ("one", "one", "other")]
    assert [f"act.rolloutrestart.uid-1.{number}" for number in (1, 2, 3)] == names


@pytest.mark.slow
async def test_a_lease_that_its_run_could_not_cut_off_is_ended_without_a_sweep(
    stage: Stage,
) -> None:
    stage.leases.not_cut_off += ["the server is away"] * 99
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED, idle=False)
    await stage.quiet("act")
    account = stage.course(order).act.lease
    assert [account] == [each.account for each in await stage.leases.left()]
    assert [] == stage.entries("cut_off")
    stage.leases.not_cut_off.clear()
    await stage.until(order, State.APPLIED)
    assert [] == list(await stage.leases.left())
    assert [account] == [each["account"] for each in stage.entries("revoke")]


async def test_what_was_found_and_cannot_be_told_to_be_over_is_tried_again(stage: Stage) -> None:
    await lent(stage, "act.rolloutrestart.uid-1.7")
    stage.leases.not_over += ["its token is still accepted"] * 2
    await swept(stage)
    assert 2 == stage.complaints("lease left over")
    assert [] == list(await stage.leases.left())
    assert 1 == len(stage.entries("revoke"))


async def test_a_sweep_leaves_alone_whose_end_is_seen_to_already(stage: Stage) -> None:
    await lent(stage, "act.rolloutrestart.uid-1.7")
    order = RevokeOrder(account="act.rolloutrestart.uid-1.7", namespaces=("shop",))
    with stage.store.transaction() as tx:
        assert order_revoke(stage.leash, tx, order)
        assert not order_revoke(stage.leash, tx, order)
    await swept(stage)
    assert 1 == len(stage.entries("revoke"))
    with stage.store.transaction() as tx:
        assert order_revoke(stage.leash, tx, order)  # somebody has made one of that name again


async def test_a_lease_that_is_bound_twice_ends_once(stage: Stage) -> None:
    account = "act.rolloutrestart.uid-1.7"
    await lent(stage, account)
    stage.cluster.create(manifest("v1", "Namespace", "other", namespace=None))
    stage.cluster.create(a_binding(account), namespace="other")
    await swept(stage)
    assert [] == list(await stage.leases.left())
    assert [account] == [each["account"] for each in stage.entries("revoke")]


@pytest.mark.slow
async def test_a_case_that_nobody_works_at_any_more_is_looked_at_again(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    stage.lose_runs("look")
    await swept(stage)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)


@pytest.mark.parametrize("many", [0, 49, 50, 51, 120])
async def test_a_case_whose_looks_failed_is_looked_at_again_however_often_they_did(
    stage: Stage, many: int
) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    first = stage.course(order).looks + 1
    with stage.store.transaction() as tx:
        for number in range(first, first + many):
            look = Order(id=order.run(LOOK, number), phase=LOOK, argument=order)
            stage.engine.enqueue(tx, look)
    stage.lose_runs(LOOK)
    failed = len(stage.runs())

    await swept(stage)

    assert [False] == [each.state.ended for each in stage.runs()[failed:] if _looks(each)]
    assert int(many >= 50) == stage.complaints("looks fail")
    await swept(stage, 2)
    assert 1 == len([each for each in stage.runs()[failed:] if _looks(each)])


@pytest.mark.slow
async def test_a_row_of_the_last_moment_of_all_calendars_holds_up_no_sweep(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.NOT_RECOVERED)
    course = stage.course(order)
    assert course.act.sent is not None
    sent = msgspec.structs.replace(course.act.sent, at=LAST)
    act = msgspec.structs.replace(course.act, sent=sent)
    row = written(msgspec.structs.replace(course, act=act))
    stage.forge(msgspec.structs.replace(stage.case(order), course=row))
    stage.lose_runs(LOOK)
    await swept(stage)
    assert [order] == looked_for(stage)


@pytest.mark.slow
async def test_a_row_of_a_moment_at_no_place_is_told_and_holds_up_no_sweep(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.NOT_RECOVERED)
    row = stage.case(order).course.replace('Z","timing"', '","timing"')
    stage.forge(msgspec.structs.replace(stage.case(order), course=row))
    with pytest.raises(BadRecord, match="was not written by this version"):
        stage.course(order)
    await swept(stage)
    assert isinstance(stage.leash.log, Heard)
    assert "sweep" in [at for at, _ in stage.leash.log.troubles]


def _looks(run: Run) -> bool:
    return run.order.phase == LOOK


@pytest.mark.slow
@pytest.mark.parametrize("left", [State.NOT_RECOVERED, State.UNKNOWN])
@pytest.mark.parametrize("many", [MOST - 1, MOST, 2 * MOST])
async def test_what_is_done_now_is_seen_beside_any_number_that_never_recovered(
    stage: Stage, many: int, left: State
) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    forgotten(stage, order, many, left)
    stage.lose_runs(LOOK)
    stage.clock.advance(2 * HOUR)

    await swept(stage)

    assert [order] == looked_for(stage)


@pytest.mark.slow
@pytest.mark.parametrize(("which", "sweep"), [(2 * MOST - 1, 1), (0, 3)])
async def test_what_never_recovered_is_seen_in_its_turn_and_none_is_left_out(
    stage: Stage, which: int, sweep: int
) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    forgotten(stage, order, 2 * MOST, State.NOT_RECOVERED)
    stage.lose_runs(LOOK)
    stage.forge(msgspec.structs.replace(stage.case(order), state=State.RECOVERED.value))
    stage.clock.advance(2 * HOUR)
    await swept(stage, 0)
    one = msgspec.structs.replace(order, proposal=f"prp_old{which}")
    unseen = written(msgspec.structs.replace(stage.course(order), looks=0))
    about = msgspec.structs.replace(plan_of(stage.case(order)).first, id=one.proposal)
    unknown = a_case(about, stage.case(one).changed)
    stage.forge(msgspec.structs.replace(unknown, state=State.UNKNOWN.value, course=unseen))

    for number in range(1, sweep + 1):
        assert [] == looked_for(stage)
        await swept(stage, number)

    assert [one] == looked_for(stage)


def forgotten(stage: Stage, order: CaseOrder, many: int, state: State) -> None:
    """So many cases of long ago, that came to no end."""
    case = stage.case(order)
    about = plan_of(case).first
    course = msgspec.structs.replace(stage.course(order), looks=9)
    for number in range(many):
        target = msgspec.structs.replace(about.target, uid=f"uid-{number}")
        old = a_case(msgspec.structs.replace(about, id=f"prp_old{number}", target=target), NOON)
        changed = case.changed - timedelta(days=30, seconds=-number)
        left = {"state": state.value, "course": written(course), "changed": changed}
        stage.forge(msgspec.structs.replace(old, **left))


def put_off(stage: Stage) -> None:
    """By its row, the look that is ordered comes in a year."""
    with stage.store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        (run,) = [r for r in stage.runs() if _looks(r) and not r.state.ended]
        off = msgspec.structs.replace(run.order, delay=timedelta(days=365))
        tx.native.work[run.order.id] = msgspec.structs.replace(run, order=off)


class FailsOnce:
    """An attempt at a run: each of its transactions comes to nothing, and is tried again."""

    run, number = "sweep/1", 1

    def __init__(self, store: Store) -> None:
        self._store = store

    async def step[V: Value](self, name: str, act: Callable[[], Awaitable[V]]) -> V:
        del name
        return await act()

    async def commit[V: Value](self, name: str, write: Callable[[Tx], V]) -> V:
        del name
        with suppress(StoreRefused), self._store.transaction() as tx:
            write(tx)
            raise StoreRefused("The connection was cut.", remedy="It is tried again.")
        with self._store.transaction() as tx:
            return write(tx)


@pytest.mark.slow
async def test_a_sweep_that_is_written_again_is_one_sweep(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    put_off(stage)
    sweep = sweep_phase(lambda: stage.leash)
    for _ in range(STILL - 1):
        await sweep.body(FailsOnce(stage.store), SweepOrder())
    assert 0 == stage.complaints("a look does not come")
    await sweep.body(FailsOnce(stage.store), SweepOrder())
    assert 0 < stage.complaints("a look does not come")


def looked_for(stage: Stage) -> list[CaseOrder]:
    """What somebody will look at."""
    waiting = [each for each in stage.runs() if _looks(each) and not each.state.ended]
    return [each.order.argument for each in waiting if isinstance(each.order.argument, CaseOrder)]


async def restored(stage: Stage, order: CaseOrder, **changed: object) -> None:
    """The database of that moment, hours later, and nothing of what the engine had."""
    case = stage.case(order)
    stage.forge(msgspec.structs.replace(case, **changed))
    stage.forget_runs()
    stage.clock.advance(5 * HOUR)
    await accept_restore(stage.sealer, [], "the disk died", "ada")
    await swept(stage)


def holding(stage: Stage, order: CaseOrder) -> str:
    """Its course while the request was under way: its lease was lent, and nobody had looked."""
    course, uid = stage.course(order), stage.document().ref.uid
    act = msgspec.structs.replace(course.act, lease=f"act.rolloutrestart.{uid}.1")
    return written(msgspec.structs.replace(course, act=act, looks=0))


@pytest.mark.slow
@pytest.mark.parametrize("well", [True, False])
async def test_after_a_restore_what_was_done_is_watched_to_its_end(
    stage: Stage, well: bool
) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    await restored(stage, order)

    ends = State.RECOVERED if well else State.NOT_RECOVERED
    await stage.until(order, ends, meanwhile=stage.heal if well else lambda: None)
    assert 1 == len(stage.wire.sent)


@pytest.mark.slow
async def test_after_a_restore_what_was_being_done_is_found_done(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    await restored(stage, order, state=State.LEASED.value, course=holding(stage, order))

    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    assert 1 == len(stage.wire.sent)


async def test_after_a_restore_what_never_came_there_is_found_not_done(stage: Stage) -> None:
    stage.wire.plans += ["lose the request"]
    order = await stage.approved(RESTART)
    await stage.until(order, State.UNKNOWN)
    await restored(stage, order, course=holding(stage, order))

    await stage.until(order, State.FAILED)
    assert [] == stage.wire.sent
    assert not stage.course(order).act.lease


async def test_after_a_restore_what_cannot_be_told_stays_unknown_and_says_so(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    stage.cluster.delete("deployments.apps", "web", namespace="shop")
    await restored(stage, order, state=State.UNKNOWN.value)

    await stage.quiet(LOOK)
    assert State.UNKNOWN.value == stage.case(order).state
    assert "does not tell whether it was done" in stage.course(order).says


async def test_after_a_restore_what_was_being_taken_back_comes_to_an_end() -> None:
    on = Rules(switched_on=frozenset({"ScaleWorkload"}))
    async with a_stage(rules=on, soak=SECOND, deadline=2 * SECOND) as stage:
        order = await stage.approved(ScaleWorkload(replicas=3, now=2))
        await stage.until(order, State.APPLIED)
        document = stage.document()
        (step,) = plan_of(stage.case(order)).first.undo
        back = Sending(
            run="lost",
            lease=f"undo.scaleworkload.{document.ref.uid}.1",
            rounds=1,
            sent=asked(step, document, stage.clock.now()),
        )
        course = msgspec.structs.replace(stage.course(order), undo=back)
        await restored(stage, order, state=State.UNDOING.value, course=written(course))

        await stage.until(order, State.UNDO_FAILED)
        assert 3 == stage.document().at("spec", "replicas")


@pytest.mark.slow
async def test_one_that_died_while_it_sent_is_resolved_by_the_cluster(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    case = stage.case(order)
    stage.forge(msgspec.structs.replace(case, state=State.LEASED.value))
    stage.lose_runs("look")
    await swept(stage)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    assert RESTART.stamp == stage.document().at(*STAMP)
    assert 1 == len(stage.wire.sent)


def acts(stage: Stage) -> list[Run]:
    return [each for each in stage.runs() if each.order.phase == ACT]


@pytest.mark.slow
async def test_what_was_approved_and_whose_run_ended_before_it_began_is_ordered_again(
    stage: Stage,
) -> None:
    order = await stage.approved(RESTART)
    stage.lose_runs(ACT)

    await swept(stage)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)

    assert [order.run(ACT), order.run(ACT, 1)] == [each.order.id for each in acts(stage)]
    assert 1 == len(stage.wire.sent)
    assert 1 == stage.complaints("ordered again")


@pytest.mark.slow
async def test_it_is_ordered_again_where_the_engine_has_lost_it(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    stage.forget_runs()

    await swept(stage)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    assert 1 == len(stage.wire.sent)


@pytest.mark.parametrize(
    ("after", "runs"),
    [
        (timedelta(minutes=15, seconds=-1), 2),
        (timedelta(minutes=15), 2),
        (timedelta(minutes=15, seconds=1), 1),
    ],
)
async def test_what_may_begin_no_more_is_not_ordered_again(
    stage: Stage, after: timedelta, runs: int
) -> None:
    await stage.approved(RESTART)
    stage.lose_runs(ACT)
    stage.clock.advance(after)
    taken_up(stage)
    assert runs == len(acts(stage))


async def test_what_waits_for_its_run_is_ordered_once(stage: Stage) -> None:
    await stage.approved(RESTART)
    taken_up(stage)
    assert 1 == len(acts(stage))


async def test_what_a_row_alone_calls_approved_is_not_ordered(stage: Stage) -> None:
    await stage.approved(RESTART, sealed=False)
    stage.lose_runs(ACT)
    taken_up(stage)
    assert 1 == len(acts(stage))


async def test_what_was_claimed_and_never_sent_ends_and_says_so(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    with stage.store.transaction() as tx:
        assert tx.once.spend(CLAIM, f"{order.key}/act", order.run(ACT), stage.clock.now())
    stage.lose_runs(ACT)

    taken_up(stage)

    assert State.FAILED.value == stage.case(order).state
    assert "was cancelled after it was begun and before anything was sent" in (
        stage.course(order).says
    )
    assert [("failed", 1)] == [(e["event"], e["step"]) for e in stage.entries("outcome")]
    assert 1 == len(acts(stage))


async def test_what_was_lent_to_what_was_never_sent_is_ended_and_known_to_be(
    stage: Stage,
) -> None:
    order = await stage.approved(RESTART)
    with stage.store.transaction() as tx:
        assert tx.once.spend(CLAIM, f"{order.key}/act", order.run(ACT), stage.clock.now())
    stage.forge(msgspec.structs.replace(stage.case(order), course=holding(stage, order)))
    stage.lose_runs(ACT)

    await swept(stage)

    account = f"act.rolloutrestart.{stage.document().ref.uid}.1"
    assert State.FAILED.value == stage.case(order).state
    assert "" == stage.course(order).act.lease
    assert [{"account": account, "step": 1}] == stage.entries("revoke")


async def test_what_its_processes_did_not_survive_is_not_tried_on_others(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    (run,) = acts(stage)
    with stage.store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        given_up = msgspec.structs.replace(run, state=RunState.GIVEN_UP)
        tx.native.change().work[run.order.id] = given_up

    taken_up(stage)

    assert State.FAILED.value == stage.case(order).state
    assert "was given up" in stage.course(order).says
    assert "before anything was begun" in stage.course(order).says
    assert 1 == len(acts(stage))


async def test_what_is_ordered_again_is_judged_again(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    stage.lose_runs(ACT)
    with stage.store.transaction() as tx:
        frozen = Frozen(by="ana", reason="stop", at=stage.clock.now())
        tx.switches.on(FREEZE, switches.told(frozen), stage.clock.now())
    await swept(stage)
    await stage.until(order, State.REFUSED)
    assert [] == stage.wire.sent


def taken_up(stage: Stage) -> None:
    """As a sweep does, at this very moment."""
    with stage.store.transaction() as tx:
        for case in tx.cases.in_states([State.APPROVED.value], 9):
            begun_again(stage.leash, tx, case, tx.now())


CLOSED = {
    State.LEASED: State.UNKNOWN,
    State.APPLIED: State.NOT_RECOVERED,
    State.UNDOING: State.UNDO_FAILED,
}


@pytest.mark.parametrize("state", CLOSED)
async def test_one_whose_row_is_damaged_is_closed_told_once_and_looked_at_no_more(
    stage: Stage, state: State
) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    stage.lose_runs(LOOK)
    stage.forge(msgspec.structs.replace(stage.case(order), state=state.value, content=""))
    runs = len(stage.runs())

    await swept(stage)
    await swept(stage, 2)

    assert CLOSED[state].value == stage.case(order).state
    assert 1 == stage.complaints("row damaged")
    assert [DAMAGED] == [e["says"] for e in stage.entries("outcome") if "state" in e]
    assert [] == [each for each in stage.runs()[runs:] if _looks(each)]


async def test_an_unknown_one_of_no_moment_is_closed(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    stage.lose_runs(LOOK)
    odd = {"state": State.UNKNOWN.value, "content": "", "changed": NEVER}
    stage.forge(msgspec.structs.replace(stage.case(order), **odd))
    await swept(stage)
    assert State.NOT_RECOVERED.value == stage.case(order).state


async def test_one_that_contradicts_itself_is_told_and_not_looked_at(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    stage.lose_runs(LOOK)
    stage.forge(msgspec.structs.replace(stage.case(order), digest="other"))
    runs = len(stage.runs())
    await swept(stage)
    assert [] == [each for each in stage.runs()[runs:] if _looks(each)]
    log = stage.leash.log
    assert isinstance(log, Heard)
    assert [True] == ["contradicts" in error.wrong for _, error in log.troubles]

"""Whoever has the database in hand writes over how long something is watched: it is watched no
shorter, nothing that is due is left out, and the keeper says that somebody did.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import get_ident

import msgspec
import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.execution.courses import Course, progress_of, written
from holdfast.execution.recovering import Watched
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.entries import PublicKey
from holdfast.model.handed import FREEZE
from holdfast.model.ordered import UNDO, CaseOrder
from holdfast.model.repairs import Action
from holdfast.model.switches import Frozen, told
from holdfast.ports import Store, Tx
from holdfast.testing.engine import EngineInMemory
from holdfast.testing.memory import Kept
from holdfast.workflow.as_sealed import BEFORE
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.keeping import ASTRAY
from holdfast.workflow.own_eyes import MOST, Done, OwnEyes, Seen, believed
from holdfast.workflow.sweeping import STILL
from holdfast.workflow.taking_back import OUTCOME, UNDO_REFUSED, order_undo, undo_of
from holdfast.workflow.verifying import UNDOS
from tests.workflow.executing import (
    QUEUES,
    SECOND,
    TYPES,
    Stage,
    a_stage,
    applied_and_restored,
    changed,
    the_phases,
)
from tests.workflow.test_sweeping import looked_for, put_off, swept
from tests.workflow.test_undoing import a_wish, scaled_by

RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
SCALE = ScaleWorkload(replicas=3, now=2)
SCALING = Rules(switched_on=frozenset({"ScaleWorkload"}))
MINUTE = timedelta(minutes=1)
LONG_AGO = timedelta(days=2)
ODD, AGAIN = "a row says otherwise", "undo ordered again"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(rules=SCALING) as made:
        yield made


# what is believed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DONE = Done(begun=NOON, sealed=NOON + SECOND)


@pytest.mark.parametrize(
    ("since", "least", "counts", "odd"),
    [
        (-SECOND / 1000, None, None, True),  # before it was about to be sent
        (timedelta(0), None, SECOND, False),  # it may have been seen before that was sealed
        (30 * SECOND, None, 30 * SECOND, False),
        (30 * SECOND, 31 * SECOND, None, True),  # as we saw it
        (31 * SECOND, 31 * SECOND, 31 * SECOND, False),
        (40 * SECOND, 31 * SECOND, 40 * SECOND, False),  # another keeper saw it ill in between
        (2 * MINUTE, None, MINUTE, False),  # a time to come
    ],
)
def test_it_was_well_no_earlier_than_it_can_have_been_seen(
    since: timedelta, least: timedelta | None, counts: timedelta | None, *, odd: bool
) -> None:
    row = Watched(applied=NOON, well_since=NOON + since)
    now = NOON + MINUTE
    kept, why = believed(row, DONE, now, NOON + least if least is not None else None)
    assert (NOON + counts if counts is not None else None) == kept.well_since
    assert odd is bool(why)


@pytest.mark.parametrize(
    ("applied", "odd"),
    [
        (-SECOND / 1000, True),
        (timedelta(0), False),
        (SECOND + ASTRAY, False),
        (SECOND + ASTRAY + SECOND / 1000, True),
        (timedelta(days=9999), True),
    ],
)
def test_it_was_done_when_the_record_says_so(applied: timedelta, *, odd: bool) -> None:
    kept, why = believed(Watched(applied=NOON + applied), DONE, NOON + MINUTE)
    assert (DONE.sealed if odd else NOON + applied) == kept.applied
    assert odd is bool(why)


def test_by_a_clock_that_was_set_back_no_row_is_odd() -> None:
    now = NOON - MINUTE
    row = Watched(applied=now, well_since=now)
    assert (row, "") == believed(row, DONE, now, NOON)


def test_what_was_seen_of_one_step_is_told_of_no_other_and_the_oldest_is_forgotten() -> None:
    eyes = OwnEyes()
    first = CaseOrder(proposal="prp_0", step=1, generation=1)
    for number in range(MOST):
        each = msgspec.structs.replace(first, proposal=f"prp_{number}")
        eyes.keep(each, Seen(step=1, least=NOON))
    assert NOON == eyes.of(first).least
    assert Seen(step=2) == eyes.of(msgspec.structs.replace(first, step=2))
    eyes.keep(msgspec.structs.replace(first, proposal="prp_more"), Seen(step=1))
    assert Seen(step=1) == eyes.of(first)


# a keeper at work


def write_over(stage: Stage, order: CaseOrder, course: Course) -> None:
    case = stage.case(order)
    now = {"course": written(course), "progress": progress_of(course)}
    stage.forge(msgspec.structs.replace(case, **now))


def watched(stage: Stage, order: CaseOrder, **what: object) -> None:
    """Write over what its row says of how it is watched, once it is."""
    course = stage.course(order)
    if course.watched is not None:
        now = msgspec.structs.replace(course.watched, **what)
        write_over(stage, order, msgspec.structs.replace(course, watched=now))


def another_keeper(stage: Stage) -> None:
    """It goes on with what stands in rows."""
    phases = the_phases(lambda: stage.held[0])
    stage.engine = EngineInMemory(stage.store, stage.clock, phases, QUEUES, types=TYPES)
    changed(stage, engine=stage.engine)


async def seen_well(stage: Stage) -> tuple[CaseOrder, datetime]:
    """It was seen to be well, first then, and some of the soak has passed."""
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    until = stage.clock.now() + 20 * SECOND
    await stage.until(order, State.APPLIED, meanwhile=stage.heal, since=until)
    watched = stage.course(order).watched
    assert watched is not None
    assert watched.well_since is not None
    return order, watched.well_since


@pytest.mark.slow
@pytest.mark.parametrize("another", [False, True])
async def test_a_soak_that_a_row_says_is_over_begins_anew(stage: Stage, *, another: bool) -> None:
    """Also for who has seen nothing of it himself."""
    order, _ = await seen_well(stage)
    if another:
        another_keeper(stage)
    watched(stage, order, well_since=stage.clock.now() - LONG_AGO)
    since = stage.clock.now()
    case = await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    assert case.changed - since >= MINUTE
    assert 1 == stage.complaints(ODD)


@pytest.mark.slow
async def test_who_takes_over_ends_the_soak_that_another_has_seen_begin(stage: Stage) -> None:
    order, well = await seen_well(stage)
    another_keeper(stage)
    case = await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
    assert MINUTE <= case.changed - well <= MINUTE + 10 * SECOND
    assert 0 == stage.complaints(ODD)


HELD_BACK: dict[str, dict[str, object]] = {
    "it is done in a year": {"applied": NOON + timedelta(days=365)},
    "it was done long ago": {"applied": NOON - LONG_AGO},
    "it was given up": {"given_up": True},
    "it will be well": {"well_since": NOON + timedelta(days=365)},
}


@pytest.mark.slow
@pytest.mark.parametrize("how", HELD_BACK)
async def test_what_does_not_help_is_taken_back_in_its_time_whatever_rows_say(
    stage: Stage, how: str
) -> None:
    order = await stage.approved(SCALE)
    began = stage.clock.now()
    case = await stage.until(
        order, State.UNDONE, meanwhile=lambda: watched(stage, order, **HELD_BACK[how])
    )
    took = case.changed - began
    assert 10 * MINUTE <= took <= 12 * MINUTE
    assert ["applied", "deadline", "undone"] == [e["event"] for e in stage.entries("outcome")]
    assert ("applied" in HELD_BACK[how]) is bool(stage.complaints(ODD))


@pytest.mark.slow
async def test_no_row_says_that_a_backup_was_restored(stage: Stage) -> None:
    order = await stage.approved(SCALE)

    def says_so() -> None:
        write_over(stage, order, msgspec.structs.replace(stage.course(order), restored=True))

    await stage.until(order, State.UNDONE, meanwhile=says_so)
    assert 0 < stage.complaints(ODD)


@pytest.mark.slow
async def test_no_row_says_that_no_backup_was_restored() -> None:
    async with a_stage(rules=SCALING, soak=SECOND, deadline=2 * SECOND) as stage:
        order = await applied_and_restored(stage, SCALE)

        def says_not() -> None:
            write_over(stage, order, msgspec.structs.replace(stage.course(order), restored=False))

        until = stage.clock.now() + 30 * SECOND
        await stage.until(order, State.NOT_RECOVERED, meanwhile=says_not, since=until)
        with stage.store.reading() as tx:
            assert not undo_of(tx, order)
        assert 3 == stage.document().at("spec", "replicas")
        assert 0 < stage.complaints(ODD)


@pytest.mark.slow
async def test_what_stays_ill_is_seen_to_heal_late_whatever_its_row_says(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.NOT_RECOVERED)

    def healed() -> None:
        watched(stage, order, given_up=False)
        stage.heal()

    await stage.until(order, State.RECOVERED_LATE, meanwhile=healed)


@pytest.mark.slow
async def test_that_it_helped_is_said_by_what_was_there_before(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    course = stage.course(order)
    assert course.before is not None
    document = msgspec.Raw(bytes(course.before.document).replace(b"web:2", b"web:1"))
    other = msgspec.structs.replace(course.before, document=document)
    write_over(stage, order, msgspec.structs.replace(course, before=other))
    await stage.until(order, State.NOT_RECOVERED, meanwhile=stage.heal)
    assert "not what was there" in stage.course(order).says


def swallowed(stage: Stage) -> None:
    """What says that it was done, out of what waits to be sealed."""
    with stage.store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        for each in [e for e in tx.native.drafts.values() if e.kind == OUTCOME]:
            if BEFORE in each.details:
                del tx.native.drafts[each.id]


@pytest.mark.slow
async def test_that_it_helped_is_said_of_what_the_record_says_was_done(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    async with stage.engine.running():
        while stage.case(order).state in {"approved", "leased", "applied"}:
            swallowed(stage)
            stage.seal_all()
            stage.heal()
            await stage.clock_moves()
    assert ["deadline"] == [each["event"] for each in stage.entries("outcome")]
    assert "the record does not say that it was done" == stage.entries("outcome")[0]["says"]


async def ended(stage: Stage, order: CaseOrder, times: int) -> None:
    """Its undo is ordered, and its run said to have ended, so often; then somebody looks."""
    await stage.until(order, State.NOT_RECOVERED, idle=False)
    for number in range(times):
        stage.lose_runs(UNDO)
        stage.seal_all()
        await swept(stage, number)
        looks, told = stage.course(order).looks, stage.complaints(AGAIN)
        async with stage.engine.running():
            while stage.course(order).looks < looks + 3 and stage.complaints(AGAIN) == told:
                stage.seal_all()  # what the sweep has found may wait still: the next look tells
                await stage.clock_moves()


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, UNDOS - 1])
async def test_an_undo_whose_run_somebody_ended_is_ordered_again(stage: Stage, times: int) -> None:
    order = await stage.approved(SCALE)
    await ended(stage, order, times)
    await stage.until(order, State.UNDONE)
    assert times == stage.complaints(AGAIN)


@pytest.mark.slow
async def test_an_undo_is_not_ordered_again_for_ever(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    await ended(stage, order, UNDOS)
    assert UNDOS - 1 == stage.complaints(AGAIN)
    await stage.until(order, State.RECOVERED_LATE, meanwhile=stage.heal)


@pytest.mark.slow
async def test_a_look_that_rows_put_off_is_not_waited_for(stage: Stage) -> None:
    order, _ = await seen_well(stage)
    put_off(stage)
    for number in range(1, STILL):
        await swept(stage, number)
    assert 0 == stage.complaints("a look does not come")
    await swept(stage, STILL)
    assert 1 == stage.complaints("a look does not come")
    assert [order, order] == looked_for(stage)
    await stage.until(order, State.RECOVERED, meanwhile=stage.heal)


# while seals are late


async def unsealed(stage: Stage, lasts: timedelta) -> None:
    """The keeper works for that long, and nothing is sealed."""
    until = stage.clock.now() + lasts
    async with stage.engine.running():
        while stage.clock.now() < until or not stage.at_rest():
            await stage.clock_moves()


def refused(stage: Stage) -> int:
    return [each["event"] for each in stage.entries(OUTCOME)].count(UNDO_REFUSED)


@pytest.mark.slow
async def test_what_is_not_sealed_yet_is_not_ordered_again() -> None:
    async with a_stage(rules=SCALING, soak=SECOND, deadline=2 * SECOND) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.APPLIED)
        scaled_by(stage, 5)
        await stage.until(order, State.NOT_RECOVERED, idle=False)
        looks = stage.course(order).looks
        await unsealed(stage, 5 * MINUTE)
        assert 1 == refused(stage)
        assert looks + 3 < stage.course(order).looks
        assert 0 == stage.complaints(AGAIN)


@pytest.mark.slow
async def test_a_wish_that_was_refused_is_none_before_that_is_sealed() -> None:
    async with a_stage(rules=SCALING, soak=10 * SECOND) as stage:
        order = await stage.approved(SCALE)
        await stage.until(order, State.APPLIED)
        about = plan_of(stage.case(order)).first
        with stage.store.transaction() as tx:
            said = Frozen(by="ben", reason="x", at=stage.clock.now(), undo_too=True)
            tx.switches.on(FREEZE, told(said), stage.clock.now())
            assert order_undo(stage.leash, tx, about, by="ana", wish=a_wish(stage, about))
        stage.seal_all()
        stage.heal()
        await unsealed(stage, MINUTE)
        assert 1 == refused(stage)
        assert State.APPLIED.value == stage.case(order).state
        assert stage.course(order).recalled is None
        await stage.until(order, State.RECOVERED, meanwhile=stage.heal)
        assert 0 == stage.complaints(ODD)


class Watchful:
    """A store that knows who writes."""

    def __init__(self, of: Store) -> None:
        self._of, self.cluster, self.writers = of, of.cluster, set[int]()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with self._of.transaction() as tx:
            self.writers.add(get_ident())
            try:
                yield tx
            finally:
                self.writers.discard(get_ident())

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        with self._of.reading() as tx:
            yield tx


@pytest.mark.slow
@pytest.mark.parametrize(
    ("action", "rules", "reads"),
    [
        (RESTART, SCALING, False),  # there is no way back
        (SCALE, msgspec.structs.replace(SCALING, undo=False), False),
        (SCALE, SCALING, True),
    ],
)
async def test_late_looks_read_the_record_where_it_can_matter_and_while_nobody_writes(
    action: Action, rules: Rules, *, reads: bool
) -> None:
    async with a_stage(rules=rules, soak=SECOND, deadline=2 * SECOND) as stage:
        stage.store = store = Watchful(stage.store)
        changed(stage, store=store)
        another_keeper(stage)
        order = await stage.approved(action)
        await stage.until(order, State.APPLIED)
        if action == SCALE:
            scaled_by(stage, 5)
        await stage.until(order, State.NOT_RECOVERED, since=stage.clock.now() + MINUTE)
        looks, keys, while_writing = stage.course(order).looks, stage.leash.sealed_by, list[bool]()

        def sealed_by() -> Sequence[PublicKey]:
            while_writing.append(get_ident() in store.writers)
            return keys()

        changed(stage, sealed_by=sealed_by)
        await stage.until(order, State.NOT_RECOVERED, since=stage.clock.now() + MINUTE)
        assert looks < stage.course(order).looks
        assert reads is bool(while_writing)
        assert not any(while_writing)

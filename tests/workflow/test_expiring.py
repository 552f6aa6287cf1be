"""Two clocks by the server's time: how long it may be approved, and how soon it must begin."""

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from holdfast.execution.courses import onward, written
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.ordered import VERIFY
from holdfast.model.runs import Queue
from holdfast.testing.clock import FrozenClock
from holdfast.testing.engine import EngineInMemory
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.expiring import EVERY, expire_phase, expire_schedule, expired
from tests.audit.chains import CLUSTER
from tests.workflow.court import MINUTE, QUOTA, SECOND, Court
from tests.workflow.executing import a_case
from tests.workflow.planned import RESTART, SCALE, a_plan_stage, approved_plan

HOUR = 60 * MINUTE
QUOTAS_ON = Rules(switched_on=frozenset({"DeleteResourceQuota"}))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def court(tmp_path: Path, clock: FrozenClock) -> Court:
    made = Court(StoreInMemory(CLUSTER, clock), clock, tmp_path)
    made.person("ana")
    return made


def tidy(court: Court) -> int:
    with court.store.transaction() as tx:
        return expired(tx, court.leash())


@pytest.mark.parametrize(
    ("after", "ended"),
    [(4 * HOUR - SECOND, False), (4 * HOUR, True), (4 * HOUR + SECOND, True)],
)
def test_what_nobody_decides_on_expires(
    court: Court, clock: FrozenClock, after: timedelta, ended: bool
) -> None:
    about = court.propose()
    clock.advance(after)
    assert ended is bool(tidy(court))
    assert (State.EXPIRED if ended else State.PROPOSED) == court.state(about)
    assert ended is bool(court.entries("expired"))
    assert 0 == tidy(court)


@pytest.mark.parametrize(
    ("after", "ended"),
    [(15 * MINUTE - SECOND, False), (15 * MINUTE, False), (15 * MINUTE + SECOND, True)],
)
async def test_what_does_not_begin_in_its_time_expires(
    court: Court, clock: FrozenClock, after: timedelta, ended: bool
) -> None:
    about = court.propose()
    await court.said("ana", about)
    clock.advance(after)
    assert ended is bool(tidy(court))
    assert (State.EXPIRED if ended else State.APPROVED) == court.state(about)


async def test_the_last_approval_counts(court: Court, clock: FrozenClock) -> None:
    court.person("ben")
    court.rules = QUOTAS_ON
    about = court.propose(action=QUOTA)
    await court.said("ana", about)
    clock.advance(HOUR)
    await court.said("ben", about)
    clock.advance(15 * MINUTE)
    assert (0, State.APPROVED) == (tidy(court), court.state(about))
    clock.advance(SECOND)
    assert (1, State.EXPIRED) == (tidy(court), court.state(about))


async def test_operators_set_both_clocks(court: Court, clock: FrozenClock) -> None:
    court.rules = msgspec.structs.replace(court.rules, start_within=MINUTE)
    about = court.propose(open_until=clock.now() + 2 * MINUTE)
    await court.said("ana", about)
    clock.advance(MINUTE + SECOND)
    assert (1, State.EXPIRED) == (tidy(court), court.state(about))


@pytest.mark.parametrize("state", [each for each in State if each not in ("proposed", "approved")])
def test_nothing_else_expires(court: Court, clock: FrozenClock, state: State) -> None:
    about = court.propose()
    court.in_state(about, state)
    clock.advance(9 * HOUR)
    assert (0, state) == (tidy(court), court.state(about))


def test_those_that_are_still_open_hide_nobody(court: Court, clock: FrozenClock) -> None:
    for _ in range(3):
        court.propose(open_until=clock.now() + 9 * HOUR)
    about = court.propose()
    clock.advance(4 * HOUR)
    assert (1, State.EXPIRED) == (tidy(court), court.state(about))


async def test_the_engine_looks_every_ten_seconds(court: Court, clock: FrozenClock) -> None:
    about = court.propose()
    engine = EngineInMemory(
        court.store,
        clock,
        [expire_phase(court.leash)],
        [Queue(name=VERIFY)],
        [expire_schedule()],
    )
    clock.advance(4 * HOUR - EVERY)
    async with engine.running(), asyncio.timeout(5):
        clock.advance(EVERY)
        while court.state(about) != State.EXPIRED:
            await asyncio.sleep(0)


@pytest.mark.slow
async def test_a_plan_that_nobody_can_read_keeps_no_other_from_expiring() -> None:
    """Its second step was set going, nobody began it, and then another version wrote the row."""
    async with a_plan_stage() as stage:
        order = await approved_plan(stage, SCALE, SCALE)
        await stage.until(order, State.APPLIED)
        case, course = stage.case(order), onward(stage.course(order), stage.clock.now())
        unread = case.content.replace("ScaleWorkload", "Gone")
        told = {"state": State.APPROVED.value, "course": written(course), "content": unread}
        stage.forge(msgspec.structs.replace(case, **told))
        stage.forget_runs()
        about = await stage.proposal(RESTART, stage.document(name="db").ref)
        other = a_case(about, stage.clock.now())
        with stage.store.transaction() as tx:
            assert tx.cases.put(msgspec.structs.replace(other, state=State.PROPOSED.value))
        stage.clock.advance(5 * HOUR)

        with stage.store.transaction() as tx:
            assert 2 == expired(tx, stage.leash)

        with stage.store.reading() as tx:
            there = tx.cases.case(other.id)
            assert there is not None
            assert State.EXPIRED.value == there.state
        assert (State.NOT_RECOVERED.value, 1) == (
            stage.case(order).state,
            stage.course(order).step,
        )

"""Every engine keeps the same promises: the one in memory, and DBOS on both databases."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.errors import (
    NOT_NOW,
    AlreadyKept,
    BadInput,
    HoldfastError,
    NotCanonical,
    StoreFailed,
    StoreUnreachable,
    TakenOver,
    Unreachable,
    UnreadableWork,
)
from holdfast.model.runs import ATTEMPTS, Order, Queue, Rate, RunState, RunStatus, Schedule
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Engine, Phase, phase
from holdfast.testing.clock import FrozenClock
from tests.contracts.test_store import a_letter
from tests.engines import Workshop

pytestmark = pytest.mark.slow

QUICK = Queue(name="quick", look=timedelta(seconds=0.05))
LONG = 20  # seconds until something that should have happened counts as not happening


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: int = 1


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: str


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""


def an_order(id_: str = "run_1", of: str = "work", **how: object) -> Order:
    made = {"id": id_, "phase": of, "argument": Task(), **how}
    return Order(**made)  # type: ignore[arg-type]


def given_up(workshop: Workshop, write: Callable[[Tx], object]) -> None:
    """A transaction in which something is written, and that is rolled back."""
    with workshop.store.transaction() as tx:
        assert write(tx)
        raise ZeroDivisionError


class Gate:
    """A phase's body that says when it has begun, and ends when it is told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.open = asyncio.Event()

    async def __call__(self, attempt: Attempt, _: Task) -> None:
        self.begun.append(attempt.run)
        await self.open.wait()


def a_phase(
    body: Callable[[Attempt, Task], Awaitable[object]], name: str = "work", queue: str = "quick"
) -> Phase:
    return phase(name, queue=queue, takes=Task)(body)  # type: ignore[arg-type]


async def nothing(_: Attempt, __: Task) -> None:
    return None


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG):
        while not true():
            await asyncio.sleep(0.01)


async def ended(
    workshop: Workshop, engine: Engine, run: str = "run_1", within: float = LONG
) -> RunStatus:
    async with asyncio.timeout(within):
        while True:
            with workshop.store.reading() as tx:
                status = engine.status(tx, run)
            if status is not None and status.state.ended:
                return status
            await asyncio.sleep(0.02)


def order(workshop: Workshop, engine: Engine, *orders: Order) -> None:
    with workshop.store.transaction() as tx:
        for each in orders:
            assert engine.enqueue(tx, each)


async def test_an_order_that_was_kept_is_done_and_its_result_is_told(workshop: Workshop) -> None:
    async def body(attempt: Attempt, task: Task) -> Answer:
        return Answer(text=f"{attempt.run} {attempt.number} {task.number}")

    engine = workshop.engine(a_phase(body), queues=[QUICK], types=[Answer])
    async with engine.running():
        order(workshop, engine, an_order(argument=Task(number=7)))
        status = await ended(workshop, engine)

    assert RunState.DONE is status.state
    assert (Answer(text="run_1 1 7"), 1) == (status.result, status.attempts)


async def test_an_order_whose_transaction_was_rolled_back_was_never_given(
    workshop: Workshop,
) -> None:
    gate = Gate()
    gate.open.set()
    engine = workshop.engine(a_phase(gate), queues=[QUICK])
    async with engine.running():
        with pytest.raises(ZeroDivisionError):
            given_up(workshop, lambda tx: engine.enqueue(tx, an_order("run_1")))
        order(workshop, engine, an_order("run_2"))
        await ended(workshop, engine, "run_2")

    assert ["run_2"] == gate.begun
    with workshop.store.reading() as tx:
        assert engine.status(tx, "run_1") is None


async def test_a_second_order_of_the_same_id_changes_nothing(workshop: Workshop) -> None:
    gate = Gate()
    gate.open.set()
    engine = workshop.engine(a_phase(gate), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        with workshop.store.transaction() as tx:
            assert not engine.enqueue(tx, an_order(argument=Task(number=9)))
        await ended(workshop, engine)
        with workshop.store.transaction() as tx:
            assert not engine.enqueue(tx, an_order())
            tx.letters.put(a_letter())  # the transaction is whole all the same

    assert ["run_1"] == gate.begun
    with workshop.store.reading() as tx:
        assert [a_letter()] == list(tx.letters.waiting(9))


async def test_an_id_is_not_used_for_another_phase(workshop: Workshop) -> None:
    engine = workshop.engine(a_phase(nothing), a_phase(nothing, "play"), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        with pytest.raises(AlreadyKept), workshop.store.transaction() as tx:
            engine.enqueue(tx, an_order(of="play"))


@pytest.mark.parametrize(
    "wrong",
    [
        an_order(of="unheard_of"),
        an_order(argument=Stranger()),
        an_order(partition="shop"),
        an_order(of="apart"),
    ],
    ids=["an unknown phase", "another argument", "a partition too many", "no partition"],
)
async def test_an_order_that_cannot_be_taken_is_refused(workshop: Workshop, wrong: Order) -> None:
    apart = Queue(name="apart", in_each_partition=1)
    engine = workshop.engine(
        a_phase(nothing), a_phase(nothing, "apart", "apart"), queues=[QUICK, apart]
    )

    async with engine.running():
        with pytest.raises(BadInput), workshop.store.transaction() as tx:
            engine.enqueue(tx, wrong)


async def test_a_phase_that_fails_is_not_tried_again_and_says_why(workshop: Workshop) -> None:
    tries: list[int] = []

    async def body(attempt: Attempt, _: Task) -> None:
        tries.append(attempt.number)
        raise Unreachable("Nobody is there.", remedy="Knock again.")

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        status = await ended(workshop, engine)

    assert (RunState.FAILED, "Nobody is there. Knock again.") == (status.state, status.failure)
    assert [1] == tries


async def test_what_a_step_gives_that_may_not_be_kept_ends_the_run(workshop: Workshop) -> None:
    async def body(attempt: Attempt, _: Task) -> None:
        async def act() -> Stranger:
            return Stranger()

        with pytest.raises(NotCanonical):
            await attempt.step("act", act)
        await attempt.commit("write", lambda _: Stranger())

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        status = await ended(workshop, engine)

    assert RunState.FAILED is status.state
    assert "Stranger" in status.failure


async def test_what_a_step_writes_is_kept_with_the_next_order_or_not_at_all(
    workshop: Workshop,
) -> None:
    def whole(tx: Tx) -> str:
        tx.letters.put(a_letter(1))
        engine.enqueue(tx, an_order("run_2", of="next"))
        return "written"

    def broken(tx: Tx) -> str:
        tx.letters.put(a_letter(2))
        engine.enqueue(tx, an_order("run_3", of="next"))
        raise Unreachable("Lost.", remedy="Wait.")

    async def body(attempt: Attempt, _: Task) -> str:
        with pytest.raises(HoldfastError):
            await attempt.commit("broken", broken)
        return await attempt.commit("whole", whole)

    engine = workshop.engine(a_phase(body), a_phase(nothing, "next"), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        assert "written" == (await ended(workshop, engine)).result
        await ended(workshop, engine, "run_2")

    with workshop.store.reading() as tx:
        assert [a_letter(1)] == list(tx.letters.waiting(9))
        assert engine.status(tx, "run_3") is None


async def test_who_takes_a_run_over_gets_what_was_kept_and_the_other_writes_no_more(
    workshop: Workshop,
) -> None:
    acts: list[str] = []
    refused: list[str] = []
    again = asyncio.Event()
    stopped = asyncio.Event()

    async def first() -> int:
        acts.append("first")
        return 5

    async def fails() -> None:
        acts.append("fails")
        raise Unreachable("Not there.", remedy="Wait.")

    async def body(attempt: Attempt, _: Task) -> int:
        five = await attempt.step("first", first)
        with pytest.raises(Unreachable, match=r"Not there\. Wait\."):
            await attempt.step("fails", fails)
        if attempt.number == 1:
            stopped.set()
            await again.wait()
            for number, way in enumerate((write, act), 1):
                with pytest.raises(TakenOver):
                    await way(attempt)
                refused.append(str(number))
        return five + await write(attempt)

    async def write(attempt: Attempt) -> int:
        def put(tx: Tx) -> int:
            tx.letters.put(a_letter(attempt.number))
            return attempt.number

        return await attempt.commit("write", put)

    async def act(attempt: Attempt) -> None:
        await attempt.step("act", lambda: pytest.fail("it acts all the same"))

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        await asyncio.wait_for(stopped.wait(), LONG)
        with workshop.store.transaction() as tx:
            workshop.die(engine, tx, "run_1")
        status = await ended(workshop, engine)
        again.set()
        await until(lambda: len(refused) == 2)
        with workshop.store.reading() as tx:
            await until(lambda: engine.figures(tx).refused == 1)

    assert ["first", "fails"] == acts
    assert (RunState.DONE, 7, 2) == (status.state, status.result, status.attempts)
    with workshop.store.reading() as tx:
        assert [a_letter(2)] == list(tx.letters.waiting(9))


async def test_a_step_that_was_cut_off_is_done_again(workshop: Workshop) -> None:
    numbers: list[int] = []

    async def body(attempt: Attempt, _: Task) -> None:
        async def act() -> None:
            numbers.append(attempt.number)
            if attempt.number == 1:
                await asyncio.Event().wait()

        await attempt.step("act", act)

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        await until(lambda: numbers == [1])
        with workshop.store.transaction() as tx:
            workshop.die(engine, tx, "run_1")
        await ended(workshop, engine)

    assert [1, 2] == numbers


@pytest.mark.parametrize("away", NOT_NOW)
async def test_a_run_that_the_database_did_not_answer_or_refused_is_gone_on_with(
    workshop: Workshop, away: type[StoreFailed]
) -> None:
    numbers: list[int] = []
    done: list[str] = []

    async def body(attempt: Attempt, _: Task) -> int:
        numbers.append(attempt.number)

        async def act() -> str:
            done.append("first")
            return "first"

        async def other() -> str:
            done.append("second")
            if attempt.number < 3:
                raise away("Not now.", remedy="Wait.")
            return "second"

        assert "first" == await attempt.step("first", act)
        if attempt.number == 1:
            raise away("Not now.", remedy="Wait.")
        assert "second" == await attempt.step("second", other)
        return attempt.number

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        status = await ended(workshop, engine)

    assert (RunState.DONE, 3) == (status.state, status.result), status.failure
    assert [1, 2, 3] == numbers
    assert ["first", "second", "second"] == done


async def test_a_run_that_the_database_never_answers_is_given_up(workshop: Workshop) -> None:
    numbers: list[int] = []

    async def body(attempt: Attempt, _: Task) -> None:
        numbers.append(attempt.number)
        raise StoreUnreachable("The database does not answer.", remedy="Wait.")

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        status = await ended(workshop, engine, within=3 * LONG)

    assert status.state in {RunState.FAILED, RunState.GIVEN_UP}
    assert [*range(1, ATTEMPTS + 1)] == numbers


async def test_a_phase_whose_steps_changed_under_a_run_ends_it(workshop: Workshop) -> None:
    names = iter(["old", "new"])

    async def body(attempt: Attempt, _: Task) -> None:
        await attempt.commit(next(names), lambda _: 1)
        if attempt.number == 1:
            with workshop.store.transaction() as tx:
                workshop.die(engine, tx, "run_1")
            await asyncio.Event().wait()

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        status = await ended(workshop, engine)

    assert RunState.FAILED is status.state
    assert "has done old where new is to be done" in status.failure


async def test_a_run_that_waits_can_be_cancelled(workshop: Workshop) -> None:
    gate = Gate()
    engine = workshop.engine(a_phase(gate), queues=[QUICK])
    with_delay = an_order("run_2", delay=timedelta(hours=1))
    async with engine.running():
        order(workshop, engine, an_order("run_1"), with_delay)
        await until(lambda: gate.begun == ["run_1"])
        with workshop.store.transaction() as tx:
            assert engine.cancel(tx, "run_2")
        assert RunState.CANCELLED is (await ended(workshop, engine, "run_2")).state
        with workshop.store.transaction() as tx:
            assert not engine.cancel(tx, "run_2")
            assert not engine.cancel(tx, "run_3")
        gate.open.set()
        await ended(workshop, engine)

    with workshop.store.transaction() as tx:
        assert not engine.cancel(tx, "run_1")


async def test_who_works_at_a_run_that_is_cancelled_writes_no_more(workshop: Workshop) -> None:
    gate = Gate()
    refused: list[int] = []

    async def body(attempt: Attempt, task: Task) -> None:
        await gate(attempt, task)
        with pytest.raises(TakenOver):
            await attempt.commit("write", lambda tx: tx.letters.put(a_letter()))
        refused.append(1)

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order())
        await until(lambda: bool(gate.begun))
        with workshop.store.transaction() as tx:
            assert engine.cancel(tx, "run_1")
        gate.open.set()
        await until(lambda: bool(refused))

    with workshop.store.reading() as tx:
        assert not tx.letters.waiting(9)
        assert RunState.CANCELLED is getattr(engine.status(tx, "run_1"), "state", None)


async def test_a_cancellation_that_is_rolled_back_cancels_nothing(workshop: Workshop) -> None:
    engine = workshop.engine(a_phase(nothing), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order(delay=timedelta(hours=1)))
        with pytest.raises(ZeroDivisionError):
            given_up(workshop, lambda tx: engine.cancel(tx, "run_1"))
        with workshop.store.reading() as tx:
            assert RunState.WAITING is getattr(engine.status(tx, "run_1"), "state", None)


async def test_in_each_partition_so_many_go_at_once_in_their_order(workshop: Workshop) -> None:
    queue = Queue(name="quick", in_each_partition=1, look=timedelta(seconds=0.05))
    gate = Gate()
    engine = workshop.engine(a_phase(gate), queues=[queue])
    async with engine.running():
        for number, partition in enumerate(["shop", "shop", "mail", "shop"]):
            order(workshop, engine, an_order(f"run_{number}", partition=partition))
            await asyncio.sleep(0.002)  # the engine orders by the millisecond
        await until(lambda: len(gate.begun) == 2)
        await asyncio.sleep(0.3)
        assert ["run_0", "run_2"] == sorted(gate.begun)
        gate.open.set()
        await ended(workshop, engine, "run_3")

    assert ["run_0", "run_1", "run_3"] == [each for each in gate.begun if each != "run_2"]


async def test_no_more_than_so_many_go_at_once(workshop: Workshop) -> None:
    queue = Queue(name="quick", at_once=2, look=timedelta(seconds=0.05))
    gate = Gate()
    engine = workshop.engine(a_phase(gate), queues=[queue])
    async with engine.running():
        order(workshop, engine, *(an_order(f"run_{number}") for number in range(5)))
        await until(lambda: len(gate.begun) == 2)
        await asyncio.sleep(0.3)
        assert len(gate.begun) == 2
        gate.open.set()
        for number in range(5):
            await ended(workshop, engine, f"run_{number}")


async def test_no_more_than_so_many_begin_in_a_while(workshop: Workshop) -> None:
    rate = Rate(starts=3, within=timedelta(hours=1))
    queue = Queue(name="quick", rate=rate, look=timedelta(seconds=0.05))
    gate = Gate()
    gate.open.set()
    engine = workshop.engine(a_phase(gate), queues=[queue])
    async with engine.running():
        order(workshop, engine, *(an_order(f"run_{number}") for number in range(5)))
        await until(lambda: len(gate.begun) == 3)
        await asyncio.sleep(0.3)

    assert len(gate.begun) == 3


async def test_an_order_with_a_delay_waits_for_it(workshop: Workshop) -> None:
    began: list[float] = []

    async def body(_: Attempt, __: Task) -> None:
        began.append(time.monotonic())

    engine = workshop.engine(a_phase(body), queues=[QUICK])
    async with engine.running():
        ordered = time.monotonic()
        order(workshop, engine, an_order(delay=timedelta(seconds=0.3)))
        await ended(workshop, engine)

    assert began[0] - ordered >= 0.29  # the engine counts whole milliseconds


async def test_a_schedule_orders_once_in_each_span(workshop: Workshop) -> None:
    clock = FrozenClock()
    gate = Gate()
    gate.open.set()
    every = timedelta(minutes=5)
    schedule = Schedule(name="sweep", phase="work", argument=Task(), every=every)
    engine = workshop.engine(a_phase(gate), queues=[QUICK], schedules=[schedule], clock=clock)
    async with engine.running():
        await until(lambda: len(gate.begun) == 1)
        clock.advance(4 * every)
        await until(lambda: len(gate.begun) == 2)
        await asyncio.sleep(0.1)
    again = workshop.engine(a_phase(gate), queues=[QUICK], schedules=[schedule], clock=clock)
    async with again.running():
        order(workshop, again, an_order("run_1"))
        await ended(workshop, again)

    assert len(gate.begun) == len(set(gate.begun)) == 3


async def test_what_waits_and_how_long_is_told(workshop: Workshop) -> None:
    slow = Queue(name="slow", at_once=1, look=timedelta(seconds=0.05))
    gate = Gate()
    engine = workshop.engine(a_phase(gate), a_phase(gate, "slow", "slow"), queues=[QUICK, slow])
    async with engine.running():
        order(workshop, engine, *(an_order(f"run_{n}", of="slow") for n in range(4)))
        await until(lambda: len(gate.begun) == 1)
        with workshop.store.reading() as tx:
            figures = engine.figures(tx)
        gate.open.set()

    assert 1 == figures.running
    assert 1 == figures.most_attempts
    assert (0, 0, 0) == (figures.orphaned, figures.given_up, figures.refused)
    (waiting,) = figures.backlog
    assert (3, True) == (waiting.runs, waiting.queue.endswith("slow"))
    assert timedelta(0) <= waiting.oldest < timedelta(minutes=1)


async def test_runs_that_ended_long_ago_are_forgotten_and_no_others(workshop: Workshop) -> None:
    gate = Gate()
    engine = workshop.engine(a_phase(gate), a_phase(nothing, "short"), queues=[QUICK])
    async with engine.running():
        order(workshop, engine, an_order("run_1"), an_order("run_2", of="short"))
        await ended(workshop, engine, "run_2")
        await until(lambda: bool(gate.begun))
        with workshop.store.transaction() as tx:
            assert engine.forget(tx, datetime(2020, 1, 1, tzinfo=UTC)) == 0
            assert engine.forget(tx, SystemClock().now() + timedelta(hours=1)) == 1
            assert engine.forget(tx, SystemClock().now() + timedelta(hours=1)) == 0
        with workshop.store.reading() as tx:
            assert engine.status(tx, "run_2") is None
            assert engine.status(tx, "run_1") is not None
        gate.open.set()
        await ended(workshop, engine, "run_1")


async def test_what_does_not_end_in_time_is_left_to_the_next(workshop: Workshop) -> None:
    gate = Gate()
    engine = workshop.engine(a_phase(gate), queues=[QUICK], patience=0.1)
    async with engine.running():
        order(workshop, engine, an_order())
        await until(lambda: bool(gate.begun))
    with workshop.store.reading() as tx:
        left = engine.status(tx, "run_1")
    gate.open.set()
    again = workshop.engine(a_phase(gate), queues=[QUICK])
    async with again.running():
        status = await ended(workshop, again)

    assert left is not None
    assert RunState.WAITING is left.state
    assert (RunState.DONE, 2) == (status.state, status.attempts)


async def test_the_store_is_whole_while_nothing_runs(workshop: Workshop) -> None:
    engine = workshop.engine(a_phase(nothing), queues=[QUICK])
    async with engine.running():
        pass

    with workshop.store.transaction() as tx:
        assert engine.enqueue(tx, an_order())
    with pytest.raises((StoreFailed, UnreadableWork, TypeError)), workshop.store.reading() as tx:
        engine.enqueue(tx, an_order("run_2"))
    async with workshop.engine(a_phase(nothing), queues=[QUICK]).running():
        assert RunState.DONE is (await ended(workshop, engine)).state

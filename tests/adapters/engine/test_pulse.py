"""Who is alive, and what the dead have left."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import text

from holdfast.adapters.engine.pulse import IDLE, LOOKS, STALE, Pulse, Vigil
from holdfast.adapters.engine.rows import of
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works, executor_of
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import StoreRefused
from holdfast.model.letters import Beat
from holdfast.model.runs import ATTEMPTS, Figures, RunState, RunStatus
from holdfast.ports import Tx
from holdfast.testing.clock import NOON, FrozenClock
from tests.adapters.engine.test_failures import claim
from tests.contracts.test_engine import QUICK, a_phase, an_order, nothing


def a_beat(executor: str = "k-2", at: datetime = NOON, role: str = "keeper") -> Beat:
    return Beat(executor=executor, role=role, version="0", started=NOON, beat=at)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_who_is_seen_for_the_first_time_is_alive_however_old_its_beat() -> None:
    vigil = Vigil()
    vigil.look([a_beat(at=NOON - timedelta(days=9))])

    assert {"k-2"} == vigil.living()


def test_who_does_not_beat_for_so_many_looks_is_dead_and_not_before() -> None:
    vigil = Vigil()
    for _ in range(LOOKS):
        vigil.look([a_beat()])
    assert {"k-2"} == vigil.living()

    vigil.look([a_beat()])
    assert set() == vigil.living()


def test_who_beats_again_is_alive_again() -> None:
    vigil = Vigil()
    for _ in range(LOOKS + 1):
        vigil.look([a_beat()])
    vigil.look([a_beat(at=later(1))])

    assert {"k-2"} == vigil.living()


def test_a_clock_that_was_set_back_kills_nobody() -> None:
    vigil = Vigil()
    for number in range(3 * LOOKS):
        vigil.look([a_beat(at=later(-number))])

    assert {"k-2"} == vigil.living()


def test_who_took_leave_is_dead_at_once() -> None:
    vigil = Vigil()
    vigil.look([a_beat()])
    vigil.look([])

    assert set() == vigil.living()


class Die:
    """Always the same."""

    def roll(self, count: int) -> bytes:
        return bytes(range(count))


def test_two_boots_of_one_pod_are_two_executors() -> None:
    assert "keeper-0-0123456789" == executor_of("keeper-0", Die())


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def engine(database: str, sql_store: SqlStore, clock: FrozenClock) -> Iterator[TransactEngine]:
    """One whose tables are made, and that does not work."""
    with made(database, sql_store, clock, "keeper") as engine:
        yield engine


@contextmanager
def made(database: str, store: SqlStore, clock: FrozenClock, role: str) -> Iterator[TransactEngine]:
    beneath = open_beneath(parse_url(database))
    works = Works(
        role=role, executor=f"{role}-1", release="0", phases=[a_phase(nothing)], queues=[QUICK]
    )
    engine = TransactEngine(works, store, beneath, clock)

    async def once() -> None:
        async with engine.running():
            return

    asyncio.run(once())
    try:
        yield engine
    finally:
        beneath.dispose()


def a_pulse(engine: TransactEngine, active: frozenset[str] = frozenset()) -> Pulse:
    return Pulse(engine.desk, lambda: active, engine.enqueue, engine.figures)


def status(store: SqlStore, engine: TransactEngine, run: str = "run_1") -> RunStatus:
    with store.reading() as tx:
        found = engine.status(tx, run)
    assert found is not None
    return found


def claimed(store: SqlStore, engine: TransactEngine, executor: str) -> None:
    with store.transaction() as tx:
        engine.enqueue(tx, an_order())
        tx.beats.beat(a_beat(executor))
    claim(store, "run_1", "token", executor)


pytestmark = pytest.mark.slow


def test_what_the_dead_have_is_given_back_and_counted(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    claimed(sql_store, engine, "k-2")
    pulse = a_pulse(engine)
    for _ in range(LOOKS):
        pulse.tick()
    assert RunState.RUNNING is status(sql_store, engine).state

    pulse.tick()

    assert RunState.WAITING is status(sql_store, engine).state
    assert 1 == pulse.deeds.requeued


def test_what_the_living_have_is_left_with_them(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    claimed(sql_store, engine, "k-2")
    pulse = a_pulse(engine)
    for number in range(3 * LOOKS):
        with sql_store.transaction() as tx:
            tx.beats.beat(a_beat(at=later(number)))
        pulse.tick()

    assert RunState.RUNNING is status(sql_store, engine).state


def test_what_somebody_had_who_took_leave_is_given_back_at_the_next_look(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    claimed(sql_store, engine, "k-2")
    with sql_store.transaction() as tx:
        tx.beats.forget("k-2")

    a_pulse(engine).tick()

    assert RunState.WAITING is status(sql_store, engine).state


def test_what_has_been_tried_too_often_is_given_up(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    with sql_store.transaction() as tx:
        engine.enqueue(tx, an_order())
    pulse = a_pulse(engine)
    for number in range(1, ATTEMPTS + 1):
        claim(sql_store, "run_1", "token", "gone")
        assert (RunState.RUNNING, number) == (
            status(sql_store, engine).state,
            status(sql_store, engine).attempts,
        )
        pulse.tick()

    assert RunState.GIVEN_UP is status(sql_store, engine).state
    with sql_store.reading() as tx:
        assert 1 == engine.figures(tx).given_up


def test_what_cannot_be_read_stops_no_pulse(sql_store: SqlStore, engine: TransactEngine) -> None:
    told: list[str] = []

    def damaged(_: Tx) -> Figures:
        raise TypeError("'<' not supported between 'int' and 'str'")

    works = msgspec.structs.replace(engine.desk.works, troubled=told.append)
    store = Telling(sql_store)
    desk = msgspec.structs.replace(engine.desk, works=works, store=store)
    pulse = Pulse(desk, frozenset[str], engine.enqueue, damaged)
    pulse.start()
    try:
        assert store.written.wait(60)  # at a later turn than the first
        with sql_store.reading() as tx:
            assert ["keeper-1"] == [each.executor for each in tx.beats.all()]
    finally:
        pulse.stop()
    assert told[0].startswith("A row of the database cannot be read: ")


class Telling:
    """A store that tells when something was written into it."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.cluster = store.cluster
        self.written = threading.Event()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with self._store.transaction() as tx:
            yield tx
        self.written.set()

    def reading(self) -> AbstractContextManager[Tx]:
        return self._store.reading()


def test_what_we_have_and_do_not_work_at_is_given_back(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    claimed(sql_store, engine, "keeper-1")
    pulse = a_pulse(engine)
    for _ in range(IDLE):
        assert RunState.RUNNING is status(sql_store, engine).state
        pulse.tick()

    assert RunState.WAITING is status(sql_store, engine).state
    assert (0, 1) == (pulse.deeds.requeued, pulse.deeds.put_back)


def test_what_another_program_has_written_is_given_up_at_once(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    claimed(sql_store, engine, "gone")
    with sql_store.transaction() as tx:
        schema = "" if of(tx).dialect.name == "sqlite" else "holdfast_keeper."
        foreign = "UPDATE {}workflow_status SET serialization = 'of_others'"
        of(tx).execute(text(foreign.format(schema)))
        tx.beats.forget("gone")

    a_pulse(engine).tick()

    assert RunState.GIVEN_UP is status(sql_store, engine).state


def test_what_we_work_at_is_not_given_back(sql_store: SqlStore, engine: TransactEngine) -> None:
    claimed(sql_store, engine, "keeper-1")
    pulse = a_pulse(engine, active=frozenset({"run_1"}))
    for _ in range(2 * IDLE):
        pulse.tick()

    assert RunState.RUNNING is status(sql_store, engine).state


def test_only_one_gives_away_at_a_time(
    database: str, sql_store: SqlStore, engine: TransactEngine
) -> None:
    rows = engine.desk.rows
    other = SqlStore(open_engine(parse_url(database), busy=0.1), sql_store.cluster)
    with sql_store.transaction() as tx:
        assert rows.sole_reaper(tx)
        if database.startswith("sqlite"):
            with pytest.raises(StoreRefused), other.transaction():
                pytest.fail("two write at a time")
        else:
            with other.transaction() as beside:
                assert not rows.sole_reaper(beside)
    with other.transaction() as after:
        assert rows.sole_reaper(after)
    other.close()


def test_the_beats_of_those_long_dead_are_removed(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    pulse = a_pulse(engine)
    with sql_store.transaction() as tx:
        tx.beats.beat(a_beat("k-2"))
    for _ in range(STALE + 1):
        pulse.vigil.look([a_beat("k-2"), a_beat("keeper-1", later(0))])
    pulse.tidy()

    with sql_store.reading() as tx:
        assert "k-2" not in {each.executor for each in tx.beats.all()}


def test_the_old_is_forgotten_when_it_is_older_than_what_is_kept(
    sql_store: SqlStore, engine: TransactEngine, clock: FrozenClock
) -> None:
    with sql_store.transaction() as tx:
        engine.enqueue(tx, an_order())
        engine.cancel(tx, "run_1")
    pulse = a_pulse(engine)
    clock.advance(engine.desk.works.keep)
    pulse.tidy()
    assert RunState.CANCELLED is status(sql_store, engine).state

    clock.advance(timedelta(seconds=1))
    pulse.tidy()
    with sql_store.reading() as tx:
        assert engine.status(tx, "run_1") is None


@pytest.fixture
def serve(database: str, sql_store: SqlStore, clock: FrozenClock) -> Iterator[TransactEngine]:
    """The other process' engine, in the same database."""
    with made(database, sql_store, clock, "serve") as engine:
        yield engine


def test_the_two_processes_take_count_and_forget_only_their_own(
    sql_store: SqlStore, engine: TransactEngine, serve: TransactEngine, clock: FrozenClock
) -> None:
    with sql_store.transaction() as tx:
        assert serve.enqueue(tx, an_order("run_s"))
        assert engine.enqueue(tx, an_order("run_k"))

    async def work() -> None:
        async with engine.running():
            async with asyncio.timeout(20):
                while not status(sql_store, engine, "run_k").state.ended:
                    await asyncio.sleep(0.05)

    asyncio.run(work())
    with sql_store.transaction() as tx:
        assert RunState.DONE is getattr(engine.status(tx, "run_k"), "state", None)
        assert RunState.WAITING is getattr(serve.status(tx, "run_s"), "state", None)
        assert engine.status(tx, "run_s") is None
        assert not engine.cancel(tx, "run_s")
        assert [1] == [each.runs for each in serve.figures(tx).backlog]
        assert 0 == serve.forget(tx, clock.now() + timedelta(days=9999))


def test_in_one_file_either_gives_back_what_the_other_left_and_in_schemas_neither_can(
    database: str, sql_store: SqlStore, engine: TransactEngine, serve: TransactEngine
) -> None:
    claimed(sql_store, engine, "gone")
    with sql_store.transaction() as tx:
        tx.beats.forget("gone")

    a_pulse(serve).tick()

    expected = RunState.WAITING if database.startswith("sqlite") else RunState.RUNNING
    assert expected is status(sql_store, engine).state


def test_a_beat_says_who_we_are(sql_store: SqlStore, engine: TransactEngine) -> None:
    a_pulse(engine).beat()

    with sql_store.reading() as tx:
        (beat,) = tx.beats.all()
    assert msgspec.structs.replace(a_beat("keeper-1"), beat=beat.beat) == beat


def test_a_beat_tells_what_was_counted_last(sql_store: SqlStore, engine: TransactEngine) -> None:
    pulse = a_pulse(engine)
    pulse.beat()
    with sql_store.transaction() as tx:
        engine.enqueue(tx, an_order("run_1"))
        counted = engine.figures(tx)
    assert [1] == [each.runs for each in counted.backlog]

    pulse.count()
    pulse.beat()

    with sql_store.reading() as tx:
        (beat,) = tx.beats.all()
    assert beat.figures is not None
    assert [1] == [each.runs for each in beat.figures.backlog]

"""Every statement of an order, a step and a takeover fails once: the state stays whole."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.engine.attempts import RunAttempt
from holdfast.adapters.engine.rows import Rows, of
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import TakenOver
from holdfast.model.runs import RunState
from holdfast.ports import Tx
from tests.adapters.stores.test_failures import Plug, engine_of, points
from tests.contracts.test_engine import QUICK, a_phase, an_order, nothing
from tests.contracts.test_store import a_letter
from tests.tally import Count, Tally

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(database: str, sql_store: SqlStore) -> Iterator[TransactEngine]:
    """One whose tables are made, and that does not work."""
    beneath = open_beneath(parse_url(database))
    works = Works(
        role="keeper",
        executor="k-1",
        release="0",
        phases=[a_phase(nothing), a_phase(nothing, "next")],
        queues=[QUICK],
    )
    made = TransactEngine(works, sql_store, beneath, SystemClock())

    async def once() -> None:
        async with made.running():
            return

    asyncio.run(once())
    yield made
    beneath.dispose()


@pytest.fixture
def plug(sql_store: SqlStore) -> Plug:
    made = Plug()
    for moment in ("before_cursor_execute", "after_cursor_execute", "commit", "begin"):
        event.listen(engine_of(sql_store), moment, made.point)
    return made


def claim(store: SqlStore, run: str, owner: str, executor: str = "k-0") -> None:
    """As the engine does it when a process takes a run up."""
    with store.transaction() as tx:
        schema = "" if of(tx).dialect.name == "sqlite" else "holdfast_keeper."
        claimed = (
            "UPDATE {}workflow_status SET status = 'PENDING', owner_xid = :owner,"
            " executor_id = :executor, recovery_attempts = recovery_attempts + 1"
            " WHERE workflow_uuid = :run"
        )
        of(tx).execute(
            text(claimed.format(schema)), {"owner": owner, "run": run, "executor": executor}
        )


def rows_of(engine: TransactEngine) -> Rows:
    return engine.desk.rows


def test_an_order_is_there_with_its_letter_or_its_caller_hears(
    sql_store: SqlStore, engine: TransactEngine, plug: Plug, tally: Tally
) -> None:
    def act(number: int) -> None:
        with sql_store.transaction() as tx:
            tx.letters.put(a_letter(number))
            engine.enqueue(tx, an_order(f"run_{number}"))

    def judge(number: int, through: bool) -> None:
        with sql_store.reading() as tx:
            assert through == (engine.status(tx, f"run_{number}") is not None)
            assert through == (f"ltr_{number}" in {each.id for each in tx.letters.waiting(999)})
            assert int(through) == sum(each.runs for each in engine.figures(tx).backlog)

    tally(Count("failure points of an enqueue", n=points(plug, act, judge)))


def test_what_a_step_writes_is_there_with_its_note_and_the_next_order_or_not_at_all(
    sql_store: SqlStore, engine: TransactEngine, plug: Plug, tally: Tally
) -> None:
    with sql_store.transaction() as tx:
        engine.enqueue(tx, an_order("run_0"))
    claim(sql_store, "run_0", "me")

    def written(tx: Tx, number: int) -> None:
        tx.letters.put(a_letter(number))
        engine.enqueue(tx, an_order(f"run_{number}", of="next"))

    def act(number: int) -> None:
        attempt = RunAttempt(engine.desk, "run_0", "me")
        attempt.write_once(number, "write", lambda tx: written(tx, number))

    def judge(number: int, through: bool) -> None:
        with sql_store.reading() as tx:
            assert through == (number in rows_of(engine).steps(tx, "run_0"))
            assert through == (f"ltr_{number}" in {each.id for each in tx.letters.waiting(999)})
            assert through == (engine.status(tx, f"run_{number}") is not None)

    tally(Count("failure points of a step that writes", n=points(plug, act, judge)))


def test_a_run_is_given_back_or_remains_where_it_was(
    sql_store: SqlStore, engine: TransactEngine, plug: Plug, tally: Tally
) -> None:
    rows, now = rows_of(engine), SystemClock().now()
    with sql_store.transaction() as tx:
        engine.enqueue(tx, an_order("run_0"))

    def act(_: int) -> None:
        with sql_store.transaction() as tx:
            assert rows.sole_reaper(tx)
            assert rows.give_back(tx, rows.of_others_than({"somebody"}), now) == 1

    def judge(_: int, through: bool) -> None:
        with sql_store.reading() as tx:
            status = engine.status(tx, "run_0")
            claimed = rows.claimed(tx, "run_0")
        assert status is not None
        assert claimed is not None
        expected = (RunState.WAITING, None) if through else (RunState.RUNNING, "me")
        assert expected == (status.state, claimed.owner)

    claim(sql_store, "run_0", "me")
    tally(Count("failure points of a takeover", n=points(plug, act, judge)))
    attempt = RunAttempt(engine.desk, "run_0", "me")
    with pytest.raises(TakenOver):
        asyncio.run(attempt.commit("write", lambda _: None))

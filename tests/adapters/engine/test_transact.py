"""What somebody could write into the engine's rows, and what the environment could tell it."""

import asyncio
import base64
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine as Connections
from sqlalchemy import event, text

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.engine.rows import of
from holdfast.adapters.engine.transact import TransactEngine, complaint, first_line
from holdfast.adapters.engine.works import Works
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import StoreUnreachable
from holdfast.model.runs import RunState, RunStatus
from tests.contracts.test_engine import QUICK, Gate, a_phase, an_order, nothing

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


class Harmful:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self._path,))


@pytest.fixture
def gate() -> Gate:
    made = Gate()
    made.open.set()
    return made


@pytest.fixture
def beneath(database: str) -> Iterator[Connections]:
    opened = open_beneath(parse_url(database))
    yield opened
    opened.dispose()


@pytest.fixture
def engine(beneath: Connections, sql_store: SqlStore, gate: Gate) -> TransactEngine:
    works = Works(
        role="keeper",
        executor="k-1",
        release="0",
        phases=[a_phase(gate), a_phase(nothing, "last")],
        queues=[QUICK],
    )
    return TransactEngine(works, sql_store, beneath, SystemClock())


async def tampered(
    store: SqlStore, engine: TransactEngine, *statements: str, **told: str
) -> RunStatus:
    """How a run ends into whose rows somebody has written while nothing worked."""
    async with engine.running():
        pass
    with store.transaction() as tx:
        engine.enqueue(tx, an_order())
        schema = "" if of(tx).dialect.name == "sqlite" else "holdfast_keeper."
        for each in statements:
            of(tx).execute(text(each.format(schema=schema)), told)
    return await how_it_ends(store, engine)


async def how_it_ends(store: SqlStore, engine: TransactEngine) -> RunStatus:
    async with engine.running(), asyncio.timeout(30):
        while True:
            with store.reading() as tx:
                status = engine.status(tx, "run_1")
            assert status is not None
            if status.state.ended:
                return status
            await asyncio.sleep(0.05)


async def test_a_row_that_says_it_is_code_is_refused_before_it_is_read(
    sql_store: SqlStore, engine: TransactEngine, gate: Gate, tmp_path: Path
) -> None:
    harmful = {"args": (Harmful(tmp_path / "harm"),), "kwargs": {}}
    status = await tampered(
        sql_store,
        engine,
        "UPDATE {schema}workflow_status SET serialization = 'py_pickle'",
        "UPDATE {schema}workflow_input SET inputs = :inputs",
        inputs=base64.b64encode(pickle.dumps(harmful)).decode(),
    )

    assert RunState.FAILED is status.state
    assert "was written by another program" in status.failure
    assert [] == gate.begun
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("serialization", "inputs"),
    [
        ("holdfast", 'call {"is":"os.system","of":"true"}'),
        ("holdfast", 'call {"is":"Task","of":{"number":"7"}}'),
        ("holdfast", 'call {"is":"plain","of":"7"}'),
        ("portable_json", '{"positionalArgs":[{"number":7}],"namedArgs":{}}'),
    ],
)
async def test_a_row_that_we_have_not_written_ends_its_run(
    sql_store: SqlStore, engine: TransactEngine, gate: Gate, serialization: str, inputs: str
) -> None:
    status = await tampered(
        sql_store,
        engine,
        "UPDATE {schema}workflow_status SET serialization = :serialization",
        "UPDATE {schema}workflow_input SET inputs = :inputs",
        serialization=serialization,
        inputs=inputs,
    )

    assert RunState.FAILED is status.state
    assert status.failure
    assert [] == gate.begun


async def test_a_step_that_somebody_has_written_over_ends_its_run(
    sql_store: SqlStore, engine: TransactEngine, gate: Gate
) -> None:
    status = await tampered(
        sql_store,
        engine,
        "UPDATE {schema}workflow_status SET name = 'last'",
        "UPDATE {schema}workflow_input SET inputs = 'call nothing'",
    )

    assert RunState.FAILED is status.state
    assert "was not written by this version" in status.failure


async def test_where_nothing_waits_the_library_does_not_look_for_it(
    sql_store: SqlStore,
    beneath: Connections,
    engine: TransactEngine,
    gate: Gate,
) -> None:
    looked, begun = [], []

    def told(_: object, __: object, statement: str, asked: object, *___: object) -> None:
        if "queue_name" in statement and "keeper.quick" in str(asked):
            looked.append(statement)

    def heard(_: object, __: object, statement: str, *___: object) -> None:
        begun.append("application_versions" in statement and len(looked) > 0)

    with sql_store.reading() as tx:
        event.listen(of(tx).engine, "before_cursor_execute", told)
    event.listen(beneath, "before_cursor_execute", heard)
    async with engine.running(), asyncio.timeout(30):
        while len(looked) < 5:
            await asyncio.sleep(0.05)
        assert not any(begun)
        with sql_store.transaction() as tx:
            engine.enqueue(tx, an_order())
        while not gate.begun:
            await asyncio.sleep(0.05)
        assert any(begun)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_that_look_reads_no_more_of_a_file_than_an_index(
    sql_store: SqlStore, engine: TransactEngine
) -> None:
    said: list[tuple[str, tuple[object, ...]]] = []
    async with engine.running():
        pass
    with sql_store.reading() as tx:
        event.listen(of(tx), "before_cursor_execute", lambda *each: said.append(each[2:4]))
        engine.desk.rows.waits(tx, "keeper.quick")
        (asked,) = said
        (plan,) = of(tx).exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0]}", asked[1])
    assert "USING COVERING INDEX idx_workflow_status_in_flight" in str(plan)


def test_nobody_begins_where_there_is_no_database(sql_store: SqlStore) -> None:
    nowhere = open_beneath(parse_url("postgresql://nobody@127.0.0.1:1/none"))
    works = Works(role="keeper", executor="k-1", release="0", phases=[], queues=[])
    engine = TransactEngine(works, sql_store, nowhere, SystemClock())

    async def begin() -> None:
        async with engine.running():
            pytest.fail("it works without a database")

    with pytest.raises(StoreUnreachable, match="cannot begin in its database"):
        asyncio.run(begin())
    nowhere.dispose()


ALONE = """
import asyncio, sys
from pathlib import Path

asked = []
def heard(name, what):
    if name == "socket.connect":
        asked.append(what)
sys.addaudithook(heard)

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from tests.adapters.engine.five_phases import Five, World, an_engine
from tests.audit.chains import CLUSTER

async def main(url):
    upkeep.upgrade(open_engine(parse_url(url)), CLUSTER)
    store, engine = an_engine(url, "keeper", "k", Five(World(0), "k"))
    async with engine.running():
        await asyncio.sleep(1.5)
    with store.reading() as tx:
        told = "SELECT version_name, application_name FROM application_versions"
        rows = tx.native.exec_driver_sql(told)
        print([tuple(row) for row in rows], asked)

asyncio.run(main(sys.argv[1]))
"""


def test_the_environment_has_no_say_and_nobody_is_called(tmp_path: Path) -> None:
    told = {
        "DBOS__CLOUD": "true",
        "DBOS__APPVERSION": "evil",
        "DBOS__VMID": "evil",
        "DBOS__CONDUCTOR_KEY": "evil",
        "DBOS__CONDUCTOR_APP_NAME": "evil",
        "DBOS__CONDUCTOR_URL": "ws://127.0.0.1:1/",
        "DBOS_APP_NAME": "evil",
    }
    done = subprocess.run(
        [sys.executable, "-c", ALONE, f"sqlite:///{tmp_path}/holdfast.db"],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "[('keeper.1', 'holdfast-keeper')] []\n" == done.stdout
    assert "" == done.stderr


def test_the_library_is_loaded_by_nobody_who_does_not_want_an_engine() -> None:
    asked = "import sys, holdfast.wiring, holdfast.ports; print('dbos' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "False\n" == done.stdout


@pytest.mark.parametrize("said", ["it is full", "\n\n  it is full\nLINE 1: INSERT", "it is full\n"])
def test_of_what_the_library_complains_about_the_first_line_that_says_anything_is_told(
    said: str,
) -> None:
    assert first_line(said) == "it is full"


@pytest.mark.parametrize("said", ["", "\n \n"])
def test_a_complaint_of_nothing_is_told_as_that(said: str) -> None:
    assert first_line(said) == "it does not say why"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (KeyError("lease"), "Exception in a workflow: KeyError: 'lease'"),
        (ValueError(), "Exception in a workflow: ValueError: it does not say why"),
        (None, "Exception in a workflow:"),
    ],
)
def test_what_the_library_tells_beside_its_sentence_is_told_with_it(
    error: Exception | None, says: str
) -> None:
    beside = None if error is None else (type(error), error, None)
    said = "Exception in a workflow:"
    assert says == complaint(logging.LogRecord("dbos", 40, "x.py", 1, said, (), beside))

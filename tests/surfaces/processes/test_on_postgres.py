"""Both processes on PostgreSQL, each with its own role, its rights and its engine's schema."""

import signal
from functools import partial
from pathlib import Path

import psycopg
import pytest

from holdfast import wiring
from holdfast.model.access import Process
from lab.postgres import Postgres
from tests.adapters.stores.test_roles import (
    KEEPER,
    SERVE,
    Roles,
    assert_refused,
    made_on,
    roles,
)
from tests.audit.chains import CLUSTER, a_draft
from tests.stores import a_database
from tests.surfaces.processes.running import running
from tests.surfaces.processes.test_processes import eventually, page, put_a_remark, said, size

__all__ = ["roles"]

# ruff: noqa: S608  (the names of tables are the engine's)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("postgres"),
]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(tmp_path / "state"))
    assert wiring.main(["keys", "init"]) == 0
    return tmp_path / "state"


def test_serve_and_its_keeper_share_the_work_and_neither_can_do_the_others(
    tmp_path: Path, state: Path, roles: Roles
) -> None:
    settings = {
        "state_dir": str(state),
        "database": roles.address(SERVE),
        "keeper_database": roles.address(KEEPER),
    }
    store = roles.store(SERVE)
    with running(tmp_path / "log", "serve", "--with-keeper", **settings) as serve:
        listens = serve.until("started")["listens"]
        eventually(lambda: "keeper: alive" in said(listens, "readyz"))
        put_a_remark(store)
        with store.transaction() as tx:
            tx.records.submit(a_draft(1))
        eventually(lambda: size(store) == 2)
        engines = tables(roles)
        assert engines[SERVE.engine_schema]
        assert engines[KEEPER.engine_schema]
        connection = roles.connect(SERVE)
        for table in engines[KEEPER.engine_schema]:
            for statement in (
                f"INSERT INTO holdfast_keeper.{table} DEFAULT VALUES",
                f"DELETE FROM holdfast_keeper.{table}",
                f"TRUNCATE holdfast_keeper.{table}",
                f"DROP TABLE holdfast_keeper.{table}",
            ):
                assert_refused(connection, statement)
        serve.process.send_signal(signal.SIGTERM)
        assert serve.ended() == 0
    assert not {each["event"] for each in serve.told()} & {"trouble", "keeper died"}


def test_the_roles_of_the_guide_start_twice_on_a_database_of_an_ordinary_owner(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Postgres.started() as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            for role in ("ada", "holdfast_serve", "holdfast_keeper"):
                connection.execute(f"CREATE ROLE {role} LOGIN".encode())
            connection.execute(b"CREATE DATABASE holdfast OWNER ada")
        monkeypatch.setenv("HOLDFAST_DATABASE", server.url("holdfast", "ada"))
        assert wiring.main(["db", "upgrade", "--cluster", CLUSTER]) == 0
        assert wiring.main(["db", "grants", "--apply"]) == 0
        settings = {
            "state_dir": str(state),
            "database": server.url("holdfast", "holdfast_serve"),
            "keeper_database": server.url("holdfast", "holdfast_keeper"),
        }
        for turn in ("first", "second"):
            with running(tmp_path / turn, "serve", "--with-keeper", **settings) as serve:
                listens = serve.until("started")["listens"]
                eventually(partial(alive, listens))
                serve.process.send_signal(signal.SIGTERM)
                assert serve.ended() == 0
        monkeypatch.setenv("HOLDFAST_DATABASE", server.url("holdfast", "ada"))
        assert wiring.main(["db", "upgrade"]) == 0
        assert wiring.main(["db", "grants", "--apply"]) == 0


def test_a_database_that_is_restarted_is_waited_for(tmp_path: Path, state: Path) -> None:
    with Postgres.started() as server, made_on(server, a_database(server)) as roles:
        settings = {
            "state_dir": str(state),
            "database": roles.address(SERVE),
            "keeper_database": roles.address(KEEPER),
        }
        store = roles.store(SERVE)
        with running(tmp_path / "log", "serve", "--with-keeper", **settings) as serve:
            listens = serve.until("started")["listens"]
            eventually(lambda: "keeper: alive" in said(listens, "readyz"))
            server.stop(signal.SIGINT)
            eventually(lambda: "does not answer" in said(listens, "readyz"))
            assert page(listens, "healthz") == "ok\n"
            assert "holdfast_store_up 0\n" in page(listens, "metrics")
            server.start()
            eventually(lambda: "keeper: alive" in said(listens, "readyz"))
            with store.transaction() as tx:
                tx.records.submit(a_draft(1))
            eventually(lambda: size(store) == 1)
            serve.process.send_signal(signal.SIGTERM)
            assert serve.ended() == 0


def test_a_process_whose_database_is_away_says_that_it_may_be_started_again(
    tmp_path: Path, state: Path
) -> None:
    address = "postgresql://ada:s3cret@127.0.0.1:1/holdfast"
    for process in ("serve", "keeper"):
        log = tmp_path / process
        with running(log, process, state_dir=str(state), database=address) as started:
            assert started.ended() == 75
            assert "holdfast at 127.0.0.1:1 does not answer" in started.said
            assert "s3cret" not in started.said


@pytest.mark.parametrize("process", [SERVE, KEEPER])
def test_a_role_that_may_only_read_is_said_at_once(
    tmp_path: Path, state: Path, roles: Roles, process: Process
) -> None:
    settings = {"state_dir": str(state), "database": roles.address(process)}
    with psycopg.connect(roles.owner, autocommit=True) as connection:
        role = roles.roles[process]
        connection.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on".encode())
    with running(tmp_path / "log", process.value, **settings) as started:
        assert started.ended() == 75
        assert "only reads. Name the primary" in started.said
        assert len(started.said.splitlines()) == 1


def alive(listens: str | int) -> bool:
    """Whether it is told that a keeper lives."""
    return "keeper: alive" in said(listens, "readyz")


def tables(roles: Roles) -> dict[str, list[str]]:
    """The tables in each engine's schema."""
    with psycopg.connect(roles.owner) as connection:
        rows = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'holdfast_%'"
        ).fetchall()
    found: dict[str, list[str]] = {SERVE.engine_schema: [], KEEPER.engine_schema: []}
    for schema, table in rows:
        found[str(schema)].append(str(table))
    return found


@pytest.mark.parametrize(("process", "role"), [("serve", KEEPER), ("keeper", SERVE)])
def test_a_process_does_not_start_with_the_role_of_the_other(
    tmp_path: Path, state: Path, roles: Roles, process: str, role: Process
) -> None:
    address = roles.address(role)
    with running(tmp_path / "log", process, state_dir=str(state), database=address) as started:
        assert started.ended() == 2
        assert f"rights of {process}" in started.said
        assert "holdfast db grants --apply" in started.said


def test_whoever_owns_the_tables_does_not_serve(tmp_path: Path, state: Path, roles: Roles) -> None:
    settings = {"state_dir": str(state), "database": roles.owner}
    with running(tmp_path / "log", "serve", **settings) as serve:
        assert serve.ended() == 2
        assert "The database role holdfast has, and should not, rights of serve" in serve.said

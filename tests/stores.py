"""For tests: databases of every sort, empty or with our tables; `tests.conftest` makes them known.

There is one PostgreSQL server for the whole session, and a database of its own for each test. Where
no server can be had, its tests are skipped with one line; with CI=true they fail.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.ports import Store
from holdfast.testing.memory import StoreInMemory
from lab.errors import NotBuilt
from lab.postgres import Postgres
from tests.audit.chains import CLUSTER

POSTGRES = pytest.param(
    "postgres", marks=[pytest.mark.slow, pytest.mark.xdist_group("postgres")], id="postgres"
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's server."""
    try:
        with Postgres.started() as server:
            yield server
    except NotBuilt as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture
def postgres_database(postgres: Postgres) -> str:
    """The address of an empty database."""
    return a_database(postgres)


@pytest.fixture
def another_postgres_database(postgres: Postgres) -> str:
    """The address of a second one."""
    return a_database(postgres)


def a_database(postgres: Postgres) -> str:
    """The address of a new one on that server."""
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgres.url(name)


@pytest.fixture(params=["sqlite", POSTGRES])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of either sort."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/holdfast.db"
    address: str = request.getfixturevalue("postgres_database")
    return address


@pytest.fixture
def sql_store(database: str) -> Iterator[SqlStore]:
    """A store with our tables, in either sort of database."""
    engine = open_engine(parse_url(database))
    upkeep.upgrade(engine, CLUSTER)
    opened = SqlStore(engine, CLUSTER)
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "sqlite", POSTGRES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each sort."""
    if request.param == "memory":
        yield StoreInMemory(CLUSTER)
        return
    address = f"sqlite:///{tmp_path}/holdfast.db"
    if request.param == "postgres":
        address = request.getfixturevalue("postgres_database")
    engine = open_engine(parse_url(address))
    upkeep.upgrade(engine, CLUSTER)
    opened = SqlStore(engine, CLUSTER)
    yield opened
    opened.close()

"""A database that this version may not use is refused, with what to do."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import asking, open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import BadInput, StoreFailed, StoreRefused, StoreUnreachable, WrongStore
from tests.audit.chains import CLUSTER, a_draft


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    opened = open_engine(parse_url(database))
    yield opened
    opened.dispose()


def run(engine: Engine, statement: str) -> None:
    with asking(engine, writing=True) as connection:
        connection.execute(text(statement))


def refused(engine: Engine, cluster: str = CLUSTER) -> str:
    with pytest.raises(WrongStore) as said:
        upkeep.require_current(engine, cluster)
    assert said.value.remedy
    return said.value.wrong


def test_an_upgraded_database_may_be_used(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)

    upkeep.require_current(engine, CLUSTER)


def test_one_without_tables_is_refused_and_stays_as_it_is(engine: Engine, tmp_path: Path) -> None:
    assert "has no tables yet" in refused(engine)

    assert not list(tmp_path.iterdir())  # looking makes no file


def test_one_of_another_product_is_refused_and_not_upgraded(engine: Engine) -> None:
    run(engine, "CREATE TABLE invoices (id INTEGER)")

    assert "none of them is Holdfast's" in refused(engine)
    with pytest.raises(WrongStore):
        upkeep.upgrade(engine, CLUSTER)


def test_one_of_another_cluster_is_refused(engine: Engine) -> None:
    upkeep.upgrade(engine, "another")

    assert "belongs to the cluster another" in refused(engine)
    with pytest.raises(WrongStore):
        upkeep.upgrade(engine, CLUSTER)


def test_one_of_a_newer_version_is_refused_and_not_downgraded(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "UPDATE hf_revision SET version_num = '9999'")

    assert "at revision 9999, which this version does not know" in refused(engine)
    with pytest.raises(WrongStore):
        upkeep.upgrade(engine, CLUSTER)


def test_one_that_lacks_a_table_is_refused(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "DROP TABLE hf_answers")

    assert "hf_answers is missing" in refused(engine)


def test_one_that_lacks_a_column_is_refused(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "ALTER TABLE hf_beats DROP COLUMN version")

    assert "hf_beats.version is missing" in refused(engine)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    path.write_bytes(b"rubbish" * 1000)
    engine = open_engine(parse_url(f"sqlite:///{path}"))

    with pytest.raises(StoreRefused) as said:
        upkeep.require_current(engine, CLUSTER)

    assert "is no database" in said.value.wrong
    assert path.read_bytes() == b"rubbish" * 1000
    engine.dispose()


@pytest.mark.parametrize("where", ["missing/holdfast.db", "."])
def test_a_file_that_cannot_be_is_refused(tmp_path: Path, where: str) -> None:
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/{where}"))

    with pytest.raises(StoreFailed):
        upkeep.upgrade(engine, CLUSTER)

    engine.dispose()


def test_a_database_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/holdfast.db"))
    upkeep.upgrade(engine, CLUSTER)

    assert {oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()} == {"0o600"}
    engine.dispose()


def test_a_server_that_does_not_answer_is_said_without_its_password() -> None:
    engine = open_engine(parse_url("postgresql://ada:s3cret@127.0.0.1:1/holdfast"))

    with pytest.raises(StoreUnreachable) as said:
        upkeep.require_current(engine, CLUSTER)

    assert "The database holdfast at 127.0.0.1:1 does not answer" in said.value.wrong
    assert "s3cret" not in str(said.value)
    engine.dispose()


@pytest.mark.parametrize("url", ["", "rubbish", "sqlite://", "mysql://h/d", "sqlite:///:memory:"])
def test_an_address_of_nothing_that_we_can_use_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        parse_url(url)


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/holdfast.db"))
    upkeep.upgrade(engine, CLUSTER)
    store = SqlStore(engine, CLUSTER)
    with asking(engine, writing=True) as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    engine.dispose()
    raw = engine.raw_connection()
    raw.cursor().execute(f"PRAGMA max_page_count={pages}")
    raw.close()  # into the pool: the next one to ask gets this connection

    with pytest.raises(StoreRefused) as said, store.transaction() as tx:
        tx.records.submit(a_draft(1, text="x" * 500_000))

    assert "is on a full disk" in said.value.wrong
    with store.reading() as tx:
        assert not tx.records.waiting(1)
    store.close()


def test_a_locked_database_is_said(tmp_path: Path) -> None:
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/holdfast.db"), busy=0.2)
    upkeep.upgrade(engine, CLUSTER)
    other = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreRefused) as said, SqlStore(engine, CLUSTER).transaction():
        pass

    assert "is locked by another process" in said.value.wrong
    other.close()
    engine.dispose()


@pytest.mark.slow
@pytest.mark.xdist_group("postgres")
def test_on_postgres_one_seals_and_the_other_is_told_so_at_once(postgres_database: str) -> None:
    engine = open_engine(parse_url(postgres_database))
    upkeep.upgrade(engine, CLUSTER)
    store = SqlStore(engine, CLUSTER)
    told: list[bool] = []

    def ask() -> None:
        with store.transaction() as tx:
            told.append(tx.records.sole_sealer())

    with store.transaction() as tx:
        assert tx.records.sole_sealer()
        asking_meanwhile = threading.Thread(target=ask)
        asking_meanwhile.start()
        asking_meanwhile.join(30)
    ask()

    assert told == [False, True]
    store.close()

"""A database that this version may not use is refused, with what to do."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import asking, named, open_engine, parse_url, prepare
from holdfast.adapters.stores.planted import require_none_planted
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


@pytest.mark.parametrize(
    "odd",
    ["bad uid!", " ", "", "a\nb", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "a" * 129, "../x"],
)
def test_one_is_made_for_no_cluster_that_a_record_cannot_name(engine: Engine, odd: str) -> None:
    with pytest.raises(BadInput, match="cannot be the uid of a cluster"):
        upkeep.upgrade(engine, odd)

    assert "has no tables yet" in refused(engine)


def test_one_that_was_made_for_such_a_cluster_is_refused(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "UPDATE hf_facts SET cluster_uid = 'bad uid!'")

    assert "is for 'bad uid!', which cannot be the uid of a cluster" in refused(engine, "bad uid!")
    with pytest.raises(WrongStore):
        upkeep.upgrade(engine, CLUSTER)


def test_one_of_a_newer_version_is_refused_and_not_downgraded(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "UPDATE hf_revision SET version_num = '9999'")

    assert "at revision 9999, which this version does not know" in refused(engine)
    with pytest.raises(WrongStore):
        upkeep.upgrade(engine, CLUSTER)


def test_one_that_lost_its_revision_is_damaged_and_not_made_anew(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "DELETE FROM hf_revision")

    assert "is half upgraded or damaged: the row of hf_revision is missing" in refused(engine)
    with pytest.raises(WrongStore, match="half upgraded or damaged"):
        upkeep.upgrade(engine, CLUSTER)


def test_who_is_told_to_end_in_the_middle_of_a_question_ends_as_told(engine: Engine) -> None:
    def told_to_end(*_: object) -> None:
        raise SystemExit(143)

    def ask() -> None:
        with asking(engine, writing=False) as connection:
            event.listen(engine, "do_execute", told_to_end)
            connection.execute(text("SELECT 1"))

    upkeep.upgrade(engine, CLUSTER)
    with pytest.raises(SystemExit):
        ask()


def test_one_that_lacks_a_table_is_refused(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "DROP TABLE hf_answers")

    assert "hf_answers is missing" in refused(engine)


def test_one_that_lacks_a_column_is_refused(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "ALTER TABLE hf_beats DROP COLUMN version")

    assert "hf_beats.version is missing" in refused(engine)


SWALLOWS = {
    "sqlite": (
        (
            "CREATE TRIGGER swallow AFTER INSERT ON hf_drafts WHEN new.kind = 'rejection' "
            "BEGIN DELETE FROM hf_drafts WHERE id = new.id; END"
        ),
    ),
    "postgresql": (
        "CREATE FUNCTION swallowed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        (
            "CREATE TRIGGER swallow BEFORE INSERT ON hf_drafts FOR EACH ROW "
            "WHEN (new.kind = 'rejection') EXECUTE FUNCTION swallowed()"
        ),
    ),
}


def planted(engine: Engine) -> str:
    with pytest.raises(WrongStore) as said:
        require_none_planted(engine)
    assert "find out who made that" in said.value.remedy
    return said.value.wrong


def test_a_trigger_that_swallows_what_is_to_be_sealed_is_named(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    require_none_planted(engine)
    for statement in SWALLOWS[engine.dialect.name]:
        run(engine, statement)

    assert "the trigger swallow of hf_drafts" in planted(engine)


def test_a_view_that_is_called_like_ours_is_named(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "CREATE VIEW hf_drawn AS SELECT * FROM hf_drafts")

    assert "the view hf_drawn" in planted(engine)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "named_as"),
    [
        (
            "CREATE RULE never AS ON INSERT TO hf_drafts DO INSTEAD NOTHING",
            "the rule never of hf_drafts",
        ),
        (
            "CREATE RULE keep AS ON UPDATE TO holdfast_keeper.runs DO INSTEAD NOTHING",
            "the rule keep of runs",
        ),
    ],
)
def test_on_postgres_what_else_changes_what_is_written_is_named(
    postgres_database: str, statement: str, named_as: str
) -> None:
    engine = open_engine(parse_url(postgres_database))
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "CREATE SCHEMA holdfast_keeper")
    run(engine, "CREATE TABLE holdfast_keeper.runs (id INTEGER)")
    require_none_planted(engine)
    run(engine, statement)

    assert named_as in planted(engine)
    engine.dispose()


@pytest.mark.slow
def test_on_postgres_what_is_of_the_tables_of_others_is_left_alone(postgres_database: str) -> None:
    engine = open_engine(parse_url(postgres_database))
    upkeep.upgrade(engine, CLUSTER)
    run(engine, "CREATE TABLE invoices (id INTEGER)")
    run(engine, "CREATE RULE never AS ON INSERT TO invoices DO INSTEAD NOTHING")
    run(engine, "CREATE VIEW reported AS SELECT kind FROM hf_entries")

    require_none_planted(engine)
    engine.dispose()


def test_who_has_many_planted_is_told_of_three(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    for number in range(5):
        run(engine, f"CREATE VIEW hf_{number}{'x' * 50} AS SELECT 1 AS one")

    assert f"the view hf_2{'x' * 50} and 2 more." in planted(engine)


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


@pytest.mark.timeout(60)
def test_a_pipe_is_no_database(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/pipe"))

    with pytest.raises(StoreUnreachable, match="is no file, but a pipe or a device"):
        upkeep.require_current(engine, CLUSTER)
    engine.dispose()


def test_a_server_is_named_by_what_is_said_of_it() -> None:
    assert "The database ada at h" == named(parse_url("postgresql://ada:pw@h?x=1"))
    assert "The database at h" == named(parse_url("postgresql://h"))


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


@pytest.mark.parametrize(
    "url",
    [
        *("", "rubbish", "sqlite://", "mysql://h/d", "sqlite:///:memory:"),
        *("sqlite:///holdfast.db", "postgresql://ada@db-1:bad/x"),
    ],
)
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


def test_a_database_that_can_be_written_is_left_as_it_is(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)

    upkeep.require_writable(engine)

    with SqlStore(engine, CLUSTER).reading() as tx:
        assert not tx.records.waiting(1)


def test_a_file_that_may_only_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    engine = open_engine(parse_url(f"sqlite:///{path}"))
    upkeep.upgrade(engine, CLUSTER)
    engine.dispose()
    only_to_be_read(path)

    upkeep.require_current(engine, CLUSTER)
    with pytest.raises(StoreRefused, match="is read-only") as said:
        upkeep.require_writable(engine)

    assert "Let this user write the file and its folder" in said.value.remedy
    engine.dispose()


@pytest.mark.slow
@pytest.mark.xdist_group("postgres")
def test_a_server_that_only_reads_is_said(postgres_database: str) -> None:
    engine = open_engine(parse_url(postgres_database))
    upkeep.upgrade(engine, CLUSTER)
    run(engine, f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on")
    engine.dispose()

    upkeep.require_current(engine, CLUSTER)
    with pytest.raises(StoreRefused, match=r"The database \S+ at \S+ only reads\.") as said:
        upkeep.require_writable(engine)

    assert "default_transaction_read_only" in said.value.remedy
    engine.dispose()


@pytest.mark.slow
@pytest.mark.xdist_group("postgres")
def test_what_no_server_takes_is_refused_and_not_taken_for_a_server_that_is_away(
    postgres_database: str,
) -> None:
    engine = open_engine(parse_url(postgres_database))
    upkeep.upgrade(engine, CLUSTER)
    with (
        pytest.raises(StoreRefused, match=r"takes no such value: .*NUL"),
        SqlStore(engine, CLUSTER).reading() as tx,
    ):
        tx.cases.case("prp_\0")
    engine.dispose()


def only_to_be_read(path: Path) -> None:
    """As for whoever has no right to write it, which root always has: SQLite reads a file whose
    format it may read and not write, and says of it what it says of such a one.
    """
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\3")


@pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
def test_a_file_that_goes_away_under_us_is_said_and_not_made_anew(tmp_path: Path, how: str) -> None:
    path = tmp_path / "holdfast.db"
    engine = open_engine(parse_url(f"sqlite:///{path}"))
    upkeep.upgrade(engine, CLUSTER)
    store = SqlStore(engine, CLUSTER)
    path.rename(tmp_path / "elsewhere")
    if how == "removed":
        (tmp_path / "elsewhere").unlink()
    if how == "replaced":
        path.write_bytes(b"")
    before = path.exists()

    for ask in (store.reading, store.transaction):
        with pytest.raises(StoreUnreachable, match="was moved, removed or replaced"), ask():
            pass
    engine.dispose()  # what is opened from now on makes no new file either
    with pytest.raises(StoreUnreachable, match="was moved"), store.transaction():
        pass

    assert path.exists() is before
    if how == "moved":
        (tmp_path / "elsewhere").rename(path)
        with store.transaction() as tx:
            tx.records.submit(a_draft(1))
    store.close()


def test_the_engine_of_phases_makes_no_new_file_either(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    beneath = open_beneath(parse_url(f"sqlite:///{path}"))
    with beneath.connect() as connection:
        connection.execute(text("SELECT 1"))
    path.rename(tmp_path / "elsewhere")
    beneath.dispose()

    with pytest.raises(OperationalError, match="was moved, removed or replaced"):
        beneath.connect()

    assert not path.exists()


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


def test_a_process_that_opens_and_closes_it_takes_nothing_away_from_another(
    tmp_path: Path,
) -> None:
    """Whoever is the last to close a database removes its log: nobody may think so in error."""
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/holdfast.db"))
    upkeep.upgrade(engine, CLUSTER)
    store = SqlStore(engine, CLUSTER)
    with store.reading(), store.reading():  # two connections of one process, which stay open
        pass
    write = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute(\"INSERT INTO hf_letters VALUES (?, 'l', 'k', 's', '{}', 0)\", sys.argv[2:]); "
        "c.commit(); c.close()"
    )
    words = [sys.executable, "-c", write, str(tmp_path / "holdfast.db"), CLUSTER]

    subprocess.run(words, check=True)

    with store.reading() as tx:
        assert ["l"] == [letter.id for letter in tx.letters.waiting(9)]
    assert (tmp_path / "holdfast.db-wal").exists()
    store.close()


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


CUT_OFF = """
import sys
import psycopg
from sqlalchemy import text
from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import StoreUnreachable
from tests.audit.chains import CLUSTER, a_draft

engine = open_engine(parse_url(sys.argv[1]))
upkeep.upgrade(engine, CLUSTER)
try:
    with SqlStore(engine, CLUSTER).transaction() as tx:
        pid = tx.native.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with psycopg.connect(sys.argv[1], autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        tx.records.submit(a_draft(1), a_draft(2))
except StoreUnreachable:
    print("said")
"""


@pytest.mark.slow
@pytest.mark.xdist_group("postgres")
def test_when_a_server_goes_away_the_driver_prints_nothing_of_its_own(
    postgres_database: str,
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", CUT_OFF, postgres_database],
        check=False,
        capture_output=True,
        text=True,
    )

    assert ("said\n", "") == (ran.stdout, ran.stderr)


def test_who_upgrades_while_somebody_makes_the_file_waits_for_them(tmp_path: Path) -> None:
    # SQLite waits for another writer wherever something is written, but not to change to WAL.
    maker = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    maker.execute("BEGIN IMMEDIATE")
    engine, waiting, refusals = (
        open_engine(parse_url(f"sqlite:///{tmp_path}/holdfast.db")),
        threading.Event(),
        list[StoreFailed](),
    )

    def asked(statement: str) -> None:
        if statement == "BEGIN EXCLUSIVE":
            waiting.set()

    @event.listens_for(engine, "connect")
    def _(raw: sqlite3.Connection, _: object) -> None:
        raw.set_trace_callback(asked)

    def upgrade() -> None:
        try:
            prepare(engine)
        except StoreFailed as failed:
            refusals.append(failed)
            waiting.set()

    other = threading.Thread(target=upgrade)
    other.start()
    assert waiting.wait(60)
    maker.execute("COMMIT")
    other.join()
    engine.dispose()

    assert refusals == []
    assert maker.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    maker.close()

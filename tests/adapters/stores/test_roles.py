"""What only the keeper may do is refused to `serve` by PostgreSQL itself, table by table."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta

import msgspec
import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from holdfast.adapters.files.whole import opened
from holdfast.adapters.stores.access import ACCESS
from holdfast.adapters.stores.caretaker import Caretaker
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.rights import reads_courses
from holdfast.adapters.stores.store import SqlStore
from holdfast.adapters.stores.tables import METADATA, REVISION
from holdfast.errors import BadInput, StoreFailed
from holdfast.grants.database import database_grants
from holdfast.model.access import Access, Process, Right
from holdfast.model.entries import Draft
from holdfast.model.letters import Beat
from holdfast.testing.clock import NOON
from lab.postgres import Postgres
from tests.audit.chains import CLUSTER, a_chain, a_draft, checkpoints
from tests.contracts.test_casework import WRITES, a_bucket, a_case
from tests.contracts.test_store import a_letter
from tests.tally import Count, Tally
from tests.workflow.test_sealing import a_sealer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]

REFUSED = "42501"  # insufficient_privilege
# ruff: noqa: S608  (the names of tables are ours)
SERVE, KEEPER = Process.SERVE, Process.KEEPER
COLUMNS = {str(each.name): str(next(iter(each.columns)).name) for each in METADATA.sorted_tables}
COLUMNS[REVISION] = "version_num"


class Roles:
    """A database with our tables, and a role for each process."""

    def __init__(self, owner: str, roles: dict[Process, str]) -> None:
        self.owner = owner
        self.roles = roles
        self._closing = ExitStack()

    def address(self, process: Process) -> str:
        return make_url(self.owner).set(username=self.roles[process]).render_as_string(False)

    def engine(self, process: Process | None = None) -> Engine:
        opened = open_engine(parse_url(self.address(process) if process else self.owner))
        self._closing.callback(opened.dispose)
        return opened

    def store(self, process: Process) -> SqlStore:
        return SqlStore(self.engine(process), CLUSTER, process, courses=process is KEEPER)

    def connect(self, process: Process) -> psycopg.Connection:
        return self._closing.enter_context(psycopg.connect(self.address(process), autocommit=True))

    def close(self) -> None:
        self._closing.close()


@pytest.fixture
def roles(postgres: Postgres, postgres_database: str) -> Iterator[Roles]:
    with made_on(postgres, postgres_database) as made:
        yield made


@contextmanager
def made_on(server: Postgres, database: str) -> Iterator[Roles]:
    """Our tables in an empty database of that server, and two new roles with their rights."""
    names = {process: f"{process}_{secrets.token_hex(4)}" for process in Process}
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for name in names.values():
            connection.execute(f"CREATE ROLE {name} LOGIN".encode())
    with closing(Roles(database, names)) as made:
        caretaker = Caretaker(made.engine(), opened)
        caretaker.upgrade(CLUSTER)
        caretaker.grant(database_grants(ACCESS, names))
        yield made


def writes(access: Access) -> Iterator[tuple[Right, str]]:
    """A statement for each way to change a table."""
    table, column = access.table, COLUMNS[access.table]
    yield Right.INSERT, f"INSERT INTO {table} DEFAULT VALUES"
    yield Right.UPDATE, f"UPDATE {table} SET {column} = {column}"
    yield Right.DELETE, f"DELETE FROM {table}"
    yield Right.TRUNCATE, f"TRUNCATE {table}"
    yield (
        Right.TRIGGER,
        (
            f"CREATE TRIGGER t BEFORE UPDATE ON {table} EXECUTE FUNCTION "
            "suppress_redundant_updates_trigger()"
        ),
    )


def redefinitions(table: str) -> Iterator[str]:
    """What only whoever owns a table may do to it."""
    yield f"DROP TABLE {table}"
    yield f"ALTER TABLE {table} ADD COLUMN more TEXT"
    yield f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
    yield f"CREATE INDEX ON {table} ({COLUMNS[table]})"
    yield f"CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING"
    yield f"CREATE POLICY p ON {table} USING (true)"


ANYWHERE = (
    "CREATE TABLE mine (n INTEGER)",
    "CREATE TEMPORARY TABLE mine (n INTEGER)",
    "CREATE FUNCTION mine() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "SELECT setval('hf_drafts_place_seq', 1)",
    "ALTER SEQUENCE hf_drafts_place_seq RESTART",
    "SELECT setval('hf_words_place_seq', 1)",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'more')",
)


def assert_refused(connection: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.Error) as said:
        connection.execute(statement.encode())
    assert REFUSED == said.value.sqlstate, f"{statement}: {said.value}"


@pytest.mark.parametrize("process", list(Process))
def test_every_write_that_is_not_granted_is_refused(
    roles: Roles, process: Process, tally: Tally
) -> None:
    connection, refused = roles.connect(process), 0
    for access in ACCESS:
        unfit = [s for right, s in writes(access) if right not in access.rights[process]]
        for statement in (*unfit, *redefinitions(access.table)):
            assert_refused(connection, statement)
            refused += 1
    for statement in ANYWHERE:
        assert_refused(connection, statement)
        refused += 1
    tally(Count(f"database: statements refused to {process}", n=refused))
    assert refused > 50


@pytest.mark.parametrize(("mine", "other"), [(SERVE, KEEPER), (KEEPER, SERVE)])
def test_an_engine_writes_its_own_schema_and_not_the_others(
    roles: Roles, mine: Process, other: Process
) -> None:
    there = other.engine_schema
    roles.connect(other).execute(f"CREATE TABLE {there}.work (n INTEGER)".encode())
    connection = roles.connect(mine)

    for statement in (
        f"CREATE TABLE {there}.mine (n INTEGER)",
        f"SELECT * FROM {there}.work",
        f"INSERT INTO {there}.work VALUES (1)",
        f"UPDATE {there}.work SET n = 1",
        f"DELETE FROM {there}.work",
        f"TRUNCATE {there}.work",
        f"DROP TABLE {there}.work",
        f"DROP SCHEMA {there} CASCADE",
    ):
        assert_refused(connection, statement)

    connection.execute(f"CREATE TABLE {mine.engine_schema}.work (n INTEGER)".encode())


def test_serve_does_what_it_must(roles: Roles) -> None:
    store = roles.store(SERVE)

    with store.transaction() as tx:
        tx.records.submit(a_signal(1))
        tx.letters.put(a_letter())
        tx.beats.beat(a_beat(SERVE))
    with store.transaction() as tx:
        tx.beats.beat(a_beat(SERVE, later=timedelta(seconds=2)))
    with store.reading() as tx:
        assert tx.records.waiting(9)
        assert tx.records.tip() is None
        assert tx.records.entry("nothing") is None
        assert tx.letters.waiting(9)
        assert len(tx.beats.all()) == 1
        assert not tx.cases.newest(9)
        assert not tx.words.of("prp_1", 1)
        assert tx.once.spent("ticket", "jti_1") is None
        assert tx.buckets.bucket("ada", "restart") is None
        assert not tx.switches.all()
    with store.transaction() as tx:
        tx.beats.forget("serve-1")
    Caretaker(roles.engine(SERVE), opened).require_current(CLUSTER)


def test_serve_reads_how_far_a_repair_has_come_and_nothing_of_what_was_there_before(
    roles: Roles,
) -> None:
    with roles.store(KEEPER).transaction() as tx:
        tx.cases.put(a_case(course="what was there before", progress="how far it has come"))

    with roles.store(SERVE).reading() as tx:
        (case,) = tx.cases.newest(9)

    assert ("", "how far it has come") == (case.course, case.progress)
    connection = roles.connect(SERVE)
    for columns in ("course", "*", "hf_cases"):
        assert_refused(connection, f"SELECT {columns} FROM hf_cases")
    assert_refused(connection, "SELECT 1 FROM hf_cases WHERE course LIKE 'what was%'")
    assert [False, True] == [reads_courses(roles.engine(each)) for each in (SERVE, KEEPER)]


def test_whoever_may_read_what_was_there_before_is_told_so(roles: Roles) -> None:
    statement = f'GRANT SELECT ON hf_cases TO "{roles.roles[SERVE]}"'
    Caretaker(roles.engine(), opened).grant([statement])

    told = Caretaker(roles.engine(SERVE), opened).rights(SERVE)

    assert not told.missing
    assert ("SELECT on hf_cases", "SELECT on hf_cases.course") == told.excess


def test_the_keeper_does_what_it_must(roles: Roles) -> None:
    with roles.store(SERVE).transaction() as tx:
        tx.records.submit(a_signal(1))
        tx.letters.put(a_letter())
    store = roles.store(KEEPER)

    assert a_sealer(store).batch() == 1
    with store.transaction() as tx:
        tx.records.submit(a_draft(2))
        tx.letters.answer("ltr_1", "refused")
        tx.beats.beat(a_beat(KEEPER))
        for write in WRITES.values():
            write(tx)
        assert tx.buckets.fill("ada", "restart", a_bucket(), a_bucket(8000))
        tx.switches.on("freeze", "{}", NOON)
        tx.switches.on("freeze", "again", NOON)
    assert a_sealer(store).batch() == 1
    with store.reading() as tx:
        assert len(list(tx.records.lines())) == 2
        assert not tx.letters.waiting(9)
    Caretaker(roles.engine(KEEPER), opened).require_current(CLUSTER)


def a_signal(number: int) -> Draft:
    """What `serve` may record."""
    return msgspec.structs.replace(a_draft(number, kind="signal"), actor="serve:alerts")


def test_serve_records_what_it_does_and_passes_for_nobody_else(roles: Roles) -> None:
    store, kinds = roles.store(SERVE), ("approval", "thawed", "intent", "letter_refused", "remark")
    with store.transaction() as tx:
        tx.records.submit(*(a_draft(number, kind=kind) for number, kind in enumerate(kinds)))
        tx.records.submit(a_signal(9), a_draft(10, kind="signal"))
    connection = roles.connect(SERVE)
    row = f"'{CLUSTER}', 'ent_x', 'approval', 'ana', '[]', '{{}}'"
    columns = "cluster_uid, id, kind, actor, subjects, details"
    for more, value in ((", process", ", 'keeper'"), ("", "")):
        statement = f"INSERT INTO hf_drafts ({columns}{more}) VALUES ({row}{value})"
        assert_refused(connection, statement)

    assert a_sealer(roles.store(KEEPER)).batch() == len(kinds) + 2

    with store.reading() as tx:
        sealed = [tx.records.at(seq) for seq in range(1, len(kinds) + 3)]
    told = [each.kind for each in sealed if each is not None]
    assert told == [*["draft_refused"] * len(kinds), "signal", "draft_refused"]


def a_beat(process: Process, later: timedelta = timedelta()) -> Beat:
    moment = NOON + later
    return Beat(executor=f"{process}-1", role=process, version="1", started=NOON, beat=moment)


@pytest.mark.parametrize(
    "write",
    [
        lambda store, tx: tx.records.seal(a_chain(1), checkpoints(a_chain(1))[-1]),
        lambda store, tx: a_sealer(store).batch(),
        lambda store, tx: tx.letters.answer("ltr_1", "executed"),
        lambda store, tx: tx.beats.beat(a_beat(KEEPER)),
        *((lambda store, tx, write=write: write(tx)) for write in WRITES.values()),
    ],
    ids=["an entry", "a batch", "an answer", "a beat of the keeper", *WRITES],
)
def test_serve_does_not_pass_for_the_keeper(
    roles: Roles, write: Callable[[SqlStore, object], object]
) -> None:
    store = roles.store(SERVE)
    with store.transaction() as tx:
        tx.records.submit(a_draft(1))
    with roles.store(KEEPER).transaction() as tx:
        tx.beats.beat(a_beat(KEEPER))

    with pytest.raises(StoreFailed), store.transaction() as tx:
        write(store, tx)

    with store.reading() as tx:
        assert (tx.records.tip(), len(tx.records.waiting(9))) == (None, 1)


def test_serve_changes_no_beat_of_the_keeper(roles: Roles) -> None:
    with roles.store(KEEPER).transaction() as tx:
        tx.beats.beat(a_beat(KEEPER))
    connection = roles.connect(SERVE)

    changed = connection.execute(b"UPDATE hf_beats SET beat_ms = 0")
    removed = connection.execute(b"DELETE FROM hf_beats")
    assert_refused(
        connection,
        "UPDATE hf_beats SET role = 'serve' WHERE false; "
        "INSERT INTO hf_beats VALUES ('c', 'x', 'keeper', '1', 0, 0)",
    )

    assert (changed.rowcount, removed.rowcount) == (0, 0)
    with roles.store(SERVE).reading() as tx:
        assert [a_beat(KEEPER)] == list(tx.beats.all())


@pytest.mark.parametrize("process", list(Process))
def test_granted_rights_are_those_that_are_declared(roles: Roles, process: Process) -> None:
    told = Caretaker(roles.engine(process), opened).rights(process)

    assert (roles.roles[process], (), ()) == (told.role, told.missing, told.excess)


def test_a_role_of_the_other_process_is_told_by_what_it_may(roles: Roles) -> None:
    told = Caretaker(roles.engine(KEEPER), opened).rights(SERVE)

    assert "INSERT on hf_letters" in told.missing
    assert "CREATE in holdfast_serve" in told.missing
    assert "INSERT on hf_entries" in told.excess
    assert "CREATE in holdfast_keeper" in told.excess


def test_whoever_owns_the_tables_may_too_much(roles: Roles) -> None:
    told = Caretaker(roles.engine(), opened).rights(SERVE)

    assert not told.missing
    assert {"ownership of hf_tips", "TRUNCATE on hf_entries"} <= {*told.excess}


def test_granting_again_changes_nothing(roles: Roles) -> None:
    Caretaker(roles.engine(), opened).grant(database_grants(ACCESS, roles.roles))

    for process in Process:
        told = Caretaker(roles.engine(process), opened).rights(process)
        assert (told.missing, told.excess) == ((), ())


def test_a_grant_that_fails_gives_nothing(roles: Roles) -> None:
    statements = database_grants(ACCESS, {SERVE: "nobody_of_that_name", KEEPER: "neither"})

    with pytest.raises(StoreFailed):
        Caretaker(roles.engine(), opened).grant(statements)

    assert not Caretaker(roles.engine(SERVE), opened).rights(SERVE).missing


def test_sqlite_knows_no_roles(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("sqlite")
    engine = open_engine(parse_url(f"sqlite:///{folder}/holdfast.db"))

    with pytest.raises(BadInput, match="SQLite knows no roles"):
        Caretaker(engine, opened).grant([])

    assert Caretaker(engine, opened).rights(SERVE).excess == ()
    engine.dispose()

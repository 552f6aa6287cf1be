"""What somebody has altered of our tables is told; what our migrations make never is."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from holdfast.adapters.stores import backup, upkeep
from holdfast.adapters.stores.access import ACCESS
from holdfast.adapters.stores.database import asking, open_engine, parse_url
from holdfast.adapters.stores.planted import require_none_planted
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import StoreFailed, WrongStore
from holdfast.grants.database import database_grants
from holdfast.model.access import Process
from holdfast.ports import Tx
from holdfast.testing.clock import NOON
from tests.adapters.stores.released import FOLDER, made
from tests.adapters.stores.test_backup import upgraded, whole
from tests.audit.chains import CLUSTER, a_chain, a_draft, checkpoints
from tests.contracts.test_store import a_letter, a_segment
from tests.workflow.test_sealing import a_sealer

RELEASED = sorted(path.stem for path in FOLDER.glob("*.sql"))


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """Of either sort, as an upgrade makes it."""
    yield from upgraded(database)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Engine]:
    """A file of SQLite, as an upgrade makes it."""
    yield from upgraded(f"sqlite:///{tmp_path}/holdfast.db")


@pytest.fixture
def server(postgres_database: str) -> Iterator[Engine]:
    """A database of PostgreSQL, as an upgrade makes it."""
    yield from upgraded(postgres_database)


def planted(engine: Engine) -> str:
    with pytest.raises(WrongStore) as said:
        require_none_planted(engine)
    assert "find out who made that" in said.value.remedy
    return said.value.wrong


def run(engine: Engine, *statements: str) -> None:
    """As somebody else who may write all of it."""
    if engine.dialect.name == "sqlite":
        raw = sqlite3.connect(path(engine), isolation_level=None)
        for statement in statements:
            raw.execute(statement)
        raw.close()
        return
    with asking(engine, writing=True) as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", "\\:")))


def path(engine: Engine) -> Path:
    return Path(engine.url.database or "")


def made_again(file: Path, table: str, was: str, now: str) -> None:
    """The table as that words it, with all that stood in it, in one transaction."""
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    (made,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    columns = ", ".join(f'"{each[1]}"' for each in raw.execute(f"PRAGMA table_info({table})"))
    assert was in made
    raw.execute(f"ALTER TABLE {table} RENAME TO old")
    raw.execute(made.replace(was, now))
    raw.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM old")  # noqa: S608
    raw.execute("DROP TABLE old")
    raw.execute("COMMIT")
    raw.close()


SWALLOWING = (
    "k INTEGER GENERATED ALWAYS AS (CASE WHEN kind IN ('rejection') THEN NULL ELSE 1 END) "
    "STORED NOT NULL ON CONFLICT IGNORE, UNIQUE (id)"
)


@pytest.mark.parametrize(
    ("table", "was", "now"),
    [
        ("hf_drafts", "UNIQUE (id)", SWALLOWING),
        ("hf_drafts", "UNIQUE (id)", "UNIQUE (id), UNIQUE (kind) ON CONFLICT IGNORE"),
        ("hf_drafts", "UNIQUE (id)", "UNIQUE (id) ON CONFLICT REPLACE"),
        ("hf_drafts", "UNIQUE (id)", "UNIQUE (id), CHECK (kind <> 'rejection')"),
        ("hf_drafts", "id TEXT NOT NULL", "id TEXT NOT NULL COLLATE NOCASE"),
        ("hf_drafts", "'keeper'", "'serve'"),
        ("hf_drafts", " AUTOINCREMENT", ""),
        ("hf_beats", "DEFAULT ''", "DEFAULT '  '"),
        ("hf_switches", "TEXT NOT NULL", "TEXT\N{NO-BREAK SPACE}NOT NULL"),
        ("hf_once", ")\n)", ")\n) WITHOUT ROWID"),
        ("hf_revision", "(version_num)", "(version_num) ON CONFLICT IGNORE"),
    ],
)
def test_a_table_that_was_made_again_otherwise_is_named(
    file: Engine, table: str, was: str, now: str
) -> None:
    require_none_planted(file)
    made_again(path(file), table, was, now)

    assert f"the definition of {table}." in planted(file)


def test_a_table_that_was_made_again_as_it_was_is_not_told_of(file: Engine) -> None:
    made_again(path(file), "hf_drafts", "UNIQUE (id)", "UNIQUE\t( id )")

    require_none_planted(file)


IN_EITHER = [
    ("CREATE UNIQUE INDEX one ON hf_drafts (kind)", "the index one of hf_drafts"),
    ("CREATE INDEX part ON hf_drafts (id) WHERE kind = 'x'", "the index part of hf_drafts"),
    ("DROP INDEX hf_letters_by_time", "the definition of hf_letters"),
    ("CREATE TABLE hf_other (kind TEXT)", "the table hf_other"),
]


@pytest.mark.parametrize(("statement", "named_as"), IN_EITHER)
def test_what_was_added_or_taken_away_is_named(
    engine: Engine, statement: str, named_as: str
) -> None:
    require_none_planted(engine)
    run(engine, statement)

    assert f"made: {named_as}." in planted(engine)


def rewritten(engine: Engine, *statements: str) -> None:
    """The definitions themselves, as rows: their number stays as it is."""
    run(engine, "PRAGMA writable_schema=ON", *statements)


TRIGGER = (
    "CREATE TRIGGER swallow AFTER INSERT ON hf_drafts WHEN new.kind = 'rejection' "
    "BEGIN DELETE FROM hf_drafts WHERE id = new.id; END"
)


@pytest.mark.parametrize(
    ("statement", "named_as"),
    [
        ("type = 'table', name = 'hf_drafts'", "the trigger hf_drafts."),
        ("type = 'table'", "the trigger swallow of hf_drafts."),
        ("type = 'index', name = 'other', tbl_name = 'other'", "the trigger other."),
        ("sql = replace(sql, 'rejection', x'ff')", "the trigger swallow of hf_drafts."),
        ("sql = replace(sql, 'TRIGGER', '/**/TRIGGER')", "the trigger swallow of hf_drafts."),
        ("type = '', sql = lower(sql)", "the trigger swallow of hf_drafts."),
    ],
)
def test_a_trigger_is_named_whatever_its_row_says(
    file: Engine, statement: str, named_as: str
) -> None:
    run(file, TRIGGER)
    rewritten(file, f"UPDATE sqlite_master SET {statement} WHERE name = 'swallow'")  # noqa: S608

    assert_named(file, named_as)


def test_an_index_of_ours_is_named_whatever_its_row_says(file: Engine) -> None:
    run(file, "CREATE TABLE other (kind TEXT)", 'CREATE UNIQUE INDEX "one" ON "hf_drafts" (kind)')
    rewritten(file, "UPDATE sqlite_master SET tbl_name = 'other' WHERE name = 'one'")

    assert_named(file, "the index one of other.")


def assert_named(engine: Engine, as_: str) -> None:
    """By us, or by an SQLite that refuses the whole file for such a row."""
    with pytest.raises(StoreFailed) as said:
        require_none_planted(engine)

    assert f"made: {as_}" in said.value.wrong or "is damaged (malformed" in said.value.wrong


def test_what_is_altered_under_the_same_number_is_named_to_who_comes_anew(file: Engine) -> None:
    rewritten(
        file,
        "UPDATE sqlite_master SET sql = replace(sql, 'UNIQUE (id)', 'UNIQUE (id) ON CONFLICT IGNORE"
        "') WHERE name = 'hf_drafts'",
    )
    file.dispose()

    assert "the definition of hf_drafts" in planted(file)


def number(engine: Engine) -> int:
    raw = sqlite3.connect(path(engine))
    (told,) = raw.execute("PRAGMA schema_version").fetchone()
    raw.close()
    return int(told)


@pytest.mark.parametrize("set_back", [False, True])
def test_what_was_planted_and_hidden_again_under_a_living_process_swallows_nothing(
    file: Engine, set_back: bool
) -> None:
    """A connection has read the trigger, and SQLite goes on with what it has read."""
    store = SqlStore(file, CLUSTER)
    require_none_planted(file)
    before = number(file)
    run(file, TRIGGER)
    seen(store)
    if set_back:
        run(file, f"PRAGMA schema_version = {before}")
        seen(store)
    rewritten(file, "DELETE FROM sqlite_master WHERE name = 'swallow'")

    with store.transaction() as tx:
        tx.records.submit(a_draft(9, kind="rejection"))

    assert [a_draft(9, kind="rejection")] == seen(store)
    require_none_planted(file)


def seen(store: SqlStore) -> Sequence[object]:
    with store.reading() as tx:
        return tx.records.waiting(9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "named_as"),
    [
        (
            "ALTER TABLE hf_drafts ADD k INTEGER GENERATED ALWAYS AS (length(kind)) STORED",
            "the column k of hf_drafts",
        ),
        ("ALTER TABLE hf_drafts ADD extra TEXT", "the column extra of hf_drafts"),
        ("ALTER TABLE hf_cases DROP progress", "the definition of hf_cases"),
        (
            "ALTER TABLE hf_drafts ADD CONSTRAINT no CHECK (kind <> 'x')",
            "the constraint no of hf_drafts",
        ),
        (
            "ALTER TABLE hf_drafts ADD CONSTRAINT no FOREIGN KEY (id) REFERENCES hf_entries (id)",
            "the constraint no of hf_drafts",
        ),
        ("ALTER TABLE hf_drafts ALTER process SET DEFAULT 'serve'", "the definition of hf_drafts"),
        ("ALTER TABLE hf_drafts ALTER kind DROP NOT NULL", "the definition of hf_drafts"),
        ("ALTER TABLE hf_drafts ALTER kind TYPE varchar(9)", "the definition of hf_drafts"),
        ('ALTER TABLE hf_drafts ALTER id TYPE text COLLATE "C"', "the definition of hf_drafts"),
        ("ALTER TABLE hf_revision ALTER version_num TYPE text", "the definition of hf_revision"),
        ("ALTER TABLE hf_switches SET UNLOGGED", "the definition of hf_switches"),
        ("CREATE TABLE kid () INHERITS (hf_drafts)", "the child kid of hf_drafts"),
        ("ALTER TABLE hf_cases ENABLE ROW LEVEL SECURITY", "the row security of hf_cases"),
        ("ALTER TABLE hf_drafts ENABLE ROW LEVEL SECURITY", "the row security of hf_drafts"),
        (
            "ALTER TABLE hf_drafts FORCE ROW LEVEL SECURITY",
            "the forced row security of hf_drafts",
        ),
        (
            "CREATE POLICY seen ON hf_drafts USING (kind <> 'rejection')",
            "the policy seen of hf_drafts",
        ),
        (
            "CREATE POLICY read_all ON hf_drafts FOR SELECT USING (kind <> 'rejection')",
            "the policy read_all of hf_drafts",
        ),
    ],
)
def test_on_postgres_what_was_altered_is_named(
    server: Engine, statement: str, named_as: str
) -> None:
    require_none_planted(server)
    run(server, statement)

    assert f"made: {named_as}" in planted(server)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "named_as"),
    [
        ("DROP POLICY read_all ON hf_drafts", "the row security of hf_drafts"),
        ("ALTER POLICY read_all ON hf_beats USING (false)", "the policy read_all of hf_beats"),
        (
            "CREATE POLICY hide ON hf_drafts AS RESTRICTIVE USING (kind <> 'frozen')",
            "the policy hide of hf_drafts",
        ),
    ],
)
def test_on_postgres_row_security_is_as_it_was_granted(
    server: Engine, statement: str, named_as: str
) -> None:
    name = parse_url(str(server.url)).database
    roles = {each: f"{name}_{each}" for each in Process}
    run(server, *(f'CREATE ROLE "{each}"' for each in roles.values()))
    run(server, *database_grants(ACCESS, roles))
    require_none_planted(server)

    run(server, statement)

    assert f"made: {named_as}" in planted(server)


@pytest.mark.parametrize("revision", RELEASED)
def test_nothing_is_told_of_a_database_that_was_upgraded(database: str, revision: str) -> None:
    engine = open_engine(parse_url(database))
    made(engine, revision)
    upkeep.upgrade(engine, CLUSTER)

    require_none_planted(engine)
    engine.dispose()


@pytest.mark.parametrize("revision", RELEASED)
def test_nothing_is_told_of_a_backup_that_was_restored(database: str, revision: str) -> None:
    engine = open_engine(parse_url(database))
    backup.restore(engine, FOLDER / f"{revision}.backup", whole)

    require_none_planted(engine)
    engine.dispose()


def test_nothing_is_told_of_the_tables_of_others_or_of_upkeep_by_hand(engine: Engine) -> None:
    run(engine, "CREATE TABLE other (id INTEGER PRIMARY KEY, kind TEXT CHECK (kind <> ''))")
    run(engine, 'CREATE UNIQUE INDEX "hf_by_kind" ON "other" (kind)')
    run(engine, "ANALYZE")
    if engine.dialect.name == "sqlite":
        run(engine, "VACUUM")

    require_none_planted(engine)


SWALLOWS = {
    "sqlite": "CREATE TRIGGER swallow BEFORE INSERT ON {} BEGIN SELECT RAISE(IGNORE); END",
    "postgresql": "CREATE RULE swallow AS ON INSERT TO {} DO INSTEAD NOTHING",
}


@pytest.mark.parametrize(
    "table", ["hf_drafts", "hf_entries", "hf_tips", "hf_segments", "hf_letters", "hf_switches"]
)
def test_what_is_swallowed_is_an_error_and_ends_the_transaction(engine: Engine, table: str) -> None:
    store, entries = SqlStore(engine, CLUSTER), a_chain(3)
    writes: dict[str, Callable[[Tx], object]] = {
        "hf_drafts": lambda tx: tx.records.submit(a_draft(8), a_draft(9)),
        "hf_entries": lambda tx: tx.records.seal(entries, checkpoints(entries)[-1]),
        "hf_tips": lambda tx: tx.records.seal(entries, checkpoints(entries)[-1]),
        "hf_segments": lambda tx: tx.records.close(a_segment(entries, 3)),
        "hf_letters": lambda tx: tx.letters.put(a_letter(1)),
        "hf_switches": lambda tx: tx.switches.on("freeze", "{}", NOON),
    }
    run(engine, SWALLOWS[engine.dialect.name].format(table))

    def both() -> None:
        with store.transaction() as tx:
            tx.once.spend("ticket", "jti_1", "run_1", NOON)
            writes[table](tx)

    with pytest.raises(WrongStore, match=rf"kept 0 of \d rows .* into {table}"):
        both()

    with store.reading() as tx:
        assert tx.once.spent("ticket", "jti_1") is None


def test_of_several_drafts_not_one_is_lost(file: Engine) -> None:
    made_again(path(file), "hf_drafts", "UNIQUE (id)", SWALLOWING)
    store = SqlStore(file, CLUSTER)

    with (
        pytest.raises(WrongStore, match="kept 1 of 2 rows that were written into hf_drafts"),
        store.transaction() as tx,
    ):
        tx.records.submit(a_draft(8), a_draft(9, kind="rejection"))

    assert seen(store) == []


def test_where_a_table_was_altered_nothing_is_sealed(file: Engine) -> None:
    store = SqlStore(file, CLUSTER)
    with store.transaction() as tx:
        tx.records.submit(a_draft(9))
    sealer = a_sealer(store)
    sealer.require_none_planted()
    made_again(path(file), "hf_drafts", "UNIQUE (id)", SWALLOWING)

    with pytest.raises(WrongStore, match="the definition of hf_drafts"):
        sealer.batch()
    with pytest.raises(WrongStore, match="the definition of hf_drafts"):
        sealer.require_none_planted()

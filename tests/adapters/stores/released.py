"""Small databases as released schemas had them, as text: rows in `released/REVISION.sql`, and a
backup in `released/REVISION.backup`. What a release has written is never edited.

python -m tests.adapters.stores.released    writes both for the newest revision, once it is made
"""

import tempfile
from pathlib import Path

from msgspec import structs
from sqlalchemy import Connection, Engine, text

from holdfast.adapters.files.whole import opened
from holdfast.adapters.stores import backup, upkeep
from holdfast.adapters.stores.database import asking, open_engine, parse_url, prepare
from holdfast.adapters.stores.store import SqlStore
from holdfast.adapters.stores.tables import METADATA
from holdfast.model.entries import Draft
from holdfast.testing.clock import NOON
from tests.audit.chains import CLUSTER, a_chain_of, a_draft, checkpoints
from tests.contracts.test_casework import a_bucket, a_case, a_word
from tests.contracts.test_store import a_beat, a_letter, a_segment

FOLDER = Path(__file__).parent / "released"
AT = "2026-03-02T12:00:00.000Z"


def as_released(*numbers: int) -> list[Draft]:
    """Drafts as the first release had them: some were of people's words that nobody had signed."""
    drafts = map(a_draft, numbers)
    return [structs.replace(e, kind="approval") if e.kind == "expired" else e for e in drafts]


def fill(store: SqlStore) -> None:
    """A bit of everything, in the middle of work."""
    entries = a_chain_of(as_released(*range(1, 6)))
    with store.transaction() as tx:
        tx.records.seal(entries, checkpoints(entries)[-1])
        tx.records.submit(*as_released(100, 101))
        for number in (1, 2):
            tx.letters.put(a_letter(number))
        tx.letters.answer("ltr_1", "issued")
        tx.beats.beat(a_beat())
        tx.records.close(a_segment(entries, 3))
        tx.cases.put(a_case(1))
        tx.cases.put(a_case(2, state="approved"))
        tx.words.add(a_word("ada"))
        tx.words.add(a_word("grace"))
        tx.once.spend("ticket", "jti_1", "run_1", NOON)
        tx.buckets.fill("ada", "restart", None, a_bucket())
        tx.switches.on("freeze", "{}", NOON)


def made(engine: Engine, revision: str) -> None:
    """A database of that revision, with what stood in it."""
    prepare(engine)
    with asking(engine, writing=True) as connection:
        upkeep.migrate(connection, revision)
        for statement in (FOLDER / f"{revision}.sql").read_text().split(";\n"):
            if statement.strip():
                connection.execute(text(statement.replace(":", "\\:")))
        if engine.dialect.name == "postgresql":  # which counts only places that it gave itself
            for table in ("hf_drafts", *(("hf_words",) if revision >= "0003" else ())):
                connection.execute(text(f"SELECT setval('{table}_place_seq', 3, false)"))


def dumped(connection: Connection) -> str:
    """Every row as a statement that both databases know."""
    lines: list[str] = []
    for table in METADATA.sorted_tables:
        for row in connection.execute(table.select().order_by(*table.primary_key.columns)):
            values = ", ".join(
                f"'{value.replace(chr(39), chr(39) * 2)}'" if isinstance(value, str) else str(value)
                for value in row
            )
            columns = ", ".join(column.name for column in table.columns)
            head = f"INSERT INTO {table.name} ({columns})"
            lines.append(f"{head} VALUES ({values});\n")
    return "".join(lines)


def main() -> None:
    """Write what the newest revision leaves."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(parse_url(f"sqlite:///{folder}/holdfast.db"))
        _, newest = upkeep.upgrade(engine, CLUSTER)
        fill(SqlStore(engine, CLUSTER))
        backup.write(engine, FOLDER / f"{newest}.backup", AT, opened)
        with asking(engine, writing=False) as connection:
            (FOLDER / f"{newest}.sql").write_text(dumped(connection))
        engine.dispose()


if __name__ == "__main__":
    main()

"""Migrations make the tables that we speak of, whole or not at all, and never change afterwards."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, inspect

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.tables import METADATA
from tests.audit.chains import CLUSTER

MIGRATIONS = Path(upkeep.__file__).parent / "migrations" / "versions"
FROZEN = {  # what somebody's database was made with is never edited: write another migration
    "0001_first.py": "48208c2266aa21548bba3a451e705eba42c1c76b8b83a84b6c0a911fb7b8ffd1",
    "0002_segments.py": "41e687a1e749e469599b94ea7d2bc66ccb09f76b2987de9ac7c60eb6a9fbeee3",
    "0003_casework.py": "b45eb227330abb1632bc9015ec4f508be03c09719990cc6c5e9f6a40cf9b6f5a",
    "0004_progress.py": "7602dda147c06391e1568ef79242fadd050ee73ec3da66f13783e2057a99c35e",
}


def test_the_revisions_are_those_of_the_scripts_the_last_the_newest() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS.parent))
    assert upkeep.revisions() == {each.revision for each in scripts.walk_revisions()}
    assert max(upkeep.revisions()) == scripts.get_current_head()


@pytest.mark.slow
def test_who_does_not_upgrade_loads_nothing_that_does() -> None:
    """It is a sixth of what a process does until it has started."""
    watched = (
        "import sys; import holdfast.adapters.stores.caretaker; print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    opened = open_engine(parse_url(database))
    yield opened
    opened.dispose()


def shape(engine: Engine) -> dict[str, Any]:
    """Everything that the database knows of our tables."""
    told = inspect(engine)
    names = sorted(name for name in told.get_table_names() if name != "hf_revision")
    return {
        name: {
            "columns": [
                {word: str(column.get(word)) for word in ("name", "type", "nullable", "default")}
                for column in told.get_columns(name)
            ],
            "key": told.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(each["column_names"] for each in told.get_unique_constraints(name)),
            "indexes": sorted(
                (str(each["name"]), each["column_names"], each["unique"])
                for each in told.get_indexes(name)
            ),
        }
        for name in names
    }


def test_migrations_make_exactly_the_tables_that_we_speak_of(engine: Engine) -> None:
    upkeep.upgrade(engine, CLUSTER)
    migrated = shape(engine)
    METADATA.drop_all(engine)

    METADATA.create_all(engine)

    assert shape(engine) == migrated
    assert len(migrated) == len(METADATA.tables)


def test_a_migration_is_never_edited() -> None:
    there = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in MIGRATIONS.glob("*.py")}

    assert there == FROZEN


class Failed(Exception):
    """Somebody pulled the plug."""


@pytest.mark.slow
def test_an_upgrade_that_fails_at_any_statement_never_was(engine: Engine) -> None:
    statements = 0
    fails_at = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == fails_at:
            raise Failed

    event.listen(engine, "before_cursor_execute", count)
    while True:
        statements, fails_at = 0, fails_at + 1
        try:
            upkeep.upgrade(engine, CLUSTER)
        except Failed:
            fails_at, failed_at = 0, fails_at
            now = upkeep.standing(engine)
            assert (now.revision, now.foreign) == (None, False), f"after statement {failed_at}"
            fails_at = failed_at
            continue
        break

    assert fails_at > len(METADATA.tables)
    fails_at = 0
    upkeep.require_current(engine, CLUSTER)


def test_an_upgrade_of_what_is_current_changes_nothing(engine: Engine) -> None:
    assert upkeep.upgrade(engine, CLUSTER) == (None, "0004")

    assert upkeep.upgrade(engine, CLUSTER) == ("0004", "0004")

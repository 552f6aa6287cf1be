"""What somebody has planted in the database, so that what is written there is not what stays.

- We make no trigger, view or rule, and neither does the engine of phases as we start it: whatever
  of them is of our tables, or in the schemas of the engine, somebody else has made.
- In SQLite the whole file is ours. On PostgreSQL those of other people's tables are left alone.
- Row security is not looked at here: `db grants` makes some, which lets each process write its own.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, bindparam, text

from holdfast.adapters.stores.database import asking, named
from holdfast.adapters.stores.tables import PREFIX
from holdfast.errors import WrongStore
from holdfast.model.access import Process

NAMED = 3  # that a sentence names
LONGEST = 60  # characters of a name that somebody else chose

_SQLITE = text(
    "SELECT type AS sort, name, tbl_name AS place FROM sqlite_master "
    "WHERE type IN ('trigger', 'view') ORDER BY name"
)
_POSTGRES = text(
    """
    WITH ours AS (
        SELECT c.oid, c.relname, c.relkind
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname = current_schema() AND starts_with(c.relname, :prefix))
        OR n.nspname IN :engines
    )
    SELECT 'trigger' AS sort, t.tgname AS name, ours.relname AS place
    FROM ours JOIN pg_catalog.pg_trigger t ON t.tgrelid = ours.oid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'rule', r.rulename, ours.relname
    FROM ours JOIN pg_catalog.pg_rewrite r ON r.ev_class = ours.oid
    WHERE ours.relkind NOT IN ('v', 'm')
    UNION ALL
    SELECT 'view', relname, relname FROM ours WHERE relkind IN ('v', 'm')
    ORDER BY 1, 2
    """
).bindparams(bindparam("engines", expanding=True))
_ENGINES = [each.engine_schema for each in Process]


def require_none_planted(engine: Engine) -> None:
    """Raise `WrongStore` if there is any, with what to do."""
    with asking(engine, writing=False) as connection:
        require_none_in(connection)


def require_none_in(connection: Connection) -> None:
    """The same, seen from within a transaction."""
    planted = _planted(connection)
    if not planted:
        return
    more = f" and {len(planted) - NAMED} more" if len(planted) > NAMED else ""
    raise WrongStore(
        f"{named(connection.engine.url)} holds what Holdfast has not made: "
        f"{', '.join(planted[:NAMED])}{more}. What is written there may not be what stays.",
        remedy="End the keeper, keep a copy of the database, and find out who made that. Drop it "
        "(DROP TRIGGER, DROP VIEW or DROP RULE), see what is left of the record with "
        "`holdfast audit verify`, and freeze or reject again what was.",
    )


def _planted(connection: Connection) -> Sequence[str]:
    """Each, as `trigger NAME of TABLE`."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(_SQLITE)
    else:
        rows = connection.execute(_POSTGRES, {"prefix": PREFIX, "engines": _ENGINES})
    return [
        f"the {row.sort} {row.name[:LONGEST]}"
        + (f" of {row.place[:LONGEST]}" if row.place != row.name else "")
        for row in rows
    ]

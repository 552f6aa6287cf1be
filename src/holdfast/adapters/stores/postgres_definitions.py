"""What somebody has made or altered among our tables on PostgreSQL, by the server's catalogue.

- Our tables, their columns, constraints and indexes are as `tables` has them, which a test compares
  with what our migrations make; beside them there is nothing of our prefix.
- Row security is as `db grants` makes it, or off: `access` says whose rows each process may write.
- We make no trigger, view or rule, and neither does the engine of phases as we start it. Those of
  other people's tables are left alone.
- Each look asks for what is planted, and for a mark of everything else, by who wrote it last in the
  catalogue. Only where a connection does not know that mark is all of it read and compared.
"""

from collections.abc import Iterator
from functools import cache

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    text,
)
from sqlalchemy.dialects import postgresql

from holdfast.adapters.stores.access import ACCESS
from holdfast.adapters.stores.tables import METADATA, PREFIX, REVISION
from holdfast.model.access import Access, Process

_KNOWN = "holdfast_known"  # the mark of what a connection has found as it should be
_MARK = "mark"
_ROW_SECURITY = "row security"
_READ_ALL = "read_all"

type _Fact = tuple[str, str, str, str]
"""A sort of thing, its name, the table that it is of, and what it is."""

_OURS = """
    WITH ours AS (
        SELECT c.oid, c.xmin, c.relname, c.relkind, c.relpersistence, c.relrowsecurity,
            c.relforcerowsecurity
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND starts_with(c.relname, :prefix)
        AND c.relkind NOT IN ('i', 'I', 'S', 'v', 'm')
    )
"""
_LOOK = text(
    f"""
    {_OURS}, told AS (
        SELECT c.oid, c.relname, c.relkind
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname = current_schema() AND starts_with(c.relname, :prefix))
        OR n.nspname IN :engines
    ), written AS (
        SELECT 'c' AS of, oid AS at, 0 AS nth, xmin AS by FROM ours
        UNION ALL SELECT 'a', attrelid, attnum, a.xmin
        FROM ours JOIN pg_catalog.pg_attribute a ON attrelid = ours.oid AND attnum > 0
        UNION ALL SELECT 'd', d.oid, 0, d.xmin
        FROM ours JOIN pg_catalog.pg_attrdef d ON adrelid = ours.oid
        UNION ALL SELECT 'k', k.oid, 0, k.xmin
        FROM ours JOIN pg_catalog.pg_constraint k ON conrelid = ours.oid
        UNION ALL SELECT 'i', i.indexrelid, 0, i.xmin
        FROM ours JOIN pg_catalog.pg_index i ON indrelid = ours.oid
        UNION ALL SELECT 'p', p.oid, 0, p.xmin
        FROM ours JOIN pg_catalog.pg_policy p ON polrelid = ours.oid
        UNION ALL SELECT 'h', h.inhrelid, 0, h.xmin
        FROM ours JOIN pg_catalog.pg_inherits h ON ours.oid IN (inhrelid, inhparent)
    )
    SELECT 'trigger' AS sort, t.tgname AS name, told.relname AS place
    FROM told JOIN pg_catalog.pg_trigger t ON t.tgrelid = told.oid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'rule', r.rulename, told.relname
    FROM told JOIN pg_catalog.pg_rewrite r ON r.ev_class = told.oid
    WHERE told.relkind NOT IN ('v', 'm')
    UNION ALL
    SELECT 'view', relname, relname FROM told WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT '{_MARK}', md5(string_agg(concat_ws(' ', of, at, nth, by), ',' ORDER BY of, at, nth)), ''
    FROM written
    ORDER BY 1, 2
    """  # noqa: S608  (nothing but what stands above is put into it)
).bindparams(bindparam("engines", expanding=True), prefix=PREFIX)
_ALL = text(
    f"""
    {_OURS}
    SELECT 'table' AS sort, relname AS name, relname AS place, concat(relkind, relpersistence) AS is
    FROM ours
    UNION ALL
    SELECT 'column', attname, relname, concat_ws(
        ' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
        CASE WHEN attcollation NOT IN (0, 100) THEN attcollation END,
        concat(attidentity, attgenerated), pg_get_expr(adbin, adrelid)
    )
    FROM ours JOIN pg_catalog.pg_attribute ON attrelid = ours.oid AND attnum > 0
    LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE NOT attisdropped
    UNION ALL
    SELECT 'constraint', conname, relname, pg_get_constraintdef(k.oid)
    FROM ours JOIN pg_catalog.pg_constraint k ON conrelid = ours.oid AND contype <> 'n'
    UNION ALL
    SELECT 'index', x.relname, ours.relname, pg_get_indexdef(x.oid, 0, true)
    FROM ours JOIN pg_catalog.pg_index ON indrelid = ours.oid
    JOIN pg_catalog.pg_class x ON x.oid = indexrelid
    UNION ALL
    SELECT 'child', x.relname, ours.relname, ''
    FROM ours JOIN pg_catalog.pg_inherits ON inhparent = ours.oid
    JOIN pg_catalog.pg_class x ON x.oid = inhrelid
    UNION ALL
    SELECT 'parent', x.relname, ours.relname, ''
    FROM ours JOIN pg_catalog.pg_inherits ON inhrelid = ours.oid
    JOIN pg_catalog.pg_class x ON x.oid = inhparent
    UNION ALL
    SELECT '{_ROW_SECURITY}', '', relname, '' FROM ours WHERE relrowsecurity
    UNION ALL
    SELECT 'forced row security', '', relname, '' FROM ours WHERE relforcerowsecurity
    UNION ALL
    SELECT 'policy', polname, relname, concat_ws(
        ' ', polcmd, CASE WHEN NOT polpermissive THEN 'restrictive' END,
        CASE WHEN 0 = ANY (polroles) THEN 'everybody' ELSE cardinality(polroles)::text END,
        pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
    )
    FROM ours JOIN pg_catalog.pg_policy ON polrelid = ours.oid
    ORDER BY 3, 1, 2
    """  # noqa: S608
).bindparams(prefix=PREFIX)
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_ENGINES = [each.engine_schema for each in Process]


def altered_in_postgres(connection: Connection) -> tuple[str, ...]:
    """Each thing that is not as we make it."""
    rows = connection.execute(_LOOK, {"engines": _ENGINES}).all()
    mark = next(row.name for row in rows if row.sort == _MARK)
    planted = [_said(*row) for row in rows if row.sort != _MARK]
    altered = [] if connection.info.get(_KNOWN) == mark else _altered(connection)
    if not altered:
        connection.info[_KNOWN] = mark
    return (*planted, *altered)


def _altered(connection: Connection) -> list[str]:
    there: list[_Fact] = [(*map(str, row),) for row in connection.execute(_ALL)]  # type: ignore[misc]
    made, granted = _made(), _granted()
    named, ours = {each[:3] for each in made}, {place for _, _, place, _ in made}
    definitions = {place for _, _, place, _ in made.difference(there)}
    strange = [each for each in there if each not in made and each not in granted]
    extra = [
        _said(sort, name, place)
        for sort, name, place, _ in strange
        if (sort, name, place) not in named and (sort == "table" or place in ours)
    ]
    open_to_read = {
        place for sort, name, place, _ in there if (sort, name) == ("policy", _READ_ALL)
    }
    hidden = [
        _said(sort, name, place)
        for sort, name, place, _ in there
        if sort == _ROW_SECURITY and place not in open_to_read
    ]
    told = [*(f"the definition of {place}" for place in sorted(definitions)), *extra, *hidden]
    return [*dict.fromkeys(told)]


def _said(sort: str, name: str, place: str) -> str:
    return f"the {sort}" + (f" {name}" if name else "") + (f" of {place}" if place != name else "")


@cache
def _made() -> frozenset[_Fact]:
    """What our migrations make."""
    revision = Table(
        REVISION,
        MetaData(),
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name=f"{REVISION}_pkc"),  # as Alembic makes it
    )
    return frozenset(
        fact for table in (*METADATA.sorted_tables, revision) for fact in _of_table(table)
    )


def _of_table(table: Table) -> Iterator[_Fact]:
    name = table.name
    yield "table", name, name, "rp"  # a relation that is permanent
    for column in table.columns:
        yield "column", column.name, name, _of_column(column)
    for key in table.constraints:
        if not isinstance(key, PrimaryKeyConstraint | UniqueConstraint):
            raise TypeError(f"{key} is of a sort that no table of ours has")
        columns = ", ".join(each.name for each in key.columns)
        if isinstance(key, PrimaryKeyConstraint):
            sort, called = "PRIMARY KEY", str(key.name or f"{name}_pkey")
        else:
            sort, called = "UNIQUE", f"{name}_{columns.replace(', ', '_')}_key"
        yield "constraint", called, name, f"{sort} ({columns})"
        yield "index", called, name, _index(f"UNIQUE INDEX {called}", name, columns)
    for index in table.indexes:
        columns = ", ".join(each.name for each in index.columns)
        yield "index", str(index.name), name, _index(f"INDEX {index.name}", name, columns)


def _index(what: str, table: str, columns: str) -> str:
    return f"CREATE {what} ON {table} USING btree ({columns})"


def _of_column(column: Column[object]) -> str:
    sort = column.type.compile(dialect=_DIALECT).lower()
    sort = sort.replace("varchar", "character varying")
    null = "" if column.nullable else " NOT NULL"
    default = ""
    if column is column.table.autoincrement_column:
        default = f"nextval('{column.table.name}_{column.name}_seq'::regclass)"
    elif column.server_default is not None:
        default = f"'{column.server_default.arg}'::text"  # type: ignore[attr-defined]
    # What it is not is between the two: an identity, or generated.
    return f"{sort}{null} " + (f" {default}" if default else "")


@cache
def _granted() -> frozenset[_Fact]:
    """What `db grants` may have made."""
    return frozenset(fact for access in ACCESS if access.own for fact in _of_access(access))


def _of_access(access: Access) -> Iterator[_Fact]:
    table = access.table
    yield _ROW_SECURITY, "", table, ""
    yield "policy", _READ_ALL, table, "r everybody true"
    for process in Process:
        its = f"({access.own} = '{process}'::text)"
        yield "policy", f"write_of_{process}", table, f"* 1 {its} {its}"
    if access.taker is not None:
        yield "policy", "take_all", table, "d 1 true"

"""What the role that we connect as may do, compared with what is declared for a process."""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, text

from holdfast.adapters.stores.access import ACCESS
from holdfast.adapters.stores.database import asking
from holdfast.adapters.stores.tables import CASES
from holdfast.model.access import Access, Process, Right, Rights

_MAY = text("SELECT has_table_privilege(:table, :right)")
_READS = text("SELECT has_column_privilege(:table, :column, 'SELECT')")
_OWNS = text("SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass(:table)")
_COUNTS = text("SELECT has_sequence_privilege(:counter, 'USAGE')")
_MAKES = text(
    "SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace "
    "WHERE nspname = coalesce(:schema, current_schema())"
)


def rights(engine: Engine, process: Process) -> Rights:
    """Nothing is missing and nothing in excess where a database knows no roles."""
    if engine.dialect.name == "sqlite":
        return Rights()
    with asking(engine, writing=False) as connection:
        role = connection.execute(text("SELECT current_user")).scalar_one()
        missing: list[str] = []
        excess: list[str] = []
        for access in ACCESS:
            may = {each for each in Right if _may(connection, access, each)}
            should = access.whole(process)
            missing += [f"{right} on {access.table}" for right in Right if right in should - may]
            excess += [f"{right} on {access.table}" for right in Right if right in may - should]
            missing += _columns(connection, access, process, its_own=True)
            excess += _columns(connection, access, process, its_own=False)
            if access.counter and Right.INSERT in should and not _counts(connection, access):
                missing.append(f"USAGE on {access.counter}")
            if connection.execute(_OWNS, {"table": access.table}).scalar_one():
                excess.append(f"ownership of {access.table}")
        missing += _schemas(connection, process, its_own=True)
        excess += _schemas(connection, process, its_own=False)
    return Rights(role=role, missing=tuple(missing), excess=tuple(excess))


def reads_courses(engine: Engine) -> bool:
    """Whether the role that we have may read what was there before acts."""
    if engine.dialect.name == "sqlite":
        return True
    with asking(engine, writing=False) as connection:
        return _reads(connection, CASES.name, CASES.c.course.name)


def _may(connection: Connection, access: Access, right: Right) -> bool:
    asked = {"table": access.table, "right": right.value}
    return bool(connection.execute(_MAY, asked).scalar_one())


def _columns(
    connection: Connection, access: Access, process: Process, *, its_own: bool
) -> Iterator[str]:
    """Which columns it cannot read, or can and should not, where it reads some of them."""
    wanted = (access.shown if its_own else access.hidden) if access.narrow(process) else ()
    for column in wanted:
        if _reads(connection, access.table, column) is not its_own:
            yield f"SELECT on {access.table}.{column}"


def _reads(connection: Connection, table: str, column: str) -> bool:
    return bool(connection.execute(_READS, {"table": table, "column": column}).scalar_one())


def _counts(connection: Connection, access: Access) -> bool:
    return bool(connection.execute(_COUNTS, {"counter": access.counter}).scalar_one())


def _schemas(connection: Connection, process: Process, *, its_own: bool) -> Iterator[str]:
    """Where it cannot make its engine's tables, or where it can make some and should not."""
    others = [each.engine_schema for each in Process if each is not process]
    for schema in [process.engine_schema] if its_own else [None, *others]:
        makes = bool(connection.execute(_MAKES, {"schema": schema}).scalar_one_or_none())
        if makes is not its_own:
            yield f"CREATE in {schema or 'the schema of our tables'}"

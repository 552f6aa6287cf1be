"""The database roles of the two processes, on PostgreSQL: made from what is declared of each table.

- A role gets what is declared, and everything else that it or everybody had is taken away first:
  run twice, or after an upgrade, they say the same.
- A table whose rows are of one process each is written by that one alone.
- Of a table with columns that are the keeper's alone, `serve` reads the others, by their names.
- Each engine keeps its tables in a schema of its own; nobody else may make anything anywhere, large
  objects included, where a superuser runs them.
- Roles are not made here: who may log in, and how, is decided by whoever runs the server.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from holdfast.errors import BadInput
from holdfast.model.access import Access, Process, Right

_LARGE = "lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea)"
_NAMED = "..."  # in place of a name that is known only where the statement runs
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,62}")  # PostgreSQL cuts off longer ones


def database_grants(access: Sequence[Access], roles: Mapping[Process, str]) -> Sequence[str]:
    """The statements, in their order, each without its semicolon; they make one transaction."""
    if len({*roles.values()}) < len(roles):
        raise BadInput(
            "Both processes would have one database role, and with it each other's rights.",
            remedy="Name two roles, one with --serve and one with --keeper.",
        )
    return [*_everywhere(roles), *(each for table in access for each in _of(table, roles))]


def _everywhere(roles: Mapping[Process, str]) -> Iterator[str]:
    everybody = ", ".join(["PUBLIC", *map(quoted, roles.values())])
    used = ", ".join(map(quoted, roles.values()))
    # The names of the database and of the schema are known only there.
    yield _there(
        f"REVOKE CREATE, TEMPORARY ON DATABASE {_NAMED} FROM {everybody}", "current_database()"
    )
    # PostgreSQL takes this of a superuser alone; whoever else runs it is warned that it does not.
    yield f"REVOKE EXECUTE ON FUNCTION {_LARGE} FROM {everybody}"
    yield _there(f"REVOKE CREATE ON SCHEMA {_NAMED} FROM {everybody}", "current_schema()")
    yield _there(f"GRANT USAGE ON SCHEMA {_NAMED} TO {used}", "current_schema()")
    for process, role in roles.items():
        schema = quoted(process.engine_schema)
        yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
        yield f"REVOKE ALL ON SCHEMA {schema} FROM {everybody}"
        yield f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {quoted(role)}"


def _of(access: Access, roles: Mapping[Process, str]) -> Iterator[str]:
    everybody = ", ".join(["PUBLIC", *map(quoted, roles.values())])
    yield f"REVOKE ALL ON TABLE {access.table} FROM {everybody}"
    if access.counter:
        yield f"REVOKE ALL ON SEQUENCE {access.counter} FROM {everybody}"
    for process, role in roles.items():
        rights = access.rights[process]
        if told := ", ".join(right for right in Right if right in access.whole(process)):
            yield f"GRANT {told} ON TABLE {access.table} TO {quoted(role)}"
        if access.narrow(process):
            columns = ", ".join(access.shown)
            yield f"GRANT SELECT ({columns}) ON TABLE {access.table} TO {quoted(role)}"
        if access.counter and Right.INSERT in rights:
            yield f"GRANT USAGE ON SEQUENCE {access.counter} TO {quoted(role)}"
    if access.own:
        yield from _own_rows(access, roles)


def _own_rows(access: Access, roles: Mapping[Process, str]) -> Iterator[str]:
    """Everybody reads all rows, and writes those that name its process."""
    table = access.table
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS read_all ON {table}"
    yield f"CREATE POLICY read_all ON {table} FOR SELECT USING (true)"
    for process, role in roles.items():
        its = f"({access.own} = '{process}')"
        yield f"DROP POLICY IF EXISTS write_of_{process} ON {table}"
        yield (
            f"CREATE POLICY write_of_{process} ON {table} TO {quoted(role)} "
            f"USING {its} WITH CHECK {its}"
        )
    if access.taker is not None:
        taker = quoted(roles[access.taker])
        yield f"DROP POLICY IF EXISTS take_all ON {table}"
        yield f"CREATE POLICY take_all ON {table} FOR DELETE TO {taker} USING (true)"


def _there(statement: str, name: str) -> str:
    """A statement about something whose name is asked for where it runs."""
    before, after = statement.split(_NAMED)
    told = f"'{before}' || quote_ident({name}) || '{after}'"
    return f"DO $$ BEGIN EXECUTE {told}; END $$"


def quoted(name: str) -> str:
    """The name of a role or a schema in a statement; what could end the name is refused."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} is no name for a database role.",
            remedy="Take letters, digits and _ . @ -, beginning with a letter, at most 63.",
        )
    return f'"{name}"'

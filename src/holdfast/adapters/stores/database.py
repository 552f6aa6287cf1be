"""Open a database so that what it says is done is done, and say in a sentence why it is not.

- SQLite: WAL, every commit synced, a transaction takes the write lock at once or waits its turn;
  the file is ours alone (mode 0600).
- PostgreSQL: read committed for what writes, one snapshot for what reads.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.engine import URL
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from holdfast.errors import AlreadyKept, BadInput, StoreFailed, StoreRefused, StoreUnreachable

BUSY = 15  # seconds that one writer waits for another before it says so
CONNECT = 5  # seconds until a server counts as unreachable
READING = "holdfast_reading"


def parse_url(written: str) -> URL:
    """The address of a database: `sqlite:///PATH` or `postgresql://...`."""
    try:
        url = make_url(written)
    except exc.ArgumentError:
        raise BadInput(
            "The address of the database cannot be read.",
            remedy="Write it as sqlite:////path/to/file or postgresql://user@host/name.",
        ) from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite")
        case "postgresql":
            return url.set(drivername="postgresql+psycopg")
        case _:
            raise BadInput(
                f"{url.drivername} is no database that Holdfast can be kept in.",
                remedy="Take SQLite in a file (sqlite:////path) or PostgreSQL (postgresql://...).",
            )


def open_engine(url: URL, busy: float = BUSY) -> Engine:
    """The engine; nothing is asked of the database yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, busy)
    connecting = {"connect_timeout": CONNECT, "application_name": "holdfast"}
    return create_engine(url, connect_args=connecting, pool_pre_ping=True, pool_size=10)


def prepare(engine: Engine) -> None:
    """What a database is told once, before its tables are made. WAL lets readers read on."""
    if engine.dialect.name != "sqlite":
        return
    try:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            raw.close()
    except sqlite3.DatabaseError as failed:
        raise _sqlite_said(failed, named(engine.url), str(failed)) from failed


@contextmanager
def asking(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """One transaction; what goes wrong in it is one of ours."""
    name = named(engine.url)
    try:
        with engine.connect() as connection, _kept_to(connection, writing) as bound, bound.begin():
            yield bound
    except exc.DBAPIError as failed:
        raise _said(failed, name) from failed
    except exc.TimeoutError as busy:
        raise StoreRefused(
            f"{name} has no connection left for us.", remedy="Try again in a moment."
        ) from busy


def named(url: URL) -> str:
    """A database as people know it, without its password."""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database}"
    where = f"{url.host or 'a local socket'}{f':{url.port}' if url.port else ''}"
    return f"The database {url.database} at {where}"


@contextmanager
def _kept_to(connection: Connection, writing: bool) -> Iterator[Connection]:
    """A connection that does no more than that: what only reads cannot write by mistake."""
    if writing:
        yield connection
    elif connection.dialect.name == "postgresql":
        yield connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    else:
        connection.info[READING] = True
        with _query_only(connection.connection):
            yield connection


@contextmanager
def _query_only(raw: PoolProxiedConnection) -> Iterator[None]:
    """Outside any transaction, because the pragma would be undone with it."""
    cursor = raw.cursor()
    cursor.execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        cursor.execute("PRAGMA query_only=OFF")
        cursor.close()


def _sqlite(url: URL, busy: float) -> Engine:
    path = Path(url.database or "")

    def connect() -> sqlite3.Connection:
        _private(path)
        connection = sqlite3.connect(
            path, timeout=busy, isolation_level=None, check_same_thread=False
        )
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(url, creator=connect, poolclass=QueuePool, pool_size=8, max_overflow=24)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock before it reads: nobody has to give way in the middle."""
    reading = connection.info.pop(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _private(path: Path) -> None:
    """A new file is made for us alone before anything is written into it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as refused:
        raise StoreUnreachable(
            f"The database {path} cannot be opened: {refused.strerror}.",
            remedy="Name a file that this user may write, in a folder that exists.",
        ) from None


def _said(failed: exc.DBAPIError, name: str) -> StoreFailed:
    why = str(failed.orig).strip().splitlines()[0] if failed.orig is not None else "no answer"
    if isinstance(failed, exc.IntegrityError):
        return AlreadyKept(
            f"{name} keeps something of that id already.",
            remedy="Nothing was written: look at what is there.",
        )
    if isinstance(failed.orig, sqlite3.DatabaseError):
        return _sqlite_said(failed.orig, name, why)
    state = getattr(failed.orig, "sqlstate", None) or ""
    if state[:2] in ("25", "40", "42", "53", "55", "57") and not failed.connection_invalidated:
        return StoreRefused(f"{name} refuses: {why}.", remedy=_POSTGRES.get(state[:2], _AGAIN))
    return StoreUnreachable(f"{name} does not answer: {why}.", remedy=_REACH)


_AGAIN = "See what the server's log says, and try again."
_REACH = "Check that it runs, its address, and that this user may connect."
_POSTGRES = {
    "53": "Give the server room: its disk, its memory or its connections are used up.",
    "25": "Name the primary: this server, or this session, only reads.",
    "42": "Run `holdfast db check`: a table or a right is missing.",
}


def _sqlite_said(error: sqlite3.DatabaseError, name: str, why: str) -> StoreFailed:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreUnreachable(f"{name} cannot be opened.", remedy="Check its folder.")
    wrong, remedy = _SQLITE.get(code, ("refuses", "Run `holdfast db check`."))
    return StoreRefused(f"{name} {wrong} ({why}).", remedy=remedy)


_ANOTHER = "Name another file, or restore a backup with `holdfast db restore`."
_SQLITE = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another process, for longer than we wait",
        "See which process has it open, and end that one or wait.",
    ),
    sqlite3.SQLITE_FULL: ("is on a full disk", "Make room on it."),
    sqlite3.SQLITE_READONLY: ("is read-only", "Let this user write it."),
    sqlite3.SQLITE_IOERR: ("is on a disk that fails", "Look at the disk."),
    sqlite3.SQLITE_NOTADB: ("is no database", _ANOTHER),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _ANOTHER),
}

"""Open a database so that what it says is done is done, and say in a sentence why it is not.

- SQLite: WAL, every commit synced, a transaction takes the write lock at once or waits its turn,
  which within a process comes in order; the file is ours alone (mode 0600), and one that was moved,
  removed or replaced under us is noticed before anything more is asked of it.
- PostgreSQL: read committed for what writes, one snapshot for what reads; our tables stand in one
  schema, whatever schema is named like the role that asks.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from holdfast.adapters.stores.sqlite_definitions import forget_changed
from holdfast.adapters.stores.turns import NobodyGotOn, turns_of
from holdfast.errors import AlreadyKept, BadInput, StoreFailed, StoreRefused, StoreUnreachable

BUSY = 15  # seconds that one writer waits for another before it says so
CONNECT = 5  # seconds until a server counts as unreachable
KEPT = 20  # connections to a file that stay open: opening one costs more than what it is for
SEARCHED = "-c search_path=public,pg_temp"  # no name is looked for in a schema of the role's own
READING = "holdfast_reading"
PATIENCE = "holdfast_patience"
PLACE = "holdfast_place"
SUBSECONDS = (3, 42)  # the first SQLite that tells time finer than to the second


def parse_url(written: str) -> URL:
    """The address of a database: `sqlite:///PATH` or `postgresql://...`."""
    try:
        url = make_url(written)
    except (exc.ArgumentError, ValueError):  # a port that is no number is the latter
        raise BadInput(
            "The address of the database cannot be read.",
            remedy="Write it as sqlite:////path/to/file or postgresql://user@host/name.",
        ) from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            if not Path(url.database).is_absolute():
                raise BadInput(
                    f"The path {url.database} of the database begins nowhere: it would be another "
                    "file for whoever stands elsewhere.",
                    remedy="Write it from the root on, with four slashes: sqlite:////path/to/file.",
                )
            return url.set(drivername="sqlite")
        case "postgresql":
            return url.set(drivername="postgresql+psycopg")
        case _:
            raise BadInput(
                f"{url.drivername} is no database that Holdfast can be kept in.",
                remedy="Take SQLite in a file (sqlite:////path) or PostgreSQL (postgresql://...).",
            )


def same_place(one: URL, other: URL) -> bool:
    """Whether two addresses lead to one database, whoever it is that asks there."""

    def place(url: URL) -> tuple[str, str | None, int, str | None]:
        port = url.port or (5432 if url.get_backend_name() == "postgresql" else 0)
        return url.get_backend_name(), url.host, port, url.database

    return place(one) == place(other)


def open_engine(url: URL, busy: float = BUSY) -> Engine:
    """The engine; nothing is asked of the database yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, busy)
    # What fails is ours to tell; a driver that nobody listens to prints it raw.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    connecting = {"connect_timeout": CONNECT, "application_name": "holdfast", "options": SEARCHED}
    return create_engine(url, connect_args=connecting, pool_pre_ping=True, pool_size=10)


def prepare(engine: Engine) -> None:
    """What a database is told once, before its tables are made. WAL lets readers read on."""
    if engine.dialect.name != "sqlite":
        return
    until = time.monotonic() + engine.get_execution_options()[PATIENCE]
    try:
        raw = engine.raw_connection()
        try:
            while not _to_wal(raw.cursor(), until):
                pass
        finally:
            raw.close()
    except sqlite3.DatabaseError as failed:
        raise _sqlite_said(failed, named(engine.url), str(failed)) from failed


def _to_wal(cursor: DBAPICursor, until: float) -> bool:
    """Whether it is told. SQLite waits for another writer before anything else, but not here."""
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as failed:
        if failed.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
            raise
        cursor.execute("BEGIN EXCLUSIVE")
        cursor.execute("ROLLBACK")
        return False
    return True


@contextmanager
def asking(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """One transaction; what goes wrong in it is one of ours."""
    name = named(engine.url)
    place = engine.get_execution_options().get(PLACE)
    if place is not None:
        place.require()
    try:
        with (
            _in_turn(engine, writing),
            engine.connect() as connection,
            _kept_to(connection, writing) as bound,
            bound.begin(),
        ):
            yield bound
    except NobodyGotOn:
        raise StoreRefused(
            f"{name} is being written by another part of this process, for longer than we wait.",
            remedy="Look at the disk, and at what this process was asked to do.",
        ) from None
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
    database = url.database or url.username  # as PostgreSQL has it
    return f"The database {database} at {where}" if database else f"The database at {where}"


def _in_turn(engine: Engine, writing: bool) -> AbstractContextManager[None]:
    patience = engine.get_execution_options().get(PATIENCE)
    if not writing or patience is None:
        return nullcontext()
    return turns_of(Path(engine.url.database or "")).turn(patience)


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
        if raw.is_valid:  # who was told to end in the middle of a question has closed it
            cursor.execute("PRAGMA query_only=OFF")
            cursor.close()


def _sqlite(url: URL, busy: float) -> Engine:
    place = Place(url)

    def connect() -> sqlite3.Connection:
        return sqlite_connection(place, busy)

    engine = create_engine(
        url,
        creator=connect,
        poolclass=QueuePool,
        pool_size=KEPT,
        max_overflow=32 - KEPT,
        execution_options={PATIENCE: busy, PLACE: place},
    )
    event.listen(engine, "begin", _begin_sqlite)
    return engine


class Place:
    """Where a file is, and which one it was when it was opened first.

    Who has opened a file goes on writing to it wherever it went, and nobody would find it there.
    """

    def __init__(self, url: URL) -> None:
        self.path: Final = Path(url.database or "")
        self._name: Final = named(url)
        self._first: tuple[int, int] | None = None

    def make(self) -> None:
        """Make the file if it is not there, unless it was there already once."""
        self.require()
        if self._first is None:
            if self.path.exists() and not (self.path.is_file() or self.path.is_dir()):
                raise StoreUnreachable(
                    f"{self._name} is no file, but a pipe or a device.",
                    remedy="Name a file that this user may write, in a folder that exists.",
                )
            _private(self.path)
            self._first = self._now()

    def require(self) -> None:
        """Raise `StoreUnreachable` unless the file that was opened is the one that is there."""
        if self._first is not None and self._now() != self._first:
            raise StoreUnreachable(
                f"{self._name} was moved, removed or replaced while it was open.",
                remedy="End every process of Holdfast, put the file back (with its -wal, if there "
                "is one), and start them again.",
            )

    def _now(self) -> tuple[int, int] | None:
        try:
            there = self.path.stat()
        except OSError:
            return None
        return there.st_dev, there.st_ino


def sqlite_connection(place: Place, busy: float) -> sqlite3.Connection:
    """One connection, on which nothing begins by itself."""
    place.make()
    path = place.path
    connection = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    if sqlite3.sqlite_version_info < SUBSECONDS:
        connection.create_function("unixepoch", -1, _unixepoch)
    return connection


def _unixepoch(*asked: str) -> float | None:
    """What an older SQLite answers with NULL, and the engine of phases relies on."""
    return time.time_ns() // 1_000_000 / 1000 if asked == ("subsec",) else None


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock before it reads: nobody has to give way in the middle."""
    reading = connection.info.pop(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
    forget_changed(connection)


def _private(path: Path) -> None:
    """A new file is made for us alone before anything is written into it.

    One that is there is left to SQLite: to open and close it here would let go of every lock that
    this process has on it, and another process would then take away what we are writing to.
    """
    try:
        with _MAKING:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as refused:
        raise StoreUnreachable(
            f"The database {path} cannot be opened: {refused.strerror}.",
            remedy="Name a file that this user may write, in a folder that exists.",
        ) from None


_MAKING = threading.Lock()  # nobody opens the new file before it is closed here


def _said(failed: exc.DBAPIError, name: str) -> StoreFailed:
    why = str(failed.orig).strip().splitlines()[0] if failed.orig is not None else "no answer"
    if isinstance(failed, exc.IntegrityError):
        return AlreadyKept(
            f"{name} keeps something of that id already.",
            remedy="Nothing was written: look at what is there.",
        )
    if isinstance(failed, exc.DataError):
        return StoreRefused(f"{name} takes no such value: {why}.", remedy=_NO_SUCH_VALUE)
    if isinstance(failed.orig, sqlite3.DatabaseError):
        return _sqlite_said(failed.orig, name, why)
    state = getattr(failed.orig, "sqlstate", None) or ""
    if state[:2] in _REFUSING and not failed.connection_invalidated:
        return StoreRefused(f"{name} refuses: {why}.", remedy=_POSTGRES.get(state[:2], _AGAIN))
    return StoreUnreachable(f"{name} does not answer: {why}.", remedy=_REACH)


_REFUSING = ("0A", "25", "40", "42", "53", "55", "57")
_NO_SUCH_VALUE = "Nothing was written: look at what was to be kept or asked for."
_AGAIN = "See what the server's log says, and try again."
READS = (
    "Name the primary, if this is a standby, or take default_transaction_read_only from this role "
    "and this database."
)
_REACH = "Check that it runs, its address, and that this user may connect."
_POSTGRES = {
    "53": "Give the server room: its disk, its memory or its connections are used up.",
    "0A": READS,  # a standby begins no transaction that writes
    "25": READS,
    "42": "Run `holdfast db check`: a table or a right is missing.",
}


def _sqlite_said(error: sqlite3.DatabaseError, name: str, why: str) -> StoreFailed:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreUnreachable(f"{name} cannot be opened.", remedy=_LET_US)
    wrong, remedy = _SQLITE.get(code, ("refuses", "Run `holdfast db check`."))
    return StoreRefused(f"{name} {wrong} ({why}).", remedy=remedy)


_LET_US = "Let this user write the file and its folder, on a file system mounted for writing."
_ANOTHER = "Name another file, or restore a backup with `holdfast db restore`."
_SQLITE = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another process, for longer than we wait",
        "See which process has it open, and end that one or wait.",
    ),
    sqlite3.SQLITE_FULL: ("is on a full disk", "Make room on it."),
    sqlite3.SQLITE_READONLY: ("is read-only", _LET_US),
    sqlite3.SQLITE_IOERR: ("is on a disk that fails", "Look at the disk."),
    sqlite3.SQLITE_NOTADB: ("is no database", _ANOTHER),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _ANOTHER),
}

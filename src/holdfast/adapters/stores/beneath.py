"""Connections for the engine of phases, in the same database as our tables.

- PostgreSQL: a process that stands still in the middle of a transaction loses it after `FROZEN`;
  what it had locked is free again for those who take over its work.
- SQLite: the engine looks for work many times a second. A look takes no lock; the first write of a
  transaction takes the write lock, and within a process takes its turn with all other writers.
- SQLite, again: what the engine writes by itself (who has what, and how it ended) is not synced by
  itself, but with the next transaction of the store. A power cut can so undo the end of a run,
  never a step of it: it is then ended again.
"""

import sqlite3
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from holdfast.adapters.stores.database import (
    BUSY,
    CONNECT,
    KEPT,
    SEARCHED,
    Place,
    sqlite_connection,
)
from holdfast.adapters.stores.turns import NobodyGotOn, turns_of
from holdfast.errors import StoreUnreachable

FROZEN = 5000  # milliseconds
_WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP")
_TURN = "holdfast_turn"


def open_beneath(url: URL) -> Engine:
    """The engine of SQLAlchemy beneath the engine of phases."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    connecting = {
        "connect_timeout": CONNECT,
        "application_name": "holdfast engine",
        "options": f"{SEARCHED} -c idle_in_transaction_session_timeout={FROZEN}",
    }
    return create_engine(url, connect_args=connecting, pool_pre_ping=True, pool_size=8)


def _sqlite(url: URL) -> Engine:
    place = Place(url)

    def connect() -> sqlite3.Connection:
        try:
            connection = sqlite_connection(place, BUSY)
        except StoreUnreachable as away:  # said as the engine knows it, which then tries again
            raise sqlite3.OperationalError(away.wrong) from None
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    engine = create_engine(
        url, creator=connect, poolclass=QueuePool, pool_size=KEPT, max_overflow=32 - KEPT
    )
    event.listen(engine, "before_cursor_execute", _begin_to_write)
    event.listen(engine, "checkin", _pass_on)
    return engine


def _begin_to_write(
    connection: Connection,
    cursor: DBAPICursor,
    statement: str,
    parameters: object,  # noqa: ARG001
    context: ExecutionContext | None,  # noqa: ARG001
    executemany: bool,  # noqa: ARG001
) -> None:
    raw = connection.connection.dbapi_connection
    if not statement.lstrip().upper().startswith(_WRITES):
        return
    if not isinstance(raw, sqlite3.Connection) or raw.in_transaction:
        return
    if _TURN not in connection.info:
        turn = ExitStack()
        try:
            turn.enter_context(turns_of(Path(connection.engine.url.database or "")).turn(BUSY))
        except NobodyGotOn:
            raise sqlite3.OperationalError("database is locked") from None  # and tried again
        connection.info[_TURN] = turn
    cursor.execute("BEGIN IMMEDIATE")


def _pass_on(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    turn = entry.info.pop(_TURN, None)
    if isinstance(turn, ExitStack):
        turn.close()

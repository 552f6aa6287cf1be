"""The `Store` on SQL. What a transaction did is there when it ends well, and else never was."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from holdfast.adapters.stores.database import asking
from holdfast.adapters.stores.shelves import SqlBeats, SqlLetters, SqlRecords
from holdfast.ports import Tx


class SqlTx:
    """A `Tx`."""

    def __init__(self, connection: Connection, cluster: str) -> None:
        self.native = connection
        self.records = SqlRecords(connection, cluster)
        self.letters = SqlLetters(connection, cluster)
        self.beats = SqlBeats(connection, cluster)


class SqlStore:
    """A `Store`, of one cluster."""

    def __init__(self, engine: Engine, cluster: str) -> None:
        self._engine = engine
        self.cluster = cluster

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All of it, or nothing."""
        with asking(self._engine, writing=True) as connection:
            yield SqlTx(connection, self.cluster)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """One consistent sight."""
        with asking(self._engine, writing=False) as connection:
            yield SqlTx(connection, self.cluster)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

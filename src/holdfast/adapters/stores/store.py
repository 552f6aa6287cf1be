"""The `Store` on SQL. What a transaction did is there when it ends well, and else never was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from holdfast.adapters.stores.casework import (
    SqlBuckets,
    SqlCases,
    SqlOnce,
    SqlSwitches,
    SqlWords,
)
from holdfast.adapters.stores.database import asking
from holdfast.adapters.stores.planted import know_what_is_there, require_none_in
from holdfast.adapters.stores.records import SqlRecords
from holdfast.adapters.stores.shelves import SqlBeats, SqlLetters, moment_of
from holdfast.model.access import Process
from holdfast.ports import Tx


class SqlTx:
    """A `Tx`."""

    def __init__(
        self, connection: Connection, cluster: str, process: Process, *, courses: bool
    ) -> None:
        self.native = connection
        self.records = SqlRecords(connection, cluster, process)
        self.letters = SqlLetters(connection, cluster)
        self.beats = SqlBeats(connection, cluster)
        self.cases = SqlCases(connection, cluster, courses=courses)
        self.words = SqlWords(connection, cluster)
        self.once = SqlOnce(connection, cluster)
        self.buckets = SqlBuckets(connection, cluster)
        self.switches = SqlSwitches(connection, cluster)
        self._connection = connection

    def require_none_planted(self) -> None:
        """Raise `WrongStore` if anything that we did not make changes what is written."""
        require_none_in(self._connection)

    def now(self) -> datetime:
        """What time it is by the clock of the database."""
        return moment_of(self._connection)


class SqlStore:
    """A `Store`, of one cluster; without courses of cases, for a role that may not read them."""

    def __init__(
        self,
        engine: Engine,
        cluster: str,
        process: Process = Process.KEEPER,
        *,
        courses: bool = True,
    ) -> None:
        self._engine = engine
        self._process = process
        self._courses = courses
        self.cluster = cluster

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All of it, or nothing."""
        with asking(self._engine, writing=True) as connection:
            know_what_is_there(connection)
            yield SqlTx(connection, self.cluster, self._process, courses=self._courses)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """One consistent sight."""
        with asking(self._engine, writing=False) as connection:
            yield SqlTx(connection, self.cluster, self._process, courses=self._courses)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

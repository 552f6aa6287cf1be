"""`Upkeep` of one database."""

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine

from holdfast.adapters.stores import backup, planted, rights, upkeep
from holdfast.adapters.stores.access import ACCESS
from holdfast.adapters.stores.database import asking
from holdfast.errors import BadInput
from holdfast.model.access import Access, Process, Rights
from holdfast.model.standing import Manifest, Standing
from holdfast.ports import Records


class Caretaker:
    """What people do to a database, and servers never."""

    def __init__(self, engine: Engine, opened: backup.Opened, folder: Path | None = None) -> None:
        self._engine = engine
        self._opened = opened  # how a file is written
        self._folder = folder  # where the database is to be made, which may not be there yet

    def standing(self) -> Standing:
        """How it stands to this version."""
        return upkeep.standing(self._engine)

    def require_current(self, cluster: str) -> None:
        """Raise `WrongStore` unless this version may use it as it is, for that cluster."""
        upkeep.require_current(self._engine, cluster)

    def require_none_planted(self) -> None:
        """Raise `WrongStore` if anything that we did not make changes what is written."""
        planted.require_none_planted(self._engine)

    def require_writable(self) -> None:
        """Raise `StoreRefused` where nothing could be written now."""
        upkeep.require_writable(self._engine)

    def upgrade(self, cluster: str) -> None:
        """Bring the tables to the newest revision."""
        self._make_room()
        upkeep.upgrade(self._engine, cluster)

    def backup(self, path: Path, at: str) -> Manifest:
        """Write everything into one file."""
        return backup.write(self._engine, path, at, self._opened)

    def restore(self, path: Path, judge: Callable[[Records], None]) -> Manifest:
        """Fill an empty database from such a file."""
        self._make_room()
        return backup.restore(self._engine, path, judge)

    def _make_room(self) -> None:
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def access(self) -> Sequence[Access]:
        """What each process may do to each table."""
        return ACCESS

    def grant(self, statements: Sequence[str]) -> None:
        """Run them, all or none."""
        if self._engine.dialect.name == "sqlite":
            raise BadInput(
                "SQLite knows no roles: whoever may open the file may do everything.",
                remedy="Keep the file to one account, or take PostgreSQL.",
            )
        with asking(self._engine, writing=True) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def rights(self, process: Process) -> Rights:
        """How the rights that we have differ from what that process should have."""
        return rights.rights(self._engine, process)

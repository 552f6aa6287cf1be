"""`Upkeep` of one database."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from holdfast.adapters.stores import backup, upkeep
from holdfast.model.standing import Manifest, Standing
from holdfast.ports import Records


class Caretaker:
    """What people do to a database, and servers never."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def standing(self) -> Standing:
        """How it stands to this version."""
        return upkeep.standing(self._engine)

    def require_current(self, cluster: str) -> None:
        """Raise `WrongStore` unless this version may use it as it is, for that cluster."""
        upkeep.require_current(self._engine, cluster)

    def upgrade(self, cluster: str) -> None:
        """Bring the tables to the newest revision."""
        upkeep.upgrade(self._engine, cluster)

    def backup(self, path: Path, at: str) -> Manifest:
        """Write everything into one file."""
        return backup.write(self._engine, path, at)

    def restore(self, path: Path, judge: Callable[[Records], None]) -> Manifest:
        """Fill an empty database from such a file."""
        return backup.restore(self._engine, path, judge)

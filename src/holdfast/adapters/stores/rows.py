"""How values stand in rows of either database, and how rows are added: those that may be there
already, and those that must not be lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from holdfast.adapters.stores.database import named
from holdfast.errors import WrongStore

_LAST = 253_402_300_799_999  # milliseconds: the end of the last year that calendars have
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insertion that can be told what to do where such a row is there."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def keep(connection: Connection, insert: Insert, rows: Sequence[Mapping[str, object]]) -> None:
    """Add these rows, or change the one that is there, as `insert` says.

    Raises `WrongStore`, which ends the transaction, unless the database says that it wrote each of
    them: a table may have been made so that it takes what is written and keeps nothing.
    """
    told = connection.execute(insert, rows, execution_options={"preserve_rowcount": True})
    if told.rowcount != len(rows):
        raise WrongStore(
            f"{named(connection.engine.url)} kept {told.rowcount} of {len(rows)} rows that were "
            f"written into {insert.table.name}. Nothing of it was done.",
            remedy="Somebody has altered that table: see what is there with `holdfast db check`.",
        )


def milliseconds(moment: datetime) -> int:
    """Since 1970: what is finer is cut off."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment(milliseconds: int) -> datetime:
    """The moment of such a number, whatever number somebody has written."""
    return _EPOCH + timedelta(milliseconds=max(0, min(milliseconds, _LAST)))


def as_written(
    connection: Connection, columns: Iterable[ColumnElement[Any]]
) -> Select[*tuple[Any, ...]]:
    """What is read of rows that anybody may have written, and whether each is `whole`.

    In SQLite a column holds whatever was written there. Texts are read byte for byte (`written`
    makes a text of them); what is no number counts as the last moment, since it stands there, in
    any order, after all that are.
    """
    return _reading(connection.dialect.name, tuple(columns))


@cache
def _reading(dialect: str, those: tuple[ColumnElement[Any], ...]) -> Select[*tuple[Any, ...]]:
    if dialect != "sqlite":
        return select(*those, literal(value=True).label("whole"))
    whole = and_(*(func.typeof(each) == _sort(each) for each in those))
    bare = (
        case((func.typeof(each) == "integer", each), else_=literal(_LAST)).label(each.key)
        if isinstance(each.type, Integer)
        else cast(each, LargeBinary).label(each.key)
        for each in those
    )
    return select(*bare, whole.label("whole"))


def written(told: str | bytes) -> str:
    """As it was written; what is in no encoding of ours is told as such."""
    return told.decode(errors="backslashreplace") if isinstance(told, bytes) else told


def is_text(told: object) -> bool:
    """Whether what was read byte for byte is in an encoding of ours."""
    if isinstance(told, bytes):
        try:
            told.decode()
        except UnicodeDecodeError:
            return False
    return True


def _sort(column: ColumnElement[Any]) -> str:
    return "integer" if isinstance(column.type, Integer) else "text"

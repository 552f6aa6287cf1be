"""How values stand in rows of either database, and how a row is added that may be there already."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_LAST = 253_402_300_799_999  # milliseconds: the end of the last year that calendars have
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insertion that can be told what to do where such a row is there."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def milliseconds(moment: datetime) -> int:
    """Since 1970: what is finer is cut off."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment(milliseconds: int) -> datetime:
    """The moment of such a number, whatever number somebody has written."""
    return _EPOCH + timedelta(milliseconds=max(0, min(milliseconds, _LAST)))

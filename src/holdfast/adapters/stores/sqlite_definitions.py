"""What somebody has made or altered in a file of SQLite, by the words of its definitions.

- The whole file is ours: our tables and their indexes are defined as our migrations do it, word for
  word, and beside them stand plain tables with plain indexes of their own, such as the engine's.
- A definition counts by its text, whatever its row says that it is: so SQLite takes it.
- A connection goes on with the definitions that it has read until their number changes. Whoever may
  write the file may set that number, or take away what he planted and leave the number as it is. So
  what a connection has read is thrown away and read again in the transaction of a look, unless it
  has been under one number ever since a look in which all was well.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from sqlalchemy import Connection

from holdfast.adapters.stores.made import SQLITE
from holdfast.adapters.stores.tables import PREFIX

_LOOKED = "holdfast_looked"  # the number under which all was well
_BLANKS = re.compile(r"[ \t\n\r\f]+")  # as SQLite has it, which takes others for letters
_BESIDE = re.compile(r" ?([(),]) ?")
_OURS = re.compile(r"CREATE (TABLE|INDEX) (\w+)(?: ON (\w+))?")
_PLANTED = re.compile(r"CREATE (TRIGGER|VIEW)\b", re.IGNORECASE)
_INDEX = re.compile(r'CREATE (?:UNIQUE )?INDEX ("?)\w+\1 ON ("?)(\w+)\2\(', re.ASCII)

# Byte for byte: what is in no encoding stops nobody who reads it.
_ROWS = (
    "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB) "
    "FROM sqlite_master ORDER BY name"
)

type _Bytes = tuple[bytes | None, ...]
type _Row = tuple[str, str, str, str | None]
"""Its type, its name, the table that it is of, and its text."""


def forget_changed(connection: Connection) -> None:
    """As a transaction begins: what was well under another number says nothing any more."""
    looked = connection.info.get(_LOOKED)
    if looked is not None and looked != _number(connection):
        del connection.info[_LOOKED]


def altered_in_sqlite(connection: Connection) -> tuple[str, ...]:
    """Each thing that is not as we make it; the connection goes on with what is there now."""
    number = _number(connection)
    if connection.info.get(_LOOKED) == number:
        return ()
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")  # which has them read again
    rows = connection.exec_driver_sql(_ROWS)
    found = _altered(tuple((*row,) for row in rows))
    if not found:
        connection.info[_LOOKED] = number
    return found


def _number(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())


@lru_cache(maxsize=8)
def _altered(there: tuple[_Bytes, ...]) -> tuple[str, ...]:
    rows = [_row(*each) for each in there]
    missing = sorted({place for _, _, place, _ in _made().difference(rows)})
    strange = (told for row in rows if row not in _made() for told in _strange(row))
    return (*dict.fromkeys([*(f"the definition of {place}" for place in missing), *strange]),)


def _strange(row: _Row) -> Iterator[str]:
    """What it is, unless it may stand there."""
    sort, name, place, words = row
    if sort == "index" and words is None:
        return  # what a table has for its keys, by its own definition
    if planted := _PLANTED.match(words or ""):
        sort = planted[1].lower()
    elif row[:3] in {each[:3] for each in _made()}:
        yield f"the definition of {place}"
        return
    elif words is not None and _is_of_others(sort, name, words):
        return
    yield f"the {sort} {name}" + (f" of {place}" if place != name else "")


def _is_of_others(sort: str, name: str, words: str) -> bool:
    """Whether it is a plain table, or an index of one, and none of ours."""
    index = _INDEX.match(words)
    if sort == "index" and index is not None:
        name = index[3]
    elif sort != "table" or not words.startswith("CREATE TABLE "):
        return False
    return not name.lower().startswith(PREFIX)


@cache
def _made() -> frozenset[_Row]:
    """The rows of what our migrations make."""
    texts = (_OURS.match(text) for text in SQLITE.split(";\n"))
    return frozenset(
        (text[1].lower(), text[2], text[3] or text[2], _plain(text.string))
        for text in texts
        if text is not None
    )


def _row(sort: bytes | None, name: bytes | None, place: bytes | None, text: bytes | None) -> _Row:
    words = None if text is None else _plain(_read(text))
    return _read(sort), _read(name), _read(place), words


def _read(told: bytes | None) -> str:
    return (told or b"").decode(errors="backslashreplace")


def _plain(text: str) -> str:
    """Its words, however they are set."""
    return _BESIDE.sub(r"\1", _BLANKS.sub(" ", text)).strip(" ")

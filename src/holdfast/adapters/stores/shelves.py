"""What a transaction offers besides the record: letters, and the last word of each process."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)

from holdfast.adapters.stores.rows import insert_into, milliseconds, moment
from holdfast.adapters.stores.tables import ANSWERS, BEATS, LETTERS
from holdfast.model.canonical import Plain, canonical
from holdfast.model.entries import UNREADABLE
from holdfast.model.letters import Beat, Letter
from holdfast.model.runs import Figures

_OBJECT = msgspec.json.Decoder(dict)
_FIGURES = msgspec.json.Decoder(Figures)
_TEXTS = (LETTERS.c.id, LETTERS.c.kind, LETTERS.c.sender, LETTERS.c.body)
_NO_NAME = "*[^ -~]*"  # what ids of ours never have; nothing of such an id could be answered


class SqlLetters:
    """`Letters`."""

    def __init__(self, connection: Connection, cluster: str) -> None:
        self._connection = connection
        self._cluster = cluster

    def put(self, letter: Letter) -> None:
        """Hand something over."""
        self._connection.execute(
            insert(LETTERS).values(
                cluster_uid=self._cluster,
                id=letter.id,
                kind=letter.kind,
                sender=letter.sender,
                body=canonical(letter.body).decode(),
                at_ms=milliseconds(letter.at),
            )
        )

    def waiting(self, limit: int, kind: str = "") -> Sequence[Letter]:
        """The oldest that nobody has answered."""
        asked = (
            _asked(self._connection)
            .outerjoin(ANSWERS, ANSWERS.c.letter == LETTERS.c.id)
            .where(LETTERS.c.cluster_uid == self._cluster, ANSWERS.c.letter.is_(None))
            .where(_named(self._connection))
            .order_by(LETTERS.c.at_ms, LETTERS.c.id)
            .limit(limit)
        )
        if kind:
            asked = asked.where(LETTERS.c.kind == kind)
        return [_letter(row) for row in self._connection.execute(asked)]

    def backlog(self) -> int:
        """How many nobody has answered."""
        unanswered = (
            select(func.count())
            .select_from(LETTERS.outerjoin(ANSWERS, ANSWERS.c.letter == LETTERS.c.id))
            .where(LETTERS.c.cluster_uid == self._cluster, ANSWERS.c.letter.is_(None))
        )
        return int(self._connection.execute(unanswered).scalar_one())

    def outcome(self, id: str) -> str | None:  # noqa: A002 - the word of the record
        """What became of a letter."""
        told = select(ANSWERS.c.outcome).where(
            ANSWERS.c.cluster_uid == self._cluster, ANSWERS.c.letter == id
        )
        return self._connection.execute(told).scalar_one_or_none()

    def answer(self, id: str, outcome: str) -> bool:  # noqa: A002 - the word of the record
        """Say what became of a letter, once."""
        upsert = insert_into(self._connection, ANSWERS).values(
            cluster_uid=self._cluster, letter=id, outcome=outcome
        )
        # By what comes back, not by a count: PostgreSQL's driver counts nothing here.
        told = self._connection.execute(upsert.on_conflict_do_nothing().returning(ANSWERS.c.letter))
        return told.first() is not None


class SqlBeats:
    """`Beats`."""

    def __init__(self, connection: Connection, cluster: str) -> None:
        self._connection = connection
        self._cluster = cluster

    def beat(self, beat: Beat) -> None:
        """Say that a process lives."""
        told = {
            "role": beat.role,
            "version": beat.version,
            "started_ms": milliseconds(beat.started),
            "beat_ms": milliseconds(beat.beat),
            "figures": msgspec.json.encode(beat.figures).decode() if beat.figures else "",
        }
        upsert = insert_into(self._connection, BEATS).values(
            cluster_uid=self._cluster, executor=beat.executor, **told
        )
        self._connection.execute(
            upsert.on_conflict_do_update(index_elements=[BEATS.c.executor], set_=told)
        )

    def all(self) -> Sequence[Beat]:
        """The last word of each process."""
        rows = self._connection.execute(
            select(BEATS).where(BEATS.c.cluster_uid == self._cluster).order_by(BEATS.c.executor)
        )
        return [
            Beat(
                executor=row.executor,
                role=row.role,
                version=row.version,
                started=moment(row.started_ms),
                beat=moment(row.beat_ms),
                figures=_figures(row.figures),
            )
            for row in rows
        ]

    def forget(self, executor: str) -> None:
        """A process ended in order."""
        self._connection.execute(
            delete(BEATS).where(BEATS.c.cluster_uid == self._cluster, BEATS.c.executor == executor)
        )


def _figures(told: str) -> Figures | None:
    """What somebody else has written there counts as nothing."""
    try:
        return _FIGURES.decode(told) if told else None
    except (msgspec.MsgspecError, UnicodeError):
        return None


def moment_of(connection: Connection) -> datetime:
    """What time it is there: by the server's clock, or by this machine's, where the file is."""
    if connection.dialect.name == "sqlite":
        asked = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    else:
        asked = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
    return moment(int(connection.execute(text(asked)).scalar_one()))


def _asked(connection: Connection) -> Select[*tuple[Any, ...]]:
    """What is read of a letter. In SQLite a column of texts holds whatever was written there: it is
    read byte for byte, and told whether it is what the column is of.
    """
    if connection.dialect.name != "sqlite":
        return select(*_TEXTS, LETTERS.c.at_ms, literal(value=True).label("whole"))
    whole = and_(
        *(func.typeof(each) == "text" for each in _TEXTS),
        func.typeof(LETTERS.c.at_ms) == "integer",
    )
    bare = (cast(each, LargeBinary).label(each.name) for each in _TEXTS)
    at = cast(LETTERS.c.at_ms, BigInteger).label("at_ms")
    return select(*bare, at, whole.label("whole"))


def _named(connection: Connection) -> ColumnElement[bool]:
    """Whether a letter has an id by which it can be answered."""
    if connection.dialect.name != "sqlite":
        return literal(value=True)
    id_: Column[str] = LETTERS.c.id
    return and_(func.typeof(id_) == "text", id_.op("NOT GLOB")(_NO_NAME))


def _letter(row: Row[*tuple[Any, ...]]) -> Letter:
    """A row as whoever may write it left it: nothing in it stops whoever reads."""
    kind, body = _text(row.kind), dict[str, Plain]()
    try:
        body = _OBJECT.decode(row.body)
    except (msgspec.DecodeError, RecursionError):
        kind = UNREADABLE
    return Letter(
        id=_text(row.id),
        kind=kind if row.whole else UNREADABLE,
        sender=_text(row.sender),
        body=body,
        at=moment(row.at_ms),
    )


def _text(told: str | bytes) -> str:
    """As it was written; what is in no encoding of ours is told as such."""
    return told.decode(errors="backslashreplace") if isinstance(told, bytes) else told

"""What a transaction offers besides the record: letters, and the last word of each process."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)

from holdfast.adapters.stores.rows import (
    as_written,
    insert_into,
    keep,
    milliseconds,
    moment,
    written,
)
from holdfast.adapters.stores.tables import ANSWERS, BEATS, LETTERS
from holdfast.model.canonical import Plain, canonical
from holdfast.model.entries import UNREADABLE
from holdfast.model.letters import Beat, Letter
from holdfast.model.runs import Figures

_OBJECT = msgspec.json.Decoder(dict)
_FIGURES = msgspec.json.Decoder(Figures)
_LETTER = (*(LETTERS.c[name] for name in ("id", "kind", "sender", "body", "at_ms")),)
_BEAT = (*(each for each in BEATS.columns if each is not BEATS.c.cluster_uid),)
_NO_NAME = "*[^ -~]*"  # what ids of ours never have; nothing of such an id could be answered


class SqlLetters:
    """`Letters`."""

    def __init__(self, connection: Connection, cluster: str) -> None:
        self._connection = connection
        self._cluster = cluster

    def put(self, letter: Letter) -> None:
        """Hand something over."""
        row = {
            "cluster_uid": self._cluster,
            "id": letter.id,
            "kind": letter.kind,
            "sender": letter.sender,
            "body": canonical(letter.body).decode(),
            "at_ms": milliseconds(letter.at),
        }
        keep(self._connection, insert(LETTERS), [row])

    def waiting(self, limit: int, kind: str = "") -> Sequence[Letter]:
        """The oldest that nobody has answered."""
        asked = (
            as_written(self._connection, _LETTER)
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
        """The last word of each process. What is no moment, or no text, is nobody's word."""
        asked = as_written(self._connection, _BEAT)
        rows = self._connection.execute(
            asked.where(BEATS.c.cluster_uid == self._cluster).order_by(BEATS.c.executor)
        )
        return [
            Beat(
                executor=written(row.executor),
                role=written(row.role),
                version=written(row.version),
                started=moment(row.started_ms),
                beat=moment(row.beat_ms),
                figures=_figures(row.figures),
            )
            for row in rows
            if row.whole
        ]

    def forget(self, executor: str) -> None:
        """A process ended in order."""
        self._connection.execute(
            delete(BEATS).where(BEATS.c.cluster_uid == self._cluster, BEATS.c.executor == executor)
        )


def _figures(told: str | bytes) -> Figures | None:
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


def _named(connection: Connection) -> ColumnElement[bool]:
    """Whether a letter has an id by which it can be answered."""
    if connection.dialect.name != "sqlite":
        return literal(value=True)
    id_: Column[str] = LETTERS.c.id
    return and_(func.typeof(id_) == "text", id_.op("NOT GLOB")(_NO_NAME))


def _letter(row: Row[*tuple[Any, ...]]) -> Letter:
    """A row as whoever may write it left it: nothing in it stops whoever reads."""
    kind, body = written(row.kind), dict[str, Plain]()
    try:
        body = _OBJECT.decode(row.body)
    except (msgspec.DecodeError, RecursionError):
        kind = UNREADABLE
    return Letter(
        id=written(row.id),
        kind=kind if row.whole else UNREADABLE,
        sender=written(row.sender),
        body=body,
        at=moment(row.at_ms),
    )

"""What a transaction offers, one shelf for each sort of thing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from holdfast.adapters.stores.tables import ANSWERS, BEATS, DRAFTS, ENTRIES, LETTERS, TIPS
from holdfast.errors import AlreadyKept, StoreRefused
from holdfast.model.canonical import Plain, canonical
from holdfast.model.entries import Checkpoint, Draft, Entry, check_draft
from holdfast.model.letters import Beat, Letter

SEALER = 0x686F6C64  # the advisory lock of whoever seals
AT_ONCE = 1000  # rows that one page of the chain holds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SqlRecords:
    """`Records`."""

    def __init__(self, connection: Connection, cluster: str) -> None:
        self._connection = connection
        self._cluster = cluster

    def submit(self, draft: Draft) -> None:
        """Have something sealed."""
        check_draft(draft)
        self._connection.execute(
            insert(DRAFTS).values(
                cluster_uid=self._cluster,
                id=draft.id,
                kind=draft.kind,
                actor=draft.actor,
                subjects=canonical(list(draft.subjects)).decode(),
                details=canonical(draft.details).decode(),
            )
        )
        # After the insert, so that whoever seals that id meanwhile is waited for.
        if self.entry(draft.id) is not None:
            raise AlreadyKept(f"{draft.id} is sealed already.", remedy="Look at that entry.")

    def waiting(self, limit: int) -> Sequence[Draft]:
        """The oldest of what waits."""
        rows = self._connection.execute(
            select(DRAFTS)
            .where(DRAFTS.c.cluster_uid == self._cluster)
            .order_by(DRAFTS.c.place)
            .limit(limit)
        )
        return [
            Draft(
                id=row.id,
                kind=row.kind,
                actor=row.actor,
                subjects=tuple(msgspec.json.decode(row.subjects)),
                details=msgspec.json.decode(row.details),
            )
            for row in rows
        ]

    def sole_sealer(self) -> bool:
        """On SQLite whoever writes is alone; on PostgreSQL a lock of this transaction says so."""
        if self._connection.dialect.name == "sqlite":
            return True
        asked = text("SELECT pg_try_advisory_xact_lock(:key, hashtext(:cluster))")
        told = self._connection.execute(asked, {"key": SEALER, "cluster": self._cluster})
        return bool(told.scalar_one())

    def tip(self) -> Checkpoint | None:
        """The chain's state now."""
        row = self._connection.execute(
            select(TIPS).where(TIPS.c.cluster_uid == self._cluster)
        ).one_or_none()
        if row is None:
            return None
        return Checkpoint(
            chain=row.chain,
            cluster=self._cluster,
            epoch=row.epoch,
            size=row.size,
            root=bytes.fromhex(row.root),
            head=row.head,
            frontier=tuple(bytes.fromhex(each) for each in row.frontier.split()),
            key=row.key,
            time=row.time,
        )

    def seal(self, entries: Sequence[Entry], tip: Checkpoint) -> None:
        """Append entries, and move the tip from where they begin to where they end."""
        if not entries:
            return
        self._connection.execute(
            insert(ENTRIES),
            [
                {
                    "cluster_uid": self._cluster,
                    "seq": entry.seq,
                    "id": entry.id,
                    "kind": entry.kind,
                    "line": entry.line.decode(),
                }
                for entry in entries
            ],
        )
        self._move(entries[0].seq - 1, tip)
        self._connection.execute(
            delete(DRAFTS).where(DRAFTS.c.id.in_([entry.id for entry in entries]))
        )

    def _move(self, size: int, tip: Checkpoint) -> None:
        told = {
            "epoch": tip.epoch,
            "size": tip.size,
            "root": tip.root.hex(),
            "head": tip.head,
            "frontier": " ".join(each.hex() for each in tip.frontier),
            "key": tip.key,
            "time": tip.time,
        }
        if size == 0:
            self._connection.execute(
                insert(TIPS).values(cluster_uid=self._cluster, chain=tip.chain, **told)
            )
            return
        moved = self._connection.execute(
            update(TIPS)
            .where(TIPS.c.cluster_uid == self._cluster, TIPS.c.size == size)
            .values(**told)
        )
        if moved.rowcount != 1:
            raise StoreRefused(
                f"The chain does not end at entry {size}, where these entries continue it.",
                remedy="Somebody else seals as well: run one keeper, and look at its log.",
            )

    def entry(self, id: str) -> Entry | None:  # noqa: A002 - the word of the record
        """The sealed entry of that id."""
        line = self._connection.execute(
            select(ENTRIES.c.line).where(ENTRIES.c.cluster_uid == self._cluster, ENTRIES.c.id == id)
        ).scalar_one_or_none()
        return msgspec.json.decode(line, type=Entry) if line is not None else None

    def at(self, seq: int) -> Entry | None:
        """The sealed entry at that place."""
        line = self._connection.execute(
            select(ENTRIES.c.line).where(
                ENTRIES.c.cluster_uid == self._cluster, ENTRIES.c.seq == seq
            )
        ).scalar_one_or_none()
        return msgspec.json.decode(line, type=Entry) if line is not None else None

    def of_kind(self, kind: str) -> Sequence[Entry]:
        """All sealed entries of that kind."""
        lines = self._connection.execute(
            select(ENTRIES.c.line)
            .where(ENTRIES.c.cluster_uid == self._cluster, ENTRIES.c.kind == kind)
            .order_by(ENTRIES.c.seq)
        ).scalars()
        return [msgspec.json.decode(line, type=Entry) for line in lines]

    def lines(self, first: int = 1) -> Iterator[bytes]:
        """The chain's lines, a page at a time."""
        while True:
            rows = self._connection.execute(
                select(ENTRIES.c.seq, ENTRIES.c.line)
                .where(ENTRIES.c.cluster_uid == self._cluster, ENTRIES.c.seq >= first)
                .order_by(ENTRIES.c.seq)
                .limit(AT_ONCE)
            ).all()
            for _, line in rows:
                yield line.encode()
            if len(rows) < AT_ONCE:
                return
            first = rows[-1].seq + 1


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
                at_ms=_milliseconds(letter.at),
            )
        )

    def waiting(self, limit: int) -> Sequence[Letter]:
        """The oldest that nobody has answered."""
        rows = self._connection.execute(
            select(LETTERS)
            .outerjoin(ANSWERS, ANSWERS.c.letter == LETTERS.c.id)
            .where(LETTERS.c.cluster_uid == self._cluster, ANSWERS.c.letter.is_(None))
            .order_by(LETTERS.c.at_ms, LETTERS.c.id)
            .limit(limit)
        )
        return [
            Letter(
                id=row.id,
                kind=row.kind,
                sender=row.sender,
                body=_object(row.body),
                at=_moment(row.at_ms),
            )
            for row in rows
        ]

    def answer(self, id: str, outcome: str) -> bool:  # noqa: A002 - the word of the record
        """Say what became of a letter, once."""
        upsert = _insert(self._connection, ANSWERS).values(
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
            "started_ms": _milliseconds(beat.started),
            "beat_ms": _milliseconds(beat.beat),
        }
        upsert = _insert(self._connection, BEATS).values(
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
                started=_moment(row.started_ms),
                beat=_moment(row.beat_ms),
            )
            for row in rows
        ]

    def forget(self, executor: str) -> None:
        """A process ended in order."""
        self._connection.execute(
            delete(BEATS).where(BEATS.c.cluster_uid == self._cluster, BEATS.c.executor == executor)
        )


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _object(written: str) -> dict[str, Plain]:
    told: dict[str, Plain] = msgspec.json.decode(written)
    return told


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)

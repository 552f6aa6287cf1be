"""The shelf of the record: what waits to be sealed, the chain, and where it ends."""

from collections.abc import Collection, Iterator, Sequence

import msgspec
from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Label,
    Row,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from holdfast.adapters.stores.rows import keep
from holdfast.adapters.stores.tables import DRAFTS, ENTRIES, SEGMENTS, TIPS
from holdfast.errors import AlreadyKept, BadRecord, StoreRefused
from holdfast.model.access import Process
from holdfast.model.canonical import canonical
from holdfast.model.entries import (
    LONGEST_DRAFT,
    LONGEST_ID,
    UNREADABLE,
    Checkpoint,
    Draft,
    Entry,
    Segment,
    check_draft,
)

SEALER = 0x686F6C64  # the advisory lock of whoever seals
AT_ONCE = 1000  # rows that one page of the chain holds
_ENTRY = msgspec.json.Decoder(Entry)
_SUBJECTS = msgspec.json.Decoder(tuple[str, ...])
_DETAILS = msgspec.json.Decoder(dict)

# What every record takes is built once: building a statement costs more than running it.
_CLUSTER: BindParameter[str] = bindparam("cluster")
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_OURS = ENTRIES.c.cluster_uid == _CLUSTER
_SUBMIT = insert(DRAFTS)
_TAKE = delete(DRAFTS).where(DRAFTS.c.id.in_(_IDS))
_TIP = select(TIPS).where(TIPS.c.cluster_uid == _CLUSTER)
_LAST = select(ENTRIES.c.line).where(_OURS).order_by(ENTRIES.c.seq.desc()).limit(1)
_KNOWN = select(ENTRIES.c.id).where(_OURS, ENTRIES.c.id.in_(_IDS))
_SEALED = select(ENTRIES.c.line).where(_OURS, ENTRIES.c.id.in_(_IDS)).order_by(ENTRIES.c.seq)


def _cut(column: Column[str], longest: int = LONGEST_DRAFT) -> Label[str]:
    """What is longer than any of ours comes so that it cannot be mistaken for one of ours."""
    return func.substr(column, 1, longest + 1).label(column.name)


# An id that is longer than any of ours was written by nobody of ours. What names another cluster
# was so as well, because a database is for one. Both come, to be refused.
_BEGINNING = _cut(DRAFTS.c.id, LONGEST_ID)
_TAKE_LONG = delete(DRAFTS).where(
    func.length(DRAFTS.c.id) > LONGEST_ID, _BEGINNING.element.in_(_IDS)
)
_WAITING = (
    select(_BEGINNING, (DRAFTS.c.cluster_uid == _CLUSTER).label("ours"))
    .add_columns(*map(_cut, (DRAFTS.c.kind, DRAFTS.c.actor, DRAFTS.c.subjects, DRAFTS.c.process)))
    .add_columns(_cut(DRAFTS.c.details))
    .order_by(DRAFTS.c.place)
    .limit(bindparam("limit"))
)


class SqlRecords:
    """`Records`."""

    def __init__(self, connection: Connection, cluster: str, process: Process) -> None:
        self._connection = connection
        self._cluster = cluster
        self._process = process

    def submit(self, *drafts: Draft) -> None:
        """Have these sealed."""
        for draft in drafts:
            check_draft(draft)
        if not drafts:
            return
        keep(self._connection, _SUBMIT, [self._row(draft) for draft in drafts])
        # After the insert, so that whoever seals those ids meanwhile is waited for.
        ids = [draft.id for draft in drafts]
        known = self._connection.execute(_KNOWN, {"cluster": self._cluster, "ids": ids}).first()
        if known is not None:
            raise AlreadyKept(f"{known.id} is sealed already.", remedy="Look at that entry.")

    def _row(self, draft: Draft) -> dict[str, str]:
        return {
            "cluster_uid": self._cluster,
            "id": draft.id,
            "kind": draft.kind,
            "actor": draft.actor,
            "subjects": canonical(list(draft.subjects)).decode(),
            "details": canonical(draft.details).decode(),
            "process": self._process.value,
        }

    def waiting(self, limit: int) -> Sequence[Draft]:
        """The oldest of what waits."""
        rows = self._connection.execute(_WAITING, {"cluster": self._cluster, "limit": limit})
        return [_draft(row) for row in rows]

    def discard(self, ids: Collection[str]) -> None:
        """Take these from what waits."""
        if ids:
            self._connection.execute(_TAKE, {"ids": list(ids)})
        if beginnings := [each for each in ids if len(each) > LONGEST_ID]:
            self._connection.execute(_TAKE_LONG, {"ids": beginnings})

    def sole_sealer(self) -> bool:
        """On SQLite whoever writes is alone; on PostgreSQL a lock of this transaction says so."""
        if self._connection.dialect.name == "sqlite":
            return True
        asked = text("SELECT pg_try_advisory_xact_lock(:key, hashtext(:cluster))")
        told = self._connection.execute(asked, {"key": SEALER, "cluster": self._cluster})
        return bool(told.scalar_one())

    def tip(self) -> Checkpoint | None:
        """The chain's state now."""
        row = self._connection.execute(_TIP, {"cluster": self._cluster}).one_or_none()
        return _tip(row, self._cluster) if row is not None else None

    def seal(self, entries: Sequence[Entry], tip: Checkpoint) -> None:
        """Append entries, and move the tip from where they begin to where they end."""
        if not entries:
            return
        keep(
            self._connection,
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
        self.discard([entry.id for entry in entries])

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
            first = {"cluster_uid": self._cluster, "chain": tip.chain, **told}
            keep(self._connection, insert(TIPS), [first])
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
        return next(iter(self.entries([id])), None)

    def entries(self, ids: Collection[str]) -> Sequence[Entry]:
        """The sealed ones of those ids."""
        if not ids:
            return []
        rows = self._connection.execute(_SEALED, {"cluster": self._cluster, "ids": list(ids)})
        return [_entry(row.line) for row in rows]

    def at(self, seq: int) -> Entry | None:
        """The sealed entry at that place."""
        line = self._connection.execute(
            select(ENTRIES.c.line).where(
                ENTRIES.c.cluster_uid == self._cluster, ENTRIES.c.seq == seq
            )
        ).scalar_one_or_none()
        return _entry(line) if line is not None else None

    def last(self) -> Entry | None:
        """The sealed entry at the highest place."""
        told = self._connection.execute(_LAST, {"cluster": self._cluster})
        line = told.scalar_one_or_none()
        return _entry(line) if line is not None else None

    def of_kind(self, kind: str) -> Sequence[Entry]:
        """All sealed entries of that kind."""
        lines = self._connection.execute(
            select(ENTRIES.c.line)
            .where(ENTRIES.c.cluster_uid == self._cluster, ENTRIES.c.kind == kind)
            .order_by(ENTRIES.c.seq)
        ).scalars()
        return [_entry(line) for line in lines]

    def lines(self, first: int = 1) -> Iterator[bytes]:
        """The chain's lines, a page at a time."""
        start = self.start()
        first = max(first, start.size + 1 if start is not None else 1)
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

    def close(self, segment: Segment) -> None:
        """Keep a signed state of the chain."""
        row = {
            "cluster_uid": self._cluster,
            "size": segment.size,
            "time": segment.time,
            "note": segment.note.decode(),
            "let_go": int(segment.let_go),
        }
        keep(self._connection, insert(SEGMENTS), [row])

    def segments(self) -> Sequence[Segment]:
        """The ends of segments whose entries are all here."""
        return self._segments(let_go=False)

    def start(self) -> Segment | None:
        """The end of what was let go."""
        return next(iter(self._segments(let_go=True)), None)

    def let_go(self, size: int, keeping: Collection[str]) -> None:
        """Drop the entries up to the end of that segment."""
        ours = SEGMENTS.c.cluster_uid == self._cluster
        moved = self._connection.execute(
            update(SEGMENTS)
            .where(ours, SEGMENTS.c.size == size, SEGMENTS.c.let_go == 0)
            .values(let_go=1)
        )
        if moved.rowcount != 1:
            raise StoreRefused(
                f"No segment of the chain ends at entry {size}.",
                remedy="Somebody else has let it go meanwhile: look at the record.",
            )
        self._connection.execute(delete(SEGMENTS).where(ours, SEGMENTS.c.size < size))
        self._connection.execute(
            delete(ENTRIES).where(
                ENTRIES.c.cluster_uid == self._cluster,
                ENTRIES.c.seq <= size,
                ENTRIES.c.kind.not_in(list(keeping)),
            )
        )

    def _segments(self, *, let_go: bool) -> Sequence[Segment]:
        rows = self._connection.execute(
            select(SEGMENTS)
            .where(SEGMENTS.c.cluster_uid == self._cluster, SEGMENTS.c.let_go == int(let_go))
            .order_by(SEGMENTS.c.size)
        )
        return [
            Segment(size=row.size, time=row.time, note=row.note.encode(), let_go=bool(row.let_go))
            for row in rows
        ]

    def backlog(self) -> int:
        """How many drafts wait."""
        counted = select(func.count()).select_from(DRAFTS)
        return int(self._connection.execute(counted).scalar_one())


def _entry(line: str) -> Entry:
    try:
        return _ENTRY.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise _rewritten(f"An entry in hf_entries is none of ours: {line[:60]!r}") from None


def _tip(row: Row[tuple[object, ...]], cluster: str) -> Checkpoint:
    try:
        return Checkpoint(
            chain=row.chain,
            cluster=cluster,
            epoch=row.epoch,
            size=row.size,
            root=bytes.fromhex(row.root),
            head=row.head,
            frontier=tuple(bytes.fromhex(each) for each in row.frontier.split()),
            key=row.key,
            time=row.time,
        )
    except ValueError:
        raise _rewritten("The row in hf_tips says of no state how the chain stands") from None


def _rewritten(what: str) -> BadRecord:
    return BadRecord(
        f"{what}. Somebody has written into the database, or its disk is damaged.",
        remedy="Keep it, see what is left of the record with: holdfast audit verify, and restore a "
        "backup into another database.",
    )


def _draft(row: Row[tuple[object, ...]]) -> Draft:
    """A row as whoever may write it left it: nothing in it stops whoever reads."""
    if not row.ours:
        return Draft(id=row.id, kind=UNREADABLE, actor=row.actor)
    try:
        subjects = _SUBJECTS.decode(row.subjects)
        details = _DETAILS.decode(row.details)
    except (msgspec.DecodeError, RecursionError):
        return Draft(id=row.id, kind=UNREADABLE, actor=row.actor)
    process = Process.KEEPER if row.process == Process.KEEPER.value else Process.SERVE
    return Draft(
        id=row.id,
        kind=row.kind,
        actor=row.actor,
        subjects=subjects,
        details=details,
        process=process,
    )

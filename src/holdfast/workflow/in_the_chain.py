"""What the chain holds of one proposal, verified before it is believed.

Whoever can write the whole database can write over each row, and over the lines of the chain too.
What he cannot make without the key is a chain of which something is left out, or says otherwise:
- It is read from an hour before the proposal's id was made to its end. Each entry continues the one
  before it, and the last is signed by a key of ours: so all of them are what was sealed.
- Where that hour begins is looked for by the times of entries, each of which is verified by itself.
- What was let go before it, a checkpoint says that is signed as well.
- What a key seals after the entry that revokes it does not count, as for whoever verifies it all.
Conceded: who cuts off the end, at a place where no anchor was kept; and who has a revoked key, and
takes away the entry that revoked it, where that is older than what is read.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from holdfast.audit import chain
from holdfast.audit.checkpoints import read_note
from holdfast.errors import BadRecord
from holdfast.model.entries import (
    REVOKED,
    Check,
    Entry,
    PublicKey,
    entry_hash,
    signed_bytes,
)
from holdfast.model.ids import made_at
from holdfast.model.times import stamp
from holdfast.ports import Records

AROUND = timedelta(hours=1)
"""How far the clock of whoever made the id may be before that of whoever seals."""


def entries_of(
    records: Records,
    id_: str,
    keys: Sequence[PublicKey],
    check: Check,
    kinds: Container[str] = (),
) -> Sequence[Entry]:
    """What is sealed of that proposal, and since then of those kinds, in its order. Raises
    `BadRecord` where nobody can tell.
    """
    made = made_at(id_)
    since = made - AROUND if made is not None else None
    told = _Reader(records, {each.id: each for each in keys}, check).since(since)
    return [each for each in told if id_ in each.subjects or each.kind in kinds]


def entries_since(
    records: Records,
    moment: datetime | None,
    keys: Sequence[PublicKey],
    check: Check,
    wanted: Callable[[Entry], bool],
) -> Sequence[Entry]:
    """What is wanted of all that was sealed since then, or of all, in its order. Raises `BadRecord`
    where nobody can tell.
    """
    told = _Reader(records, {each.id: each for each in keys}, check).since(moment)
    return [each for each in told if wanted(each)]


def as_it_stands(records: Records, wanted: Callable[[Entry], bool]) -> Sequence[Entry]:
    """What is wanted of all that is there, in its order, whoever signed it. Raises `BadRecord` for
    what was changed.
    """
    told = [each for each in map(chain.parse, records.lines()) if wanted(each)]
    for each in told:
        require_whole(each)
    return told


class _Reader:
    """Reads the end of one chain."""

    def __init__(self, records: Records, keys: Mapping[str, PublicKey], check: Check) -> None:
        self._records = records
        self._keys = keys
        self._check = check
        self._revoked = dict(revocations(records))

    def since(self, moment: datetime | None) -> Iterator[Entry]:
        """Every entry since then, or all. Nothing of it counts until it has ended well."""
        first = self._first(moment)
        last: Entry | None = None
        for line in self._records.lines(first):
            entry = chain.parse(line)
            require_whole(entry)
            if not _continues(entry, last, first):
                raise _otherwise(entry.seq)
            require_not_revoked(entry, self._revoked)
            if entry.kind == REVOKED:  # whatever the row says that it is
                self._revoked.setdefault(str(entry.details.get("key")), entry.seq)
            last = entry
            yield entry
        if last is not None:
            self._require_signed(last)

    def _first(self, moment: datetime | None) -> int:
        """The place from which on all was sealed after that."""
        start, last = self._records.start(), self._records.last()
        low = start.size + 1 if start is not None else 1
        if last is None or moment is None:
            return 1
        since = stamp(moment)
        if start is not None:
            gone = read_note(start.note, self._keys.values(), self._check)
            if gone.size >= self._revoked.get(gone.key, gone.size + 1):
                raise _revoked(f"What was recorded up to entry {gone.size}", gone.key)
            if gone.size != start.size or gone.time >= since:
                raise BadRecord(
                    f"What was recorded up to entry {start.size} is not here any more, and may be "
                    "about this.",
                    remedy="Propose it, or sign it, again.",
                )
        high = last.seq + 1
        while low < high:
            middle = (low + high) // 2
            if self._at(middle).time < since:
                low = middle + 1
            else:
                high = middle
        return low

    def _at(self, seq: int) -> Entry:
        entry = self._records.at(seq)
        if entry is None or entry.seq != seq:
            raise _otherwise(seq)
        self._require_signed(entry)
        return entry

    def _require_signed(self, entry: Entry) -> None:
        require_signed(entry, self._keys, self._check)
        require_not_revoked(entry, self._revoked)


def revocations(records: Records) -> Mapping[str, int]:
    """The first entry that revoked a key, by the key. Whoever signed that: one too many only means
    that less counts.
    """
    told: dict[str, int] = {}
    for each in records.of_kind(REVOKED):
        told.setdefault(str(each.details.get("key")), each.seq)
    return told


def require_not_revoked(entry: Entry, revoked: Mapping[str, int]) -> None:
    """Raise `BadRecord` for what a key has signed after the entry that revoked it."""
    if entry.seq > revoked.get(entry.key, entry.seq):
        raise _revoked(f"Entry {entry.seq} of the record", entry.key)


def require_signed(entry: Entry, keys: Mapping[str, PublicKey], check: Check) -> None:
    """Raise `BadRecord` unless one of those keys has signed just that."""
    key = keys.get(entry.key)
    if key is None:
        raise BadRecord(
            f"Entry {entry.seq} of the record is signed by key {entry.key[:12]}, which is not "
            "known here.",
            remedy="See which ones are with: holdfast keys list",
        )
    require_whole(entry)
    if not check(key, signed_bytes(entry.hash), bytes.fromhex(entry.sig)):
        raise _otherwise(entry.seq)


def require_whole(entry: Entry) -> None:
    """Raise `BadRecord` unless its hash is that of what it says."""
    if entry.hash != entry_hash(entry.hashed):
        raise _otherwise(entry.seq)


def _continues(entry: Entry, last: Entry | None, first: int) -> bool:
    if last is None:
        return entry.seq == first
    return entry.seq == last.seq + 1 and entry.prev == last.hash


def _revoked(what: str, key: str) -> BadRecord:
    return BadRecord(
        f"{what} is signed by key {key[:12]}, which was revoked before.",
        remedy="Somebody has that key, and has written into the database: see what is left of the "
        "record with `holdfast audit verify`.",
    )


def _otherwise(seq: int) -> BadRecord:
    return BadRecord(
        f"Entry {seq} of the record is not what was sealed.",
        remedy="Somebody has written into the database: see what is left of the record with "
        "`holdfast audit verify`.",
    )

"""Let older entries of the record go, a whole segment at a time; the checkpoint at their end stays.

- They are verified, and stand safely elsewhere, before anything is dropped.
- Dropping them, and the entry that says so, are one transaction. If it never was, all of them are
  here still, and the next attempt finds what was exported.
- Revocations stay: whoever goes on from the checkpoint must know which keys signed nothing more.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from holdfast.audit.checkpoints import read_note
from holdfast.audit.verification import Verifier
from holdfast.errors import BadRecord
from holdfast.model.canonical import Plain
from holdfast.model.entries import (
    LET_GO,
    REVOKED,
    Check,
    Checkpoint,
    Entry,
    PublicKey,
    Segment,
)
from holdfast.ports import Records
from holdfast.workflow.orders import TICKETS, draft_of, in_turn
from holdfast.workflow.sealing import Sealer

KEPT = (REVOKED, TICKETS[REVOKED])


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be let go: the entries after one checkpoint, up to another."""

    start: Checkpoint | None
    end: Checkpoint
    note: bytes  # of its end

    @property
    def first(self) -> int:
        """Its first entry."""
        return self.start.size + 1 if self.start is not None else 1

    @property
    def count(self) -> int:
        """How many entries it has."""
        return self.end.size - self.first + 1

    @property
    def name(self) -> str:
        """What the file of its entries is called."""
        return f"{self.end.chain}-{self.first}-{self.end.size}.jsonl"


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that are believed, and what checks their signatures."""

    keys: Sequence[PublicKey]
    check: Check

    def without(self, revoked: Iterable[str]) -> "Trust":
        """The same, but for keys that were revoked."""
        gone = {*revoked}
        return Trust(keys=[key for key in self.keys if key.id not in gone], check=self.check)

    def read(self, segment: Segment | None) -> Checkpoint | None:
        """The checkpoint of a segment's end. Raises `BadRecord` for one that nobody signed."""
        return read_note(segment.note, self.keys, self.check) if segment is not None else None


def part_before(records: Records, trust: Trust, time: str) -> Part | None:
    """All whole segments that ended before that time; None if there is none."""
    revoked = {str(each.details["key"]) for each in records.of_kind(REVOKED)}
    start = trust.read(records.start())
    believed = trust.without(revoked)  # what a revoked key says is not what one goes on from
    for segment in reversed(records.segments()):
        end = _believed(segment, believed) if segment.time < time else None
        if end is not None:
            return Part(start=start, end=end, note=segment.note)
    return None


def verified(part: Part, trust: Trust, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Those lines, one by one, if they are exactly the part; raises `BadRecord` where not."""
    verifier = Verifier(trust.keys, trust.check, start=part.start)
    for line in lines:
        if not verifier.take(line):
            break
        yield line
    outcome = verifier.outcome()
    if outcome.broken is not None or outcome.state != part.end:
        why = outcome.broken.because if outcome.broken is not None else "it ends otherwise"
        raise BadRecord(
            f"The entries up to {part.end.size} are not let go, because they do not verify: {why}.",
            remedy="See what is wrong with: holdfast audit verify",
        )


async def let_go(sealer: Sealer, part: Part, actor: str) -> Entry:
    """Drop a part that stands elsewhere, and say so in the record."""
    told: dict[str, Plain] = {
        "first": part.first,
        "size": part.end.size,
        "epoch": part.end.epoch,
        "head": part.end.head,
        "file": part.name,
    }
    draft = draft_of(sealer, LET_GO, actor, told)

    def attempt() -> Entry | None:
        with sealer.store.transaction() as tx:
            if not tx.records.sole_sealer():
                return None
            entry = sealer.order(tx.records, draft)
            tx.records.let_go(part.end.size, KEPT)
            return entry

    return await in_turn(attempt)


def revoked_before(records: Records, size: int) -> Sequence[str]:
    """The keys that were revoked up to that entry: what goes on from there must not trust them."""
    return [str(e.details["key"]) for e in records.of_kind(REVOKED) if e.seq <= size]


def _believed(segment: Segment, trust: Trust) -> Checkpoint | None:
    try:
        return trust.read(segment)
    except BadRecord:
        return None

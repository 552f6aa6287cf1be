"""The sealer: takes what waits into the chain, in batches, one sealer at a time.

- Who does not get the lock seals nothing; who has it keeps it until its batch is in the chain.
- A batch is in the chain with the moved tip, and gone from what waits, or none of it happened.
- Entries that change how others are judged (of keys, of a restore) are never taken from what
  waits, because whoever may submit could order them. People order them, with the key in hand.
- A draft that may not or cannot be sealed becomes an entry that says so, under its own id: nothing
  holds up the chain, and whoever waits for it hears.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from holdfast.audit import chain
from holdfast.audit.changes import false_epoch, false_turn
from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord, CannotSign, HoldfastError, NotCanonical
from holdfast.model.entries import (
    RESTORED,
    REVOKED,
    ROTATED,
    Draft,
    Entry,
    Head,
    check_draft,
)
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.times import stamp
from holdfast.ports import Clock, Dice, Keyring, Records, Store

BATCH = 500  # drafts in one transaction: some milliseconds of signing, one wait for the disk
PACE = 0.02  # seconds between two looks at what waits, and at whether something is sealed
TROUBLED = 1.0  # the same, while the store or the key does not answer
NOT_SEALED = "draft_refused"
_ORDERED = (ROTATED, REVOKED, RESTORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Whoever has the audit key and a cluster's store."""

    store: Store
    keys: Keyring
    clock: Clock
    dice: Dice

    def batch(self) -> int | None:
        """Seal the oldest of what waits, and say how many; None if somebody else is sealing."""
        with self.store.reading() as tx:
            if not tx.records.waiting(1):
                return 0
        with self.store.transaction() as tx:
            if not tx.records.sole_sealer():
                return None
            drafts = [_fit(draft) for draft in tx.records.waiting(BATCH)]
            if drafts:
                self._append(tx.records, drafts, self._head(tx.records))
            return len(drafts)

    def order(self, records: Records, draft: Draft, *, epoch: int | None = None) -> Entry:
        """Seal one entry at once, before what waits: a change of keys, or a new epoch.

        `records` are those of a transaction whose `sole_sealer` said yes. Raises `BadRecord` for
        an order that makes no sense, and nothing is sealed.
        """
        check_draft(draft)
        head = self._head(records)
        began = head if epoch is None else msgspec.structs.replace(head, epoch=epoch)
        revoked = [str(entry.details["key"]) for entry in records.of_kind(REVOKED)]
        entry = self._append(records, [draft], began)[0]
        why = false_epoch(entry, head) or false_turn(entry, revoked)
        if entry.key in revoked:
            why = f"it would be signed by key {entry.key}, which was revoked"
        if why:
            raise BadRecord(
                f"The chain cannot be continued by this {draft.kind}: {why}.",
                remedy="See what is there with: holdfast keys list",
            )
        return entry

    def _head(self, records: Records) -> Head:
        tip = records.tip()
        if tip is not None:
            return chain.head_of(tip)
        name = new_id("chn", self.clock.now(), self.dice.roll(RANDOM))
        return chain.started(name, self.store.cluster)

    def _append(self, records: Records, drafts: Sequence[Draft], head: Head) -> Sequence[Entry]:
        """Sign, append and move the tip; what a restore says may be signed by any key."""
        restored = drafts[0].kind == RESTORED
        signer = self.keys.signer("" if restored else head.turn)
        key = signer.public.id
        if head.turn not in ("", key) and not restored:
            raise CannotSign(
                f"It is the turn of key {head.turn} to seal, and key {key} is there.",
                remedy="Bring that key, or rotate with it: holdfast keys rotate audit",
            )
        tip = records.tip()
        tree = Tree(tip.size, tip.frontier) if tip is not None else Tree()
        time = stamp(self.clock.now())
        entries = chain.sealed(head, drafts, time=time, key=key, sign=signer.sign)
        for entry in entries:
            tree.append(bytes.fromhex(entry.hash))
        records.seal(entries, chain.state_of(chain.after(head, entries[-1]), tree))
        return entries


async def seal_on(
    sealer: Sealer, ended: asyncio.Event, troubled: Callable[[HoldfastError], None]
) -> None:
    """Seal until it ended, whatever goes wrong on the way; `troubled` hears of that."""
    while not ended.is_set():
        pace = PACE
        try:
            if await asyncio.to_thread(sealer.batch):
                continue  # more may wait
        except HoldfastError as trouble:
            troubled(trouble)
            pace = TROUBLED
        try:
            await asyncio.wait_for(ended.wait(), pace)
        except TimeoutError:
            continue


async def sealed(store: Store, id_: str) -> Entry:
    """The entry of what was submitted under that id, once it is in the chain, and not before.

    The caller says how long that may take. Raises `BadRecord` if it was refused.
    """
    while True:
        entry = await asyncio.to_thread(_look, store, id_)
        if entry is not None:
            break
        await asyncio.sleep(PACE)
    if entry.kind == NOT_SEALED:
        raise BadRecord(
            f"The sealer refused {id_}: {entry.details.get('because')}.",
            remedy="Nothing may go on that relies on it.",
        )
    return entry


def _look(store: Store, id_: str) -> Entry | None:
    with store.reading() as tx:
        return tx.records.entry(id_)


def _fit(draft: Draft) -> Draft:
    if draft.kind in _ORDERED:
        return _refused(draft, f"a {draft.kind} is ordered by a person, never submitted")
    try:
        check_draft(draft)
    except NotCanonical as unfit:
        return _refused(draft, unfit.wrong)
    return draft


def _refused(draft: Draft, because: str) -> Draft:
    return Draft(
        id=draft.id,
        kind=NOT_SEALED,
        actor="keeper",
        details={"kind": draft.kind[:100], "because": because},
    )

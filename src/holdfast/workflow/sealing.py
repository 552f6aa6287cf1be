"""The sealer: takes what waits into the chain, in batches, one sealer at a time.

- A day of the record is a segment: before the first batch of another day, the state at the end of
  the one before is signed and kept, so that older entries can be let go there one day.
- Onto a chain that does not end where its tip says, or that does not hold any more what was sealed
  here, nothing is sealed, and the sealer ends. So it does where something was planted or altered in
  the database that we did not make: it looks before each batch, and every few seconds.
- Who does not get the lock seals nothing; who has it keeps it until its batch is in the chain.
- A batch is in the chain with the moved tip, and gone from what waits, or none of it happened.
- Entries that change how others are judged (of keys, of a restore) are never taken from what
  waits, because whoever may submit could order them. People order them, with the key in hand.
- What is to be a person's word, and holds no statement with a signature, is not sealed as that. Who
  has signed it, and what, is for those to judge who have the people file.
- A draft that may not or cannot be sealed becomes an entry that says so, under its own id: nothing
  holds up the chain, and whoever waits for it hears. Where that id is no id, or an entry's already,
  the entry that says so has another one.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from holdfast.approvals.recorded import WORDS, handed_in
from holdfast.audit import chain
from holdfast.audit.changes import false_epoch, false_giving_up, false_turn
from holdfast.audit.checkpoints import body, note
from holdfast.audit.merkle import Tree
from holdfast.errors import (
    AlreadyKept,
    BadRecord,
    CannotSign,
    HoldfastError,
    NotCanonical,
    WrongStore,
)
from holdfast.model.access import Process
from holdfast.model.entries import (
    GIVEN_UP,
    LET_GO,
    LONGEST_ID,
    RESTORED,
    REVOKED,
    ROTATED,
    SERVED,
    UNREADABLE,
    Checkpoint,
    Draft,
    Entry,
    Head,
    Segment,
    check_draft,
)
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.times import stamp
from holdfast.ports import Clock, Dice, Keyring, Records, Signer, Store
from holdfast.workflow.pauses import pause
from holdfast.workflow.tips import require_goes_on, require_tip

BATCH = 500  # drafts in one transaction: some milliseconds of signing, one wait for the disk
SOONEST = 0.001  # seconds until the next look at what waits, or at whether something is sealed
PACE = 0.02  # the same, once so many looks have found nothing
LOOKS = 25
CALM = 0.1  # the same for the sealer, once so many have: to have nothing to do costs little
CALMED = 75
PLANTED = 5.0  # the same, between two looks at what somebody has planted, while nothing is sealed
TROUBLED = 1.0  # the same, while the store or the key does not answer
DAY = len("2026-01-01")
NOT_SEALED = "draft_refused"
_ORDERED = (ROTATED, REVOKED, RESTORED, GIVEN_UP, LET_GO)


@dataclass(slots=True)
class Known:
    """How far the chain went, as whoever seals has seen it."""

    tip: Checkpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Whoever has the audit key and a cluster's store."""

    store: Store
    keys: Keyring
    clock: Clock
    dice: Dice
    known: Known = field(default_factory=Known)

    def batch(self) -> int | None:
        """Seal the oldest of what waits, and say how many; None if somebody else is sealing."""
        with self.store.reading() as tx:
            if not tx.records.waiting(1):
                return 0
        with self.store.transaction() as tx:
            if not tx.records.sole_sealer():
                return None
            tx.require_none_planted()
            drafts = self._waiting(tx.records)
            if drafts:
                self._append(tx.records, drafts, self._head(tx.records))
            tip = tx.records.tip()
        self.known.tip = tip  # now that it is kept
        return len(drafts)

    def require_none_planted(self) -> None:
        """Raise `WrongStore` if anything that we did not make changes what is written."""
        with self.store.reading() as tx:
            tx.require_none_planted()

    def record(self, drafts: Sequence[Draft]) -> Sequence[Entry]:
        """Seal these at once, after what waits; nothing, if they have to wait as well.

        Raises `AlreadyKept` for an id that is known, and `NotCanonical` for what has no one form.
        """
        for draft in drafts:
            check_draft(draft)
        with self.store.transaction() as tx:
            if not tx.records.sole_sealer():
                return ()
            tx.require_none_planted()
            before = self._waiting(tx.records)
            if len(before) == BATCH:
                return ()  # some more may wait, whose ids must be seen first
            batch = [*before, *map(fit, drafts)]
            if len({draft.id for draft in batch}) < len(batch):
                raise AlreadyKept(
                    "Something of that id waits to be sealed already.",
                    remedy="Nothing was written: look at what waits.",
                )
            entries = self._append(tx.records, batch, self._head(tx.records))
        return entries[len(before) :]

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
        why = false_epoch(entry, head) or false_turn(entry, revoked) or false_giving_up(entry)
        if entry.key in revoked:
            why = f"it would be signed by key {entry.key}, which was revoked"
        if why:
            raise BadRecord(
                f"The chain cannot be continued by this {draft.kind}: {why}.",
                remedy="See what is there with: holdfast keys list",
            )
        return entry

    def _waiting(self, records: Records) -> Sequence[Draft]:
        """What waits, as it can be sealed."""
        waiting = records.waiting(BATCH)
        known = {"", *(entry.id for entry in records.entries([each.id for each in waiting]))}
        known |= {each.id for each in waiting if len(each.id) > LONGEST_ID}
        records.discard([each.id for each in waiting if each.id in known])
        return [self._elsewhere(each) if each.id in known else fit(each) for each in waiting]

    def _elsewhere(self, draft: Draft) -> Draft:
        id_ = new_id("ent", self.clock.now(), self.dice.roll(RANDOM))
        why = f"an entry has the id {draft.id} already" if draft.id else "it has no id"
        if len(draft.id) > LONGEST_ID:
            why = f"its id is longer than {LONGEST_ID} characters: {draft.id[:60]}..."
        return msgspec.structs.replace(_refused(draft, why), id=id_)

    def _of_any_turn(self, turn: str) -> Signer:
        """Whose turn it is, if that key is there; else the only one that is."""
        try:
            return self.keys.signer(turn)
        except CannotSign:
            return self.keys.signer()

    def _head(self, records: Records) -> Head:
        require_tip(records)
        if self.known.tip is not None:
            require_goes_on(records, self.known.tip)
        tip = records.tip()
        if tip is not None:
            return chain.head_of(tip)
        name = new_id("chn", self.clock.now(), self.dice.roll(RANDOM))
        return chain.started(name, self.store.cluster)

    def _append(self, records: Records, drafts: Sequence[Draft], head: Head) -> Sequence[Entry]:
        """Sign, append and move the tip; what a restore says may be signed by any key."""
        restored = drafts[0].kind == RESTORED
        signer = self._of_any_turn(head.turn) if restored else self.keys.signer(head.turn)
        key = signer.public.id
        if head.turn not in ("", key) and not restored:
            raise CannotSign(
                f"It is the turn of key {head.turn} to seal, and key {key} is there.",
                remedy="Bring that key, or rotate with it: holdfast keys rotate audit",
            )
        tip = records.tip()
        tree = Tree(tip.size, tip.frontier) if tip is not None else Tree()
        time = stamp(self.clock.now())
        if tip is not None and tip.time[:DAY] != time[:DAY] and tip.key == key:
            signed = note(tip, signer.public, signer.sign(body(tip)))
            records.close(Segment(size=tip.size, time=tip.time, note=signed))
        entries = chain.sealed(head, drafts, time=time, key=key, sign=signer.sign)
        for entry in entries:
            tree.append(bytes.fromhex(entry.hash))
        records.seal(entries, chain.state_of(chain.after(head, entries[-1]), tree))
        return entries


async def seal_on(
    sealer: Sealer, ended: asyncio.Event, troubled: Callable[[HoldfastError], None]
) -> None:
    """Seal until it ended, whatever goes wrong on the way; `troubled` hears of that.

    Raises `WrongStore` for a chain that does not end where its tip says, and for what somebody has
    planted beside it: then all must end.
    """
    looks, time = 0, asyncio.get_running_loop().time
    planted = time()  # when that is looked for
    while not ended.is_set():
        pace = calm_after(looks)
        looks += 1
        try:
            if time() >= planted:
                await asyncio.to_thread(sealer.require_none_planted)
                planted = time() + PLANTED
            if await asyncio.to_thread(sealer.batch):
                looks = 0  # more may wait, or come as an answer to these
                continue
        except WrongStore:
            raise
        except HoldfastError as trouble:
            troubled(trouble)
            pace = TROUBLED
        await pause(ended, pace)


async def sealed(store: Store, id_: str) -> Entry:
    """The entry of what was submitted under that id, once it is in the chain, and not before.

    The caller says how long that may take. Raises `BadRecord` if it was refused. Many who wait in
    one process wait together, with a `Recorder`.
    """
    looks = 0
    while (entry := await asyncio.to_thread(_look, store, id_)) is None:
        await asyncio.sleep(pace_after(looks))
        looks += 1
    return accepted(entry)


def accepted(entry: Entry) -> Entry:
    """The entry, unless it says that the sealer refused what was submitted."""
    if entry.kind == NOT_SEALED:
        raise BadRecord(
            f"The sealer refused {entry.id}: {entry.details.get('because')}.",
            remedy="Nothing may go on that relies on it.",
        )
    return entry


def pace_after(looks: int) -> float:
    """How long to wait before looking again, after so many looks that found nothing."""
    return SOONEST if looks < LOOKS else PACE


def calm_after(looks: int) -> float:
    """The same for the sealer, for whom nobody may be waiting."""
    return pace_after(looks) if looks < CALMED else CALM


def _look(store: Store, id_: str) -> Entry | None:
    with store.reading() as tx:
        return tx.records.entry(id_)


def fit(draft: Draft) -> Draft:
    """What is sealed of it: it, or what says why not."""
    because = _not_theirs(draft) or _unfit(draft)
    return _refused(draft, because) if because else draft


def _not_theirs(draft: Draft) -> str:
    """Why whoever submitted that may not; empty if they may."""
    if draft.kind in _ORDERED:
        return f"{draft.kind} is ordered by a person, never submitted"
    if draft.process is Process.KEEPER:
        return ""
    if draft.kind not in SERVED:
        return f"{draft.process.value} may not record {draft.kind[:100]}"
    if draft.actor.partition(":")[0] != draft.process:
        return f"{draft.process.value} records what it does itself, nobody else's"
    return ""


def _unfit(draft: Draft) -> str:
    """Why that is not what it says, or cannot be sealed; empty if it can."""
    if draft.kind == UNREADABLE:
        return "its row cannot be read, or is of another cluster"
    try:
        check_draft(draft)
    except NotCanonical as unfit:
        return unfit.wrong
    if draft.kind in WORDS and handed_in(draft.details) is None:
        return f"it is said to be by {draft.actor[:100]}, and nobody has signed it"
    return ""


def _refused(draft: Draft, because: str) -> Draft:
    return Draft(
        id=draft.id,
        kind=NOT_SEALED,
        actor="keeper",
        details={"kind": draft.kind[:100], "because": because},
    )

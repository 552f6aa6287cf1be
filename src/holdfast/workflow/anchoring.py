"""Sign checkpoints of the record and keep them away from the database.

- What was added since the last one is verified first: a record that does not hold gets no anchor.
- A record that is shorter than its anchors, or is not theirs, gets none either, and whoever seals
  must not go on.
- Whoever runs this knows what it sealed itself; it reads it all the same, because others can write
  where it is kept.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holdfast.audit.checkpoints import body, note, read_note
from holdfast.audit.verification import Verifier
from holdfast.errors import BadRecord, HoldfastError, NotReady, WrongStore
from holdfast.model.entries import Check, Checkpoint, PublicKey
from holdfast.ports import Keyring, Log, Records, Store
from holdfast.workflow.orders import require_anchored
from holdfast.workflow.pauses import pause
from holdfast.workflow.retention import Trust, revoked_before

EVERY = 300.0  # seconds between two anchors, if there is something new


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchorage:
    """Where checkpoints are kept, and what they are signed and believed with."""

    keyring: Keyring
    public: Callable[[], Sequence[PublicKey]]
    check: Check
    notes: Callable[[], Sequence[bytes]]
    keep: Callable[[bytes, str], object]  # a note, and what to call it

    def believed(self) -> Sequence[Checkpoint]:
        """The checkpoints that are kept, as far as one of our keys signed them; else it raises."""
        notes = self.notes()
        if not notes:
            return []
        trusted = self.public()
        return [read_note(each, trusted, self.check) for each in notes]


def anchor(store: Store, anchorage: Anchorage) -> Checkpoint | None:
    """Verify what was added, and keep a checkpoint; None if there is no entry yet."""
    known = anchorage.believed()
    with store.reading() as tx:
        require_anchored(tx.records, known)
        tip = tx.records.tip()
        if tip is None:
            return None
        _verify_since(tx.records, tip, known, anchorage)
    signer = anchorage.keyring.signer(tip.key)
    anchorage.keep(note(tip, signer.public, signer.sign(body(tip))), f"{tip.chain}.note")
    return tip


async def anchor_on(
    store: Store, anchorage: Anchorage, every: float, ended: asyncio.Event, log: Log
) -> None:
    """Anchor what is new, now and then and in the end. Raises `WrongStore`: then all must end."""
    last: Checkpoint | None = None
    while True:
        over = ended.is_set()
        try:
            last = await asyncio.to_thread(_anchor_if_new, store, anchorage, last, log)
            log.goes_on("anchor")
        except (WrongStore, BadRecord):
            raise
        except HoldfastError as trouble:
            log.trouble("anchor", trouble)
        except OSError as failed:
            log.trouble("anchor", _not_kept(failed))
        if over:
            return
        await pause(ended, every)


def _anchor_if_new(
    store: Store, anchorage: Anchorage, last: Checkpoint | None, log: Log
) -> Checkpoint | None:
    with store.reading() as tx:
        tip = tx.records.tip()
    if tip is None or (last is not None and (tip.epoch, tip.size) == (last.epoch, last.size)):
        return last
    kept = anchor(store, anchorage)
    if kept is not None:
        log.tell("anchored", chain=kept.chain, epoch=kept.epoch, entries=kept.size)
    return kept


def _verify_since(
    records: Records, tip: Checkpoint, known: Sequence[Checkpoint], anchorage: Anchorage
) -> None:
    """From the last anchor of this epoch on: what stands before it was verified with that one."""
    trust = Trust(keys=anchorage.public(), check=anchorage.check)
    begins = trust.read(records.start())
    of_this = [each for each in known if each.epoch == tip.epoch]
    starts = [each for each in (*of_this, begins) if each is not None]
    start = max(starts, key=lambda each: each.size, default=None)
    since = start.size if start is not None else 0
    keys = trust.without(revoked_before(records, since)).keys
    verifier = Verifier(keys, anchorage.check, start=start)
    for line in records.lines(since + 1):
        if not verifier.take(line):
            break
    outcome = verifier.outcome()
    if outcome.broken is not None or outcome.state != tip:
        why = outcome.broken.because if outcome.broken else "it does not end where its store says"
        raise BadRecord(
            f"The record is not whole, and gets no anchor: {why}.",
            remedy="See more with: holdfast audit verify",
        )


def _not_kept(failed: OSError) -> NotReady:
    return NotReady(
        f"A checkpoint could not be kept: {failed}.",
        remedy="Make room, or name another folder with HOLDFAST_ANCHORS.",
    )

"""What people order with the audit key in hand: changes of keys, and the end of a restore.

Each is sealed at once, before whatever waits, and is in the chain when the call returns.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from holdfast.errors import BadRecord, CannotSign, StoreRefused, WrongStore
from holdfast.model.canonical import Plain
from holdfast.model.entries import (
    GIVEN_UP,
    RESTORED,
    REVOKED,
    ROTATED,
    Checkpoint,
    Draft,
    Entry,
    PublicKey,
)
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.keys import Purpose
from holdfast.ports import Records
from holdfast.workflow.sealing import PACE, Sealer
from holdfast.workflow.tips import require_tip
from holdfast.workflow.voiding import void

PATIENCE = 30  # seconds until a sealer that does not let go counts as in our way
TICKETS = {ROTATED: "ticket_key_rotated", REVOKED: "ticket_key_revoked"}


async def rotate(sealer: Sealer, purpose: Purpose, to: PublicKey, actor: str) -> Entry:
    """From the next entry on, that key signs."""
    return await _ordered(sealer, _kind(ROTATED, purpose), actor, {"to": to.id})


async def revoke(sealer: Sealer, purpose: Purpose, key: str, reason: str, actor: str) -> Entry:
    """From the next entry on, nothing that key signs counts."""
    told = {"key": key, "reason": reason}
    return await _ordered(sealer, _kind(REVOKED, purpose), actor, told)


async def accept_restore(
    sealer: Sealer, anchors: Sequence[Checkpoint], reason: str, actor: str
) -> Entry:
    """Give up what a restored backup, or the key of the chain, has lost; void what was open."""
    return await in_turn(lambda: _accept(sealer, anchors, reason, actor))


async def give_up(sealer: Sealer, anchor: Checkpoint, reason: str, actor: str) -> Entry:
    """Say that an anchor of an earlier epoch need not be met any more."""
    told: dict[str, Plain] = {
        "epoch": anchor.epoch,
        "size": anchor.size,
        "head": anchor.head,
        "reason": reason,
    }
    return await _ordered(sealer, GIVEN_UP, actor, told)


def state(checkpoint: Checkpoint | None) -> tuple[int, int]:
    """What checkpoints are compared by: a later epoch is later, however long it is."""
    return (checkpoint.epoch, checkpoint.size) if checkpoint is not None else (0, 0)


def ahead(tip: Checkpoint | None, anchors: Sequence[Checkpoint]) -> Checkpoint | None:
    """The latest anchor, if it is of a later state than the chain's."""
    latest = max(anchors, key=state, default=None)
    return latest if latest is not None and state(latest) > state(tip) else None


def require_anchored(records: Records, anchors: Sequence[Checkpoint]) -> None:
    """Raise `WrongStore` for a chain that has lost its end, or is not that of its anchors."""
    tip = records.tip()
    for anchor in anchors:
        if tip is not None and (anchor.chain, anchor.cluster) != (tip.chain, tip.cluster):
            raise WrongStore(
                f"An anchor is of the chain {anchor.chain}, and this database's is {tip.chain}.",
                remedy="Name this installation's database, or its anchors.",
            )
    lost = ahead(tip, anchors)
    if lost is not None and tip is not None and lost.epoch > tip.epoch:
        raise WrongStore(
            f"The chain is in epoch {tip.epoch} ({tip.size} entries), and an anchor knows "
            f"{lost.size} entries in epoch {lost.epoch}: a restore was accepted since, and another "
            "database went on.",
            remedy="Name that database with HOLDFAST_DATABASE. Only if it is lost as well: "
            "holdfast db accept-restore --reason '...'",
        )
    if lost is not None:
        had = tip.size if tip is not None else 0
        raise WrongStore(
            f"The chain has {had} entries, and an anchor knows {lost.size} (epoch {lost.epoch}): "
            "the end of it is lost, as after a restored backup.",
            remedy="If that is so: holdfast db accept-restore --reason '...'. If not: find out who "
            "cut it off.",
        )
    require_tip(records)
    for anchor in anchors:
        _refuse_another_history(records, anchor)


def _refuse_another_history(records: Records, anchor: Checkpoint) -> None:
    entry = records.at(anchor.size)
    if entry is not None and entry.epoch == anchor.epoch and entry.hash != anchor.head:
        raise WrongStore(
            f"Entry {anchor.size} of the chain is not the one that an anchor knows.",
            remedy="Somebody has rewritten the record: keep it, and verify it with "
            "holdfast audit verify.",
        )


def _accept(sealer: Sealer, anchors: Sequence[Checkpoint], reason: str, actor: str) -> Entry | None:
    with sealer.store.transaction() as tx:
        if not tx.records.sole_sealer():
            return None
        tip = tx.records.tip()
        lost = ahead(tip, anchors)
        if anchors and lost is None and not _key_is_lost(sealer, tip):
            raise BadRecord(
                "The chain is as long as its anchors: nothing was lost that could be given up.",
                remedy="See how it stands with: holdfast db check",
            )
        epoch, size = state(lost or tip)
        told: dict[str, Plain] = {
            "abandoned_epoch": epoch,
            "abandoned_size": size,
            "reason": reason,
        }
        draft = draft_of(sealer, RESTORED, actor, told)
        entry = sealer.order(tx.records, draft, epoch=epoch + 1)
        void(tx, sealer.clock, sealer.dice, actor)
        return entry


def _key_is_lost(sealer: Sealer, tip: Checkpoint | None) -> bool:
    """Whether the chain cannot go on in its epoch: only a new one may begin with another key."""
    try:
        sealer.keys.signer(tip.key if tip is not None else "")
    except CannotSign:
        return True
    return False


async def _ordered(sealer: Sealer, kind: str, actor: str, details: Mapping[str, Plain]) -> Entry:
    draft = draft_of(sealer, kind, actor, details)
    return await in_turn(lambda: _order(sealer, draft))


async def in_turn(attempt: Callable[[], Entry | None]) -> Entry:
    """Try until no other sealer is in the way."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                entry = await asyncio.to_thread(attempt)
                if entry is not None:
                    return entry
                await asyncio.sleep(PACE)
    except TimeoutError:
        raise StoreRefused(
            f"Another sealer did not let go within {PATIENCE} s.",
            remedy="See what the keeper's log says, and try again.",
        ) from None


def _order(sealer: Sealer, draft: Draft) -> Entry | None:
    with sealer.store.transaction() as tx:
        return sealer.order(tx.records, draft) if tx.records.sole_sealer() else None


def draft_of(sealer: Sealer, kind: str, actor: str, details: Mapping[str, Plain]) -> Draft:
    """What is ordered, under an id of its own."""
    id_ = new_id("ent", sealer.clock.now(), sealer.dice.roll(RANDOM))
    return Draft(id=id_, kind=kind, actor=actor, details=details)


def _kind(word: str, purpose: Purpose) -> str:
    """Only changes of audit keys are judged by whoever verifies; of tickets' they are told."""
    return word if purpose is Purpose.AUDIT else TICKETS[word]

"""Entries that change how those after them are judged: of keys, and of a restored backup."""

from collections.abc import Collection

import msgspec

from holdfast.audit.chain import is_hash
from holdfast.model.entries import RESTORED, REVOKED, ROTATED, Checkpoint, Entry, Head


class Restore(msgspec.Struct, frozen=True, kw_only=True):
    """A restored backup that somebody accepted, and how far the chain had been before."""

    seq: int
    kept_epoch: int  # of the entry before it, which is the last that was not lost
    epoch: int  # the new one
    abandoned_epoch: int
    abandoned_size: int

    def gave_up(self, anchor: Checkpoint) -> bool:
        """Whether that state came after what was kept, and not after what is known to be lost."""
        kept = (self.kept_epoch, self.seq - 1)
        return kept < (anchor.epoch, anchor.size) <= (self.abandoned_epoch, self.abandoned_size)


def restore(entry: Entry, head: Head) -> Restore | None:
    """What a `restore_accepted` says that comes next; None if it does not say it."""
    told = [entry.details.get(word) for word in ("abandoned_epoch", "abandoned_size")]
    whole = [each for each in told if isinstance(each, int) and not isinstance(each, bool)]
    if len(whole) != len(told) or min(whole) < 0:
        return None
    return Restore(
        seq=entry.seq,
        kept_epoch=head.epoch,
        epoch=entry.epoch,
        abandoned_epoch=whole[0],
        abandoned_size=whole[1],
    )


def false_epoch(entry: Entry, head: Head) -> str:
    """Why the epoch of the entry that comes next cannot be; empty if it can."""
    if entry.kind != RESTORED:
        same = entry.epoch == head.epoch
        return "" if same else f"it says epoch {entry.epoch} in epoch {head.epoch}"
    told = restore(entry, head)
    if told is None:
        return "it does not say what was given up"
    if (told.abandoned_epoch, told.abandoned_size) < (head.epoch, head.seq):
        return "it says that less was given up than is there"
    if entry.epoch != told.abandoned_epoch + 1:
        return f"it says epoch {entry.epoch} after epoch {told.abandoned_epoch}"
    return ""


def false_turn(entry: Entry, revoked: Collection[str]) -> str:
    """Why a change of keys makes no sense; empty if it does, or if it is none."""
    if entry.kind == ROTATED:
        to = entry.details.get("to")
        sound = is_hash(to) and to != entry.key and to not in revoked
        return "" if sound else "it names no other key that may sign"
    if entry.kind == REVOKED:
        key = entry.details.get("key")
        sound = is_hash(key) and key != entry.key
        return "" if sound else "it names no key that may be revoked (not the one that signs)"
    return ""

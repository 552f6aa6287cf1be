"""Entries that change how a record is judged: of keys, of restored backups, of anchors."""

from collections.abc import Collection

import msgspec

from holdfast.audit.chain import is_hash
from holdfast.model.entries import GIVEN_UP, RESTORED, REVOKED, ROTATED, Checkpoint, Entry, Head


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


class GivenUp(msgspec.Struct, frozen=True, kw_only=True):
    """A state of an earlier epoch that somebody gave up: no anchor of it has to be met."""

    seq: int
    epoch: int
    size: int
    head: str

    def gave_up(self, anchor: Checkpoint) -> bool:
        """Whether it is that one."""
        return (self.epoch, self.size, self.head) == (anchor.epoch, anchor.size, anchor.head)


def given_up(entry: Entry) -> GivenUp | None:
    """Which state an `anchor_given_up` names; None if it names none of an earlier epoch."""
    told = [entry.details.get(word) for word in ("epoch", "size")]
    epoch, size = (
        each if isinstance(each, int) and not isinstance(each, bool) else -1 for each in told
    )
    head = entry.details.get("head")
    if not (0 <= epoch < entry.epoch and size > 0 and is_hash(head)):
        return None
    return GivenUp(seq=entry.seq, epoch=epoch, size=size, head=str(head))


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


def false_giving_up(entry: Entry) -> str:
    """Why no state can be given up so; empty if it can, or if none is."""
    if entry.kind == GIVEN_UP and given_up(entry) is None:
        return "it names no state of an earlier epoch"
    return ""

"""The anchors that were kept, believed only if the audit key signed them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.audit.checkpoints import read_note
from holdfast.errors import BadInput, BadRecord
from holdfast.model.entries import Checkpoint
from holdfast.model.keys import Purpose
from holdfast.ports import Records, Shelf
from holdfast.surfaces.cli.ground import Ground
from holdfast.workflow.anchoring import Anchorage, told_apart
from holdfast.workflow.orders import require_anchored


def read_anchors(
    ground: Ground, paths: Sequence[Path] = (), keys: Sequence[Path] = ()
) -> Sequence[Checkpoint]:
    """The checkpoints of those files; of our own anchors, if none are named."""
    notes = ground.notes(paths)
    if not notes:
        return []
    trusted = ground.keys(keys)
    return [read_note(note, trusted, ground.check) for note in notes]


def all_anchors(ground: Ground, records: Records) -> Sequence[Checkpoint]:
    """Our own anchors, and those on the cluster, where they are kept there."""
    shelf, tip = ground.shelf(), records.tip()
    if shelf is None:
        return read_anchors(ground)
    chain = tip.chain if tip is not None else ""
    there = told_apart(shelf.notes(), chain, ground.keys(()), ground.check)
    return [*read_anchors(ground), *there]


def anchorage(
    ground: Ground, keep: Callable[[bytes, str], object], shelf: Shelf | None = None
) -> Anchorage:
    """Our own anchors, and ways to keep one more."""
    return Anchorage(
        keyring=ground.keyring(Purpose.AUDIT),
        public=lambda: ground.keys(()),
        check=ground.check,
        notes=lambda: ground.notes(()),
        keep=keep,
        shelf=shelf,
    )


def require_outgrown(ground: Ground, records: Records, file: Path) -> None:
    """Raise unless nothing is there, or a checkpoint that this record meets and is not behind.

    A checkpoint may be all that is left to tell that a record lost its end: none is written over
    that says more than the record does, or something else.
    """
    if not file.exists(follow_symlinks=False):
        return
    if file.is_symlink() or not file.is_file():
        raise _kept(file, "no plain file")
    try:
        (there,) = read_anchors(ground, [file])
    except BadRecord:
        raise _kept(file, "no checkpoint that a key of this installation signed") from None
    require_anchored(records, [there])
    entry = records.at(there.size)
    if entry is None or (entry.epoch, entry.hash) != (there.epoch, there.head):
        raise _kept(file, "a checkpoint of entries that this record has no more")


def _kept(file: Path, what: str) -> BadInput:
    return BadInput(
        f"{file} is there already, and is {what}: it is not replaced.",
        remedy="Name a new file, and keep this one.",
    )

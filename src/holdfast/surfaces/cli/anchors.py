"""The anchors that were kept, believed only if the audit key signed them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.audit.checkpoints import read_note
from holdfast.errors import BadInput, BadRecord
from holdfast.model.entries import Checkpoint
from holdfast.model.keys import Purpose
from holdfast.ports import Records
from holdfast.surfaces.cli.ground import Ground
from holdfast.workflow.anchoring import Anchorage
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


def anchorage(ground: Ground, keep: Callable[[bytes, str], object]) -> Anchorage:
    """Our own anchors, and a way to keep one more."""
    return Anchorage(
        keyring=ground.keyring(Purpose.AUDIT),
        public=lambda: ground.keys(()),
        check=ground.check,
        notes=lambda: ground.notes(()),
        keep=keep,
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

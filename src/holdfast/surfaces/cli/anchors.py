"""The anchors that were kept, believed only if the audit key signed them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.audit.checkpoints import read_note
from holdfast.model.entries import Checkpoint
from holdfast.model.keys import Purpose
from holdfast.surfaces.cli.ground import Ground
from holdfast.workflow.anchoring import Anchorage


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

"""Checkpoints of the audit record in files, away from the database: anchors."""

from collections.abc import Sequence
from pathlib import Path

from holdfast.adapters.files import whole
from holdfast.errors import BadInput

ENDING = ".note"
MOST_BYTES = 1 << 17  # more than any checkpoint may have: whoever reads it says so


def read_notes(paths: Sequence[Path]) -> Sequence[bytes]:
    """What stands in those files, and in the `*.note` of those folders, which may be empty."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(path.glob(f"*{ENDING}"))
        else:
            files.append(path)
    return [_read(path) for path in files]


def keep_note(note: bytes, path: Path) -> Path:
    """Write one, in place of an older one of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.write(path, note, mode=0o644)
    return path


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES)
    except OSError as missing:
        raise BadInput(
            f"The anchor {path} cannot be read: {missing.strerror}.",
            remedy="Name a file that `holdfast audit anchor` wrote.",
        ) from None

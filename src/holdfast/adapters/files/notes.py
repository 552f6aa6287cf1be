"""Checkpoints of the audit record in files, away from the database: anchors."""

from collections.abc import Sequence
from pathlib import Path

from holdfast.adapters.files import whole
from holdfast.errors import BadInput

ENDING = ".note"
MOST_BYTES = 1 << 17  # more than any checkpoint may have: whoever reads it says so


def read_notes(paths: Sequence[Path]) -> Sequence[bytes]:
    """What stands in those files, and in the `*.note` of those folders. Raises `BadInput` for a
    folder without one: whoever names an anchor is not to verify without.
    """
    found = [(path, _files(path)) for path in paths]
    for path, files in found:
        if not files:
            raise BadInput(
                f"There is no anchor in {path}: no file in it ends in {ENDING}.",
                remedy="Name a file that `holdfast audit anchor` wrote, or a folder of them.",
            )
    return [_read(file) for _, files in found for file in files]


def own_notes(folder: Path) -> Sequence[bytes]:
    """What was kept there so far, which may be nothing."""
    return [_read(file) for file in _files(folder)] if folder.is_dir() else []


def keep_note(note: bytes, path: Path) -> Path:
    """Write one, in place of an older one of that name."""
    whole.make_folder(path.parent)
    whole.write(path, note, mode=0o644)
    return path


def _files(path: Path) -> Sequence[Path]:
    return sorted(path.glob(f"*{ENDING}")) if path.is_dir() else [path]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES)
    except OSError as missing:
        raise BadInput(
            f"The anchor {path} cannot be read: {missing.strerror}.",
            remedy="Name a file that `holdfast audit anchor` wrote.",
        ) from None

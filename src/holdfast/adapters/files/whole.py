"""Write a file whole or not at all: whoever reads it meets the old one or the new one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PRIVATE = 0o600


@contextmanager
def opened(path: Path, mode: int = PRIVATE) -> Iterator[IO[bytes]]:
    """What is written there is the file when that ends well, safe on the disk, and else nothing."""
    # A name of its own, so that two writers at once never share a draft.
    with _named(path):
        handle, draft = tempfile.mkstemp(prefix=f".{path.name[:100]}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        with _named(path):
            Path(draft).replace(path)
        _safe(path.parent)
    finally:
        Path(draft).unlink(missing_ok=True)


def write(path: Path, body: bytes, *, mode: int = PRIVATE) -> None:
    """Put that in the place of the file, or of a link; a file that is there keeps its mode."""
    if path.is_file() and not path.is_symlink():
        mode = path.stat().st_mode & 0o777
    with opened(path, mode) as file:
        file.write(body)


def make_folder(folder: Path) -> None:
    """And those above it that are missing: all may read them, and nobody else write, whatever the
    umask says; one that is there stays as it is.
    """
    for above in reversed(folder.absolute().parents):
        if not above.exists():
            above.mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(mode=0o755, exist_ok=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What the system refuses is told of the file that was asked for, not of our draft."""
    try:
        yield
    except OSError as refused:
        raise OSError(refused.errno, refused.strerror, str(path)) from None


def _safe(folder: Path) -> None:
    """A name in a folder is as safe as the folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Write a file whole or not at all: whoever reads it meets the old one or the new one."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600


def write(path: Path, body: bytes, *, mode: int = PRIVATE) -> None:
    """Put that in the place of the file; one that is there keeps its mode."""
    path = Path(os.path.realpath(path))  # a link to the file stays one
    if path.exists():
        mode = path.stat().st_mode & 0o777
    # A name of its own, so that two writers at once never share a draft.
    handle, draft = tempfile.mkstemp(prefix=".holdfast-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise

"""Files of lines, however large, and whatever stands in them: never more than a line in memory."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from holdfast.errors import BadInput

STANDARD = Path("-")


def read_lines(path: Path, longest: int) -> Iterator[bytes]:
    """The lines with their ends, if they have one; of a line that is too long, its beginning."""
    with _opened(path) as lines:
        while line := lines.readline(longest + 2):
            yield line


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write a file that is not there yet, whole or not at all; returns how many lines it has."""
    if path == STANDARD:
        return _put(sys.stdout.buffer, lines)
    if path.exists():
        raise BadInput(f"{path} is there already.", remedy="Name a new file.")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as opened:
            count = _put(opened, lines)
            os.fsync(opened.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _put(opened: BinaryIO, lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        opened.write(line + b"\n")
        count += 1
    opened.flush()
    return count


def _opened(path: Path) -> BinaryIO:
    if path == STANDARD:
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as missing:
        raise BadInput(
            f"The record {path} cannot be read: {missing.strerror}.",
            remedy="Name a file that `holdfast audit export` wrote.",
        ) from None

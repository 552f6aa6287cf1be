"""Files of lines, however large, and whatever stands in them: never more than a line in memory."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from holdfast.adapters.files import whole
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
    if path.exists(follow_symlinks=False):
        raise BadInput(f"{path} is there already.", remedy="Name a new file.")
    with whole.opened(path) as opened:
        return _put(opened, lines)


def _put(opened: IO[bytes], lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        opened.write(line + b"\n")
        count += 1
    opened.flush()
    return count


def _opened(path: Path) -> BinaryIO:
    if path == STANDARD:
        if sys.stdin is None:
            raise BadInput(
                "Standard input is closed.",
                remedy="Hand the record in there, or name a file of `holdfast audit export`.",
            )
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as missing:
        raise BadInput(
            f"The record {path} cannot be read: {missing.strerror}.",
            remedy="Name a file that `holdfast audit export` wrote.",
        ) from None

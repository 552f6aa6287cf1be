"""What others on this machine may write, by its mode: their group, or everybody.

A file that its group may write counts where the group gets into its folder: by many a umask, every
file is one such. In a sticky folder, nobody replaces what is another's; on a file system that is
mounted read-only, nobody writes at all.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path


def by_others(paths: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """Those of them, each with its mode; what is not there is nobody's to write."""
    for path in paths:
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _too_much(path) and not _is_safe(path, mode):
            yield path, mode


def _too_much(path: Path) -> int:
    closed = not path.resolve().parent.stat().st_mode & stat.S_IXGRP
    return stat.S_IWOTH if closed else stat.S_IWOTH | stat.S_IWGRP


def _is_safe(path: Path, mode: int) -> bool:
    sticky = path.is_dir() and mode & stat.S_ISVTX
    return bool(sticky or os.statvfs(path).f_flag & os.ST_RDONLY)

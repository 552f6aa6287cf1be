"""What others on this machine may write of files and folders, and of what is above them: whoever
writes a folder up there may put another in the place of what is in it.

A sticky folder above is safe, since nobody replaces in it what is another's; one that is looked at
itself is not, since anybody may add to it. On a file system that is mounted read-only, nobody
writes at all. A group counts unless nobody is in it but the user of its name, who owns the file.
"""

import grp
import os
import pwd
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from holdfast.model.reach import Exposed, Place, Writers, writers

LISTED = -1  # in the place of a group, where a list says more than three times three bits


def by_others(paths: Iterable[Path]) -> Iterator[Exposed]:
    """Those of them, then what is above; what is not there is nobody's to write."""
    named = {path.resolve(): path for path in paths}
    above = dict.fromkeys(each for path in named.values() for each in _above(path))
    among = cache(_among)
    for real, path in (*named.items(), *((each, each) for each in above if each not in named)):
        if not real.exists() or os.statvfs(real).f_flag & os.ST_RDONLY:
            continue
        for_many = real.is_dir() and bool(_mode(real) & stat.S_ISVTX)
        who = _writers(real, among)
        if who is not Writers.NOBODY and not (for_many and real not in named):
            yield Exposed(path=str(path), mode=_mode(real), writers=who, for_many=for_many)


def _above(path: Path) -> Iterator[Path]:
    """Also the folders of a link to it."""
    yield from (each.resolve() for each in path.absolute().parents)
    yield from path.resolve().parents


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _writers(path: Path, among: Callable[[int, int], Writers]) -> Writers:
    way = [Place(mode=_mode(each), group=_group(each)) for each in (*path.parents, path)]
    owner = path.stat().st_uid
    groups = {each.group: among(each.group, owner) for each in way}
    shared, ours = (
        {group for group, who in groups.items() if who is wanted}
        for wanted in (Writers.OTHERS, Writers.OURS)
    )
    return writers(way, shared, ours)


def _group(path: Path) -> int:
    if sys.platform == "linux":
        with suppress(OSError):  # a file system without lists
            if "system.posix_acl_access" in os.listxattr(path):
                return LISTED
    return path.stat().st_gid


def _among(group: int, owner: int) -> Writers:
    """Who is in the group besides that owner."""
    held = group in {os.getegid(), *os.getgroups()}
    try:
        named = grp.getgrgid(group) if group != LISTED else None
    except KeyError:  # as where Kubernetes gave it to the process with its volumes
        return Writers.OURS if held else Writers.OTHERS
    return in_group(named, pwd.getpwall(), owner, os.geteuid()) if named else Writers.OTHERS


def in_group(
    group: grp.struct_group, users: Sequence[pwd.struct_passwd], owner: int, we: int
) -> Writers:
    """Who is in it besides the owner. Only of a user's own group one knows that nobody else is: not
    every machine lists all whose first group another one is.
    """
    first = {user.pw_name for user in users if user.pw_gid == group.gr_gid}
    own = next((user.pw_uid for user in users if user.pw_name == group.gr_name), None)
    if own is None or not {*group.gr_mem, *first} <= {group.gr_name}:
        return Writers.OTHERS
    if own in (owner, 0):
        return Writers.NOBODY
    return Writers.OURS if own == we else Writers.OTHERS

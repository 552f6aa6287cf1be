"""Who may write a file or folder, by its mode and by those of the folders on the way to it.

At each of them the system asks one thing: of whoever is in its group, what that may; and of all
others what everybody may, even where that is more. Owners are not asked about, nor is root.
"""

import stat
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum


class Writers(StrEnum):
    """Who may, besides its owner."""

    NOBODY = "nobody"
    OURS = "ours"  # whoever shares a group with this process that has no other use
    OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file or folder, as it stands there."""

    mode: int
    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """What somebody may write besides its owner."""

    path: str
    mode: int
    writers: Writers
    for_many: bool  # a sticky folder: each puts files of his own there


def writers(way: Sequence[Place], shared: Set[int], ours: Set[int]) -> Writers:
    """Who may write the last of them, which the others lead to: by what anybody may be in of the
    groups that are shared, and then by what he may be in of ours as well.
    """
    if _leads(way, shared):
        return Writers.OTHERS
    return Writers.OURS if _leads(way, shared | ours) else Writers.NOBODY


def _leads(way: Sequence[Place], joined: Set[int]) -> bool:
    """Whether somebody gets there who is in some of those groups, or in none: for each group by
    itself, since a place asks for no other than its own.
    """
    *folders, last = way
    wanted = [*((each, stat.S_IXOTH) for each in folders), (last, stat.S_IWOTH)]
    return all(
        any(
            all(_bits(place, member) & bit for place, bit in wanted if place.group == group)
            for member in ((False, True) if group in joined else (False,))
        )
        for group in {each.group for each in way}
    )


def _bits(place: Place, member: bool) -> int:
    return place.mode >> 3 if member else place.mode

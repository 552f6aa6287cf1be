"""The scan before this one: where it is known from, and what is kept for the next."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from holdfast.diagnosis.standing import misfit
from holdfast.errors import BadInput
from holdfast.model.last_scan import LastScan
from holdfast.model.snapshot import Snapshot
from holdfast.ports import Forgotten, Memory
from holdfast.surfaces.cli import since
from holdfast.surfaces.cli.doors import Doors, Scope
from holdfast.surfaces.cli.looking import Source
from holdfast.surfaces.cli.text import clean

type Namespaces = tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What was said on the command line about the last scan."""

    since: Path | None = None
    state: Path | None = None
    stateless: bool = False


class Before(Protocol):
    """The scan before this one, and a place for this one."""

    def last(self, snapshot: Snapshot, namespaces: Namespaces, /) -> LastScan | None:
        """The scan to compare with, if there is one that fits."""
        ...

    def keep(self, scan: LastScan, /) -> None:
        """Keep what the next scan needs to know."""
        ...


class NothingBefore:
    """Neither a scan before nor one to come: a snapshot, a demo, or as somebody wished."""

    def last(self, _snapshot: Snapshot, _namespaces: Namespaces, /) -> LastScan | None:
        """There is none."""
        return None

    def keep(self, _scan: LastScan, /) -> None:
        """Nothing is kept."""


def before(doors: Doors, keeping: Keeping, source: Source) -> Before:
    """Where the last scan is to be known from; a saved one is read before a cluster is asked."""
    given = [keeping.since is not None, keeping.state is not None, keeping.stateless]
    if sum(given) > 1:
        raise BadInput(
            "--since, --state and --stateless contradict each other.", remedy="Give one of them."
        )
    if keeping.since is not None:
        return Saved(keeping.since)
    if keeping.stateless or (source.snapshot is not None and keeping.state is None):
        return NothingBefore()
    return Kept(doors, keeping.state)


class Saved:
    """`--since FILE`: a scan that somebody saved. It must fit, and nothing is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._scan = since.read(path)

    def last(self, snapshot: Snapshot, namespaces: Namespaces, /) -> LastScan | None:
        """The saved scan; one of something else is refused."""
        if why := misfit(self._scan, snapshot, namespaces):
            raise BadInput(
                f"{self._path} {why}, and cannot be compared with this scan.",
                remedy="Name a scan of the same cluster and the same namespaces.",
            )
        return self._scan

    def keep(self, _scan: LastScan, /) -> None:
        """Nothing is kept: it was compared with something else than the last scan."""


class Kept:
    """The last scan as it was kept. Whatever goes wrong with that is one sentence on stderr."""

    def __init__(self, doors: Doors, folder: Path | None) -> None:
        self._doors = doors
        self._folder = folder
        self._memory: Memory | None = None

    def last(self, snapshot: Snapshot, namespaces: Namespaces, /) -> LastScan | None:
        """The last scan; one that cannot be read or does not fit is said, and is none."""
        if not snapshot.cluster.uid:
            if self._folder is not None:
                _say("Which cluster this is may not be asked, so its last scan is not known.")
            return None
        scope = Scope(cluster=snapshot.cluster.uid, namespaces=namespaces)
        self._memory = self._doors.memory(scope, self._folder)
        match self._memory.recall():
            case None:
                return None
            case Forgotten(why=why):
                _say(f"{why} This scan counts as the first, and takes its place.")
                return None
            case found:
                why = misfit(found, snapshot, namespaces)
                if why:
                    _say(f"The last scan that was kept {why}: nothing is compared with it.")
                return None if why else found

    def keep(self, scan: LastScan, /) -> None:
        """Keep this scan in its place."""
        if self._memory is not None and (failed := self._memory.keep(scan)):
            _say(failed)


def _say(sentence: str) -> None:
    print(f"holdfast: {clean(sentence)}", file=sys.stderr)

"""What the command line is handed: factories, called only when a command needs what they make."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from holdfast.model.baseline import Accepted, Baseline
from holdfast.model.objects import Object
from holdfast.model.snapshot import Recorded, Snapshot
from holdfast.ports import Cluster, Memory
from holdfast.surfaces.cli.ground import GroundDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which cluster, as people say it on the command line."""

    kubeconfig: Path | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the last scan is kept by: the cluster's uid, and where it looked."""

    cluster: str
    namespaces: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The settings that commands heed."""

    grace_scale: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Everything outside, behind factories: `--help` calls none of them."""

    preferences: Callable[[], Preferences]
    live: Callable[[Target], AbstractAsyncContextManager[Cluster]]
    demo: Callable[[], AbstractAsyncContextManager[Cluster]]
    memory: Callable[[Scope, Path | None], Memory]
    now: Callable[[], datetime]
    ground: GroundDoor
    read_baseline: Callable[[Path], Baseline]
    change_baseline: Callable[[Path, Sequence[Accepted], frozenset[str]], None]
    read_folder: Callable[[Path, Iterable[type[Object]], datetime | None], Snapshot]
    write_folder: Callable[[Target, Path, tuple[str, ...] | None, bool], AsyncIterator[Recorded]]

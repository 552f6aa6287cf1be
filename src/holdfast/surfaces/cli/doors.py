"""What the command line is handed: factories, called only when a command needs what they make."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from holdfast.model.baseline import Accepted, Baseline
from holdfast.model.counted import Counted
from holdfast.model.documents import Document
from holdfast.model.objects import Object, Ref
from holdfast.model.policy_tests import PolicyTests
from holdfast.model.snapshot import Recorded, Snapshot
from holdfast.ports import Cluster, Memory, Standing, Unseen
from holdfast.ports.leases import Installer
from holdfast.surfaces.cli.ground import GroundDoor
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.stage import Stage


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


type Look = Callable[[Ref], Awaitable[Document | Unseen]]
"""Reads one object whole, and can do nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDoors:
    """The leash in its folder."""

    folder: Callable[[Path | None], Path]  # the one that is named, or that of the settings
    keepers: Callable[[Path | None], Path]  # that of a keeper with that state folder
    standing: Callable[[Path], Standing]
    tests: Callable[[Path], PolicyTests]
    begin: Callable[[Path, Mapping[str, bytes]], Sequence[str]]  # what is missing is written


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceDoors:
    """The suites that anybody may run against us."""

    fast: Callable[[int, int], Iterator[Counted]]  # by a seed, and so many proposals
    # Against a cluster: by a seed, so many tries of each sort by each lease, which suites, and who
    # is told what is waited for.
    cluster: Callable[
        [Target, int, int, Sequence[str], Callable[[str], None]], AsyncGenerator[Counted]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Everything outside, behind factories: `--help` calls none of them."""

    preferences: Callable[[], Preferences]
    live: Callable[[Target], AbstractAsyncContextManager[Cluster]]
    look: Callable[[Target], AbstractAsyncContextManager[Look]]
    demo: Callable[[], AbstractAsyncContextManager[Cluster]]
    stage: Callable[[Path], AbstractContextManager[Stage]]
    memory: Callable[[Scope, Path | None], Memory]
    now: Callable[[], datetime]
    ground: GroundDoor
    signing: Callable[[], Signing]
    run_keeper: Callable[[Path | None, bool], int]  # the state folder, and whether it ends with us
    run_serve: Callable[[Path | None, bool], int]  # the state folder, and whether with a keeper
    read_baseline: Callable[[Path], Baseline]
    change_baseline: Callable[[Path, Sequence[Accepted], frozenset[str]], Sequence[Accepted]]
    policy: PolicyDoors
    conformance: ConformanceDoors
    read_folder: Callable[[Path, Iterable[type[Object]], datetime | None], Snapshot]
    installer: Callable[[Target], AbstractAsyncContextManager[Installer]]
    write_private: Callable[[Path, bytes], None]  # for nobody else's eyes
    write_folder: Callable[[Target, Path, tuple[str, ...] | None, bool], AsyncIterator[Recorded]]

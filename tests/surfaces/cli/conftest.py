"""A command line on doors of the tests' own."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from holdfast import wiring
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.model.baseline import NOTHING, Accepted, Baseline
from holdfast.model.last_scan import LastScan
from holdfast.model.objects import Object
from holdfast.model.snapshot import Recorded, Snapshot, Unreadable
from holdfast.ports import Cluster, Forgotten
from holdfast.ports.leases import Installer
from holdfast.surfaces.cli.app import build
from holdfast.surfaces.cli.doors import Doors, Look, Preferences, Scope, Target
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.stage import Stage
from holdfast.testing.clock import NOON
from holdfast.wiring.conformance_doors import conformance_doors
from holdfast.wiring.policy_doors import policy_doors
from tests.audit.chains import CLUSTER

type Holdfast = Callable[..., str]
type Run = Callable[..., int]


class Remembering:
    """The `Memory` port, as long as a test lasts."""

    def __init__(self) -> None:
        self.scan: LastScan | Forgotten | None = None
        self.failure = ""

    def recall(self) -> LastScan | Forgotten | None:
        return self.scan

    def keep(self, scan: LastScan) -> str:
        if not self.failure:
            self.scan = scan
        return self.failure


type Baselines = dict[Path, Baseline]
type Memories = dict[Scope, Remembering]


def with_odd(snapshot: Snapshot, kind: type[Object], count: int = 1) -> Snapshot:
    """The same, with so many objects of a kind that could not be understood."""
    odd = tuple(
        Unreadable(namespace="shop", name=f"odd-{each}", why="Expected `int`, got `str`")
        for each in range(count)
    )
    captures = [
        msgspec.structs.replace(each, unreadable=odd) if each.kind is kind else each
        for each in snapshot.captures()
    ]
    return Snapshot(now=snapshot.now, captures=captures, cluster=snapshot.cluster)


@pytest.fixture
def memories() -> Memories:
    """What scans of this test remember."""
    return {}


@pytest.fixture
def baselines() -> Baselines:
    """The baselines that commands of this test have written, by path."""
    return {}


@pytest.fixture
def run(memories: Memories, baselines: Baselines) -> Run:
    """Run one command on a cluster, or on a snapshot that any folder is said to hold."""

    def run(
        *tokens: str,
        cluster: Cluster | None = None,
        folder: Snapshot | None = None,
        baseline: Baseline = NOTHING,
        grace_scale: float = 1,
        installer: Installer | None = None,
        ground: Ground | None = None,
        look: Look | None = None,
    ) -> int:
        @asynccontextmanager
        async def live(_target: Target) -> AsyncIterator[Cluster]:
            assert cluster is not None, "this command was to open no cluster"
            yield cluster

        @asynccontextmanager
        async def looking(_target: Target) -> AsyncIterator[Look]:
            assert look is not None, "this command was to read no object whole"
            yield look

        @asynccontextmanager
        async def demo() -> AsyncIterator[Cluster]:
            assert cluster is not None, "this command was to open no cluster"
            yield cluster

        def read_folder(
            _path: Path, _kinds: Iterable[type[Object]], _at: datetime | None
        ) -> Snapshot:
            assert folder is not None, "this command was to open no folder"
            return folder

        async def write_folder(
            _target: Target, _path: Path, _namespaces: tuple[str, ...] | None, _logs: bool
        ) -> AsyncIterator[Recorded]:
            raise AssertionError("no test here writes a folder")
            yield

        def change_baseline(
            path: Path, accepted: Sequence[Accepted], gone: frozenset[str]
        ) -> Sequence[Accepted]:
            before = baselines.get(path, baseline)
            left = {each.id: each for each in before.accepted if each.id not in gone}
            left |= {each.id: each for each in accepted}
            baselines[path] = msgspec.structs.replace(before, accepted=tuple(left.values()))
            new = {each.id for each in accepted}
            return [each for each in before.accepted if each.id in new]

        def no_stage(_folder: Path) -> AbstractContextManager[Stage]:
            raise AssertionError("no test here plays the demo")

        def grounded(_state: Path | None) -> Ground:
            assert ground is not None, "this command was to stand on no database"
            return ground

        def no_signing() -> Signing:
            raise AssertionError("no test here signs anything")

        def no_process(_state: Path | None, _flag: bool) -> int:
            raise AssertionError("no test here starts a process of ours")

        @asynccontextmanager
        async def installing(_target: Target) -> AsyncIterator[Installer]:
            assert installer is not None, "this command was to change no cluster"
            yield installer

        def no_connection(_target: Target) -> Connection:
            raise AssertionError("no test here breaks a cluster")

        def write_private(path: Path, body: bytes) -> None:
            path.write_bytes(body)

        doors = Doors(
            preferences=lambda: Preferences(grace_scale=grace_scale),
            live=live,
            look=looking,
            demo=demo,
            stage=no_stage,
            memory=lambda scope, _folder: memories.setdefault(scope, Remembering()),
            now=lambda: NOON,
            ground=grounded,
            signing=no_signing,
            run_keeper=no_process,
            run_serve=no_process,
            read_baseline=lambda path: baselines.get(path, baseline),
            change_baseline=change_baseline,
            policy=policy_doors(),
            conformance=conformance_doors(no_connection),
            read_folder=read_folder,
            installer=installing,
            write_private=write_private,
            write_folder=write_folder,
        )
        code = build(doors, tokens[0])(
            list(tokens), exit_on_error=False, print_error=False, result_action="return_value"
        )
        assert isinstance(code, int)
        return code

    return run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test's own, and no settings of the machine's."""
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOLDFAST_TRACEBACK", "true")
    return tmp_path / "state"


@pytest.fixture
def holdfast(home: Path, capsys: pytest.CaptureFixture[str]) -> Holdfast:
    """Run a command to its end, and hear all that it says."""

    def run(*arguments: str, code: int = 0) -> str:
        ended = wiring.main([str(each) for each in arguments])
        told = capsys.readouterr()
        assert ended == code, told.err + told.out
        return " ".join((told.out + told.err).split())

    return run


@pytest.fixture
def installed(home: Path, holdfast: Holdfast) -> Path:
    """A database and keys."""
    holdfast("db", "upgrade", "--cluster", CLUSTER)
    holdfast("keys", "init")
    return home

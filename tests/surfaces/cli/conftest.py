"""A command line on doors of the tests' own."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from holdfast import wiring
from holdfast.model.baseline import NOTHING, Accepted, Baseline
from holdfast.model.last_scan import LastScan
from holdfast.model.objects import Object
from holdfast.model.snapshot import Recorded, Snapshot
from holdfast.ports import Cluster, Forgotten
from holdfast.surfaces.cli.app import build
from holdfast.surfaces.cli.doors import Doors, Preferences, Scope, Target
from holdfast.surfaces.cli.ground import Ground
from holdfast.testing.clock import NOON
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
    ) -> int:
        @asynccontextmanager
        async def live(_target: Target) -> AsyncIterator[Cluster]:
            assert cluster is not None, "this command was to open no cluster"
            yield cluster

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

        def change_baseline(path: Path, accepted: Sequence[Accepted], gone: frozenset[str]) -> None:
            before = baselines.get(path, baseline)
            left = {each.id: each for each in before.accepted if each.id not in gone}
            left |= {each.id: each for each in accepted}
            baselines[path] = msgspec.structs.replace(before, accepted=tuple(left.values()))

        def no_ground(_state: Path | None) -> Ground:
            raise AssertionError("no test here stands on a database")

        doors = Doors(
            preferences=lambda: Preferences(grace_scale=grace_scale),
            live=live,
            demo=demo,
            memory=lambda scope, _folder: memories.setdefault(scope, Remembering()),
            now=lambda: NOON,
            ground=no_ground,
            read_baseline=lambda path: baselines.get(path, baseline),
            change_baseline=change_baseline,
            read_folder=read_folder,
            write_folder=write_folder,
        )
        code = build(doors)(
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

"""The only place that knows everybody: ports meet adapters here, and only when they are needed."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App, CycloptsError

from holdfast import settings
from holdfast.errors import HoldfastError
from holdfast.model.baseline import API_VERSION, KIND, Accepted, Baseline
from holdfast.model.kinds import Pod
from holdfast.model.objects import Object
from holdfast.model.snapshot import Recorded, Snapshot, State
from holdfast.model.written import Fault
from holdfast.ports import Cluster, Keyring, Memory, Store
from holdfast.surfaces.cli.app import build
from holdfast.surfaces.cli.doors import Doors, Preferences, Scope, Target
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, NOBODY_READS
from holdfast.surfaces.cli.text import clean

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from holdfast.adapters.kubernetes.reader import Reader
    from holdfast.surfaces.cli.ground import Ground, Upkeep


def command_line() -> App:
    """The command line with everything behind its doors; building it opens none."""
    return build(
        Doors(
            preferences=_preferences,
            live=_live,
            demo=_demo,
            memory=_memory,
            now=_now,
            ground=ground,
            read_baseline=_read_baseline,
            change_baseline=_change_baseline,
            read_folder=_read_folder,
            write_folder=_write_folder,
        )
    )


def main(arguments: Sequence[str]) -> int:
    """Run one command; whatever goes wrong is a sentence, what to do, and an exit code."""
    try:
        code = command_line()(
            list(arguments), exit_on_error=False, print_error=True, result_action="return_value"
        )
        sys.stdout.flush()
    except CycloptsError:
        return COULD_NOT_LOOK  # it has said what is wrong
    except HoldfastError as error:
        return _said(error.wrong, error.remedy)
    except BrokenPipeError:
        # What is left in the buffer has no reader: without this, Python complains as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except OSError as failed:
        return _said(f"The system refused: {failed}.", "Mend that and try again.")
    except Exception as unforeseen:
        if settings.read().traceback:
            raise
        name = type(unforeseen).__name__
        return _said(
            f"This should not have happened: {name}: {unforeseen}.",
            "Please report it, with what HOLDFAST_TRACEBACK=1 prints.",
        )
    return code if isinstance(code, int) else 0


def _said(wrong: str, remedy: str) -> int:
    print(f"holdfast: {clean(wrong)}\n  {clean(remedy)}", file=sys.stderr)
    return COULD_NOT_LOOK


def _preferences() -> Preferences:
    return Preferences(grace_scale=settings.read().grace_scale)


@asynccontextmanager
async def _live(target: Target) -> AsyncIterator[Cluster]:
    async with _reader(target) as reader:
        yield reader


def _reader(target: Target) -> Reader:
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.kubernetes.kubeconfig import connect_to
    from holdfast.adapters.kubernetes.pace import Pace
    from holdfast.adapters.kubernetes.reader import Reader

    wanted = settings.read()
    connection = connect_to(
        environ=settings.environment(),
        kubeconfig=target.kubeconfig,
        context=target.context,
        home=settings.home(),
        terminal=sys.stdin is not None and sys.stdin.isatty(),
    )
    pace = Pace(plugin=wanted.exec_timeout)
    return Reader(connection, clock=SystemClock(), page_size=wanted.page_size, pace=pace)


@asynccontextmanager
async def _demo() -> AsyncIterator[Cluster]:
    """The simulated shop over HTTP, read by the same reader and with the same least rights."""
    from holdfast.adapters.clock import SystemClock
    from holdfast.grants.reader import reader_role
    from holdfast.testing.server import SimulatedServer
    from holdfast.testing.shop import a_shop

    shop = a_shop(now=SystemClock().now())
    shop.grant(reader_role(), user="reader")
    async with SimulatedServer(shop) as server:
        with tempfile.TemporaryDirectory() as folder:
            kubeconfig = server.write_kubeconfig(Path(folder) / "kubeconfig", user="reader")
            async with _reader(Target(kubeconfig=kubeconfig)) as reader:
                yield reader


def _memory(scope: Scope, folder: Path | None) -> Memory:
    from holdfast.adapters.files.last_scans import KeptScan

    return KeptScan(folder or settings.state_dir(), scope.cluster, scope.namespaces)


def _now() -> datetime:
    from holdfast.adapters.clock import SystemClock

    return SystemClock().now()


def ground(state: Path | None) -> Ground:
    """What this installation stands on: its database, its keys, its anchors."""
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.dice import SystemDice
    from holdfast.adapters.files.lines import read_lines, write_lines
    from holdfast.adapters.files.notes import keep_note, read_notes
    from holdfast.adapters.signers.ed25519 import check
    from holdfast.adapters.signers.keyfiles import KeyFiles
    from holdfast.adapters.signers.keyrings import keyring
    from holdfast.adapters.signers.passphrases import asked_twice, asker
    from holdfast.adapters.signers.private import PrivateFolder
    from holdfast.adapters.signers.public import read_keys
    from holdfast.model.keys import Purpose
    from holdfast.surfaces.cli.ground import Ground
    from holdfast.workflow.sealing import Sealer

    wanted = settings.read()
    folder = state or settings.state_dir()
    ours = Path(wanted.keys_dir) if wanted.keys_dir else folder / "keys"
    public, anchors = ours / "public", Path(wanted.anchors or folder / "anchors")
    private = PrivateFolder(
        path=Path(wanted.keys_mounted) if wanted.keys_mounted else ours / "private",
        mounted=bool(wanted.keys_mounted),
    )
    terminal = sys.stdin is not None and sys.stdin.isatty()
    word = asker(Path(wanted.passphrase_file) if wanted.passphrase_file else None, terminal)
    files = KeyFiles(private=private, public=public, passphrase=word)
    kept: dict[Purpose, Keyring] = {}

    def our_keys(purpose: Purpose) -> Keyring:
        command = wanted.signer if purpose is Purpose.AUDIT else ""
        if purpose not in kept:
            kept[purpose] = keyring(files, purpose, command, wanted.signer_timeout)
        return kept[purpose]

    def sealer(store: Store, keys: Keyring | None) -> Sealer:
        return Sealer(
            store=store,
            keys=keys or our_keys(Purpose.AUDIT),
            clock=SystemClock(),
            dice=SystemDice(),
        )

    @contextmanager
    def upkeep() -> Iterator[Upkeep]:
        from holdfast.adapters.stores.caretaker import Caretaker

        with _engine(wanted.database, folder) as engine:
            yield Caretaker(engine)

    @contextmanager
    def store() -> Iterator[Store]:
        from holdfast.adapters.stores.store import SqlStore
        from holdfast.adapters.stores.upkeep import require_current, standing

        with _engine(wanted.database, folder) as engine:
            cluster = standing(engine).cluster
            require_current(engine, cluster)
            yield SqlStore(engine, cluster)

    return Ground(
        upkeep=upkeep,
        store=store,
        sealer=sealer,
        cabinet=lambda: files,
        keyring=our_keys,
        keys=lambda paths: read_keys(paths or [public], Purpose.AUDIT),
        notes=lambda paths: read_notes(paths or [each for each in (anchors,) if each.is_dir()]),
        keep_note=lambda note, name, path: keep_note(note, path or anchors / name),
        read_lines=read_lines,
        write_lines=write_lines,
        passphrase=lambda: asked_twice(word, terminal),
        check=check,
        actor=f"cli:{settings.login()}",
    )


@contextmanager
def _engine(url: str, folder: Path) -> Iterator[Engine]:
    from holdfast.adapters.stores.database import open_engine, parse_url

    if not url:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(parse_url(url or f"sqlite:///{folder.absolute()}/holdfast.db"))
    try:
        yield engine
    finally:
        engine.dispose()


def _read_baseline(path: Path) -> Baseline:
    from holdfast.adapters.files.strict import read

    return read(path, Baseline, api_version=API_VERSION, kind=KIND, faults=_faults(_now()))


def _change_baseline(path: Path, accepted: Sequence[Accepted], gone: frozenset[str]) -> None:
    from holdfast.adapters.files.baselines import change

    change(path, accepted, gone, _faults(_now()))


def _faults(now: datetime) -> Callable[[Baseline], Iterator[Fault]]:
    """What is wrong with a baseline as it is today: dates that reach too far, unknown rules."""
    from holdfast.facts import unknown_rules

    def faults(baseline: Baseline) -> Iterator[Fault]:
        yield from baseline.faults(now)
        yield from unknown_rules(baseline)

    return faults


def _read_folder(folder: Path, kinds: Iterable[type[Object]], at: datetime | None) -> Snapshot:
    from holdfast.adapters.kubernetes.folder import read

    return read(folder, kinds, at=at)


async def _write_folder(
    target: Target, folder: Path, namespaces: tuple[str, ...] | None, logs: bool
) -> AsyncIterator[Recorded]:
    from holdfast.adapters.kubernetes.folder import read
    from holdfast.adapters.kubernetes.logs import write_logs
    from holdfast.adapters.kubernetes.recorder import write
    from holdfast.workflow.reach import unproven

    async with _reader(target) as reader:
        await unproven(reader, namespaces or ())  # a snapshot of a mistyped name would look healthy
        async for recorded in write(reader, folder, namespaces=namespaces):
            yield recorded
        if logs:
            pods = read(folder, [Pod]).all(Pod)
            count = await write_logs(reader, pods, folder)
            yield Recorded(plural="logs of containers", state=State.CAPTURED, count=count)

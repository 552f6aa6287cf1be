"""The only place that knows everybody: ports meet adapters here, and only when they are needed."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App, CycloptsError

from holdfast import settings
from holdfast.errors import BadInput, HoldfastError, sentence
from holdfast.model.baseline import API_VERSION, KIND, Accepted, Baseline
from holdfast.model.kinds import Pod
from holdfast.model.objects import Object
from holdfast.model.snapshot import Recorded, Snapshot, State
from holdfast.model.written import Fault
from holdfast.ports import Cluster, Memory
from holdfast.ports.leases import Installer
from holdfast.surfaces.cli import stdout
from holdfast.surfaces.cli.app import build, refuse_unknown
from holdfast.surfaces.cli.doors import Doors, Look, Preferences, Scope, Target
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, NOBODY_READS
from holdfast.surfaces.cli.stage import Stage
from holdfast.surfaces.cli.text import clean, refusal
from holdfast.wiring.conformance_doors import conformance_doors
from holdfast.wiring.footing import ground
from holdfast.wiring.policy_doors import policy_doors
from holdfast.wiring.processes import run_keeper, run_serve

if TYPE_CHECKING:
    from holdfast.adapters.kubernetes.connection import Connection
    from holdfast.adapters.kubernetes.reader import Reader
    from holdfast.surfaces.cli.pens import Signing


def command_line(first: str = "") -> App:
    """The command line with everything behind its doors; building it opens none."""
    return build(
        Doors(
            preferences=_preferences,
            live=_live,
            look=_look,
            demo=_demo,
            stage=_stage,
            memory=_memory,
            now=_now,
            ground=ground,
            signing=_signing,
            run_keeper=run_keeper,
            run_serve=run_serve,
            read_baseline=_read_baseline,
            change_baseline=_change_baseline,
            policy=policy_doors(),
            conformance=conformance_doors(_connection),
            read_folder=_read_folder,
            installer=_installer,
            write_private=write_private,
            write_folder=_write_folder,
        ),
        first,
    )


COUNTED = 15  # digits of a number that nobody counts up to
SHOWN = 80  # characters of an argument that cannot be taken


def main(arguments: Sequence[str]) -> int:
    """Run one command; whatever goes wrong is a sentence, what to do, and an exit code."""
    try:
        _refuse_empty(arguments)
        refuse_unknown(arguments[0] if arguments else "")
        code = command_line(arguments[0] if arguments else "")(
            list(arguments), exit_on_error=False, print_error=True, result_action="return_value"
        )
        sys.stdout.flush()
    except CycloptsError:
        return COULD_NOT_LOOK  # it has said what is wrong
    except HoldfastError as error:
        return _said(error.wrong, error.remedy)
    except BrokenPipeError:
        stdout.let_go()
        return NOBODY_READS
    except OSError as failed:
        stdout.end()
        return _said(refusal(failed), "Mend that and try again.")
    except Exception as unforeseen:
        told = _misfit(unforeseen, arguments)
        if not told and settings.read().traceback:
            raise
        return _said(*(told or _unforeseen(unforeseen)))
    return code if isinstance(code, int) else 0


def _refuse_empty(arguments: Sequence[str]) -> None:
    """`--state "$UNSET"` must not mean the folder that somebody happens to be in."""
    for flag, value in pairwise((*arguments, "end")):
        name, equals, given = flag.partition("=")
        if flag.startswith("-") and (value == "" or (equals and not given)):
            raise BadInput(
                f"{name} is given nothing.",
                remedy="Give it a value, or leave it out if that can be; in a script, a variable "
                "may not be set.",
            )


def _misfit(error: Exception, arguments: Sequence[str]) -> tuple[str, str] | None:
    """What was written that nothing here can work with, and what to do, if that is why it failed.

    What is no text in UTF-8 may well name a file, and so is not refused before.
    """
    match error:
        case UnicodeEncodeError():
            odd = [each for each in arguments if each != each.encode(errors="replace").decode()]
            remedy = "Write it in UTF-8."
        case OverflowError():
            odd = [each for each in arguments if len(each) > COUNTED and each.lstrip("-").isdigit()]
            remedy = "Name a smaller number."
        case _:
            return None
    named = ", ".join(ascii(each[:SHOWN]) for each in odd)
    return (f"{named} cannot be taken.", remedy) if odd else None


def _unforeseen(error: Exception) -> tuple[str, str]:
    return (
        sentence(f"This should not have happened: {type(error).__name__}: {error}"),
        "Please report it, with what HOLDFAST_TRACEBACK=1 prints.",
    )


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
    from holdfast.adapters.kubernetes.pace import Pace
    from holdfast.adapters.kubernetes.reader import Reader

    wanted = settings.read()
    pace = Pace(plugin=wanted.exec_timeout)
    return Reader(_connection(target), clock=SystemClock(), page_size=wanted.page_size, pace=pace)


def _connection(target: Target) -> Connection:
    from holdfast.adapters.kubernetes.kubeconfig import connect_to

    return connect_to(
        environ=settings.environment(),
        kubeconfig=target.kubeconfig,
        context=target.context,
        home=settings.home(),
        terminal=sys.stdin is not None and sys.stdin.isatty(),
    )


@asynccontextmanager
async def _installer(target: Target) -> AsyncIterator[Installer]:
    from holdfast.adapters.clock import SystemClock
    from holdfast.wiring.fencing import installer

    async with installer(_connection(target), SystemClock()) as made:
        yield made


def write_private(path: Path, body: bytes) -> None:
    """Put a file there that nobody else may read, whatever was there."""
    from holdfast.adapters.files.whole import opened

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with opened(path) as file:
        file.write(body)


@asynccontextmanager
async def _look(target: Target) -> AsyncIterator[Look]:
    """What reads objects whole: of the hands, what they read with is handed on and nothing else."""
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.kubernetes.hands import KubernetesHands

    async with KubernetesHands(_connection(target), clock=SystemClock()) as hands:
        yield hands.read


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


def _stage(folder: Path) -> AbstractContextManager[Stage]:
    from holdfast.wiring.stages import simulated

    return simulated(folder)


def _memory(scope: Scope, folder: Path | None) -> Memory:
    from holdfast.adapters.files.last_scans import KeptScan

    where = folder or settings.state_dir()
    return KeptScan(where, scope.cluster, scope.namespaces, within=settings.homely(where))


def _now() -> datetime:
    from holdfast.adapters.clock import SystemClock

    return SystemClock().now()


def _signing() -> Signing:
    from holdfast.adapters.signers.ssh import check
    from holdfast.adapters.signers.ssh_keygen import SshKeygen
    from holdfast.surfaces.cli.pens import Signing

    return Signing(pen=SshKeygen(home=settings.home()), check=check)


def _read_baseline(path: Path) -> Baseline:
    from holdfast.adapters.files.strict import read

    return read(path, Baseline, api_version=API_VERSION, kind=KIND, faults=_faults(_now()))


def _change_baseline(
    path: Path, accepted: Sequence[Accepted], gone: frozenset[str]
) -> Sequence[Accepted]:
    from holdfast.adapters.files.baselines import change

    return change(path, accepted, gone, _faults(_now()))


def _faults(now: datetime) -> Callable[[Baseline], Iterator[Fault]]:
    """What is wrong with a baseline as it is today: dates that reach too far, unknown rules."""
    from holdfast.facts import misfits

    def faults(baseline: Baseline) -> Iterator[Fault]:
        yield from baseline.faults(now)
        yield from misfits(baseline)

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
    from holdfast.workflow.reach import refuse_unknown

    async with _reader(target) as reader:
        await refuse_unknown(reader, namespaces or ())  # a mistyped name would look healthy
        async for recorded in write(reader, folder, namespaces=namespaces):
            yield recorded
        if logs:
            pods = read(folder, [Pod]).all(Pod)
            count = await write_logs(reader, pods, folder)
            yield Recorded(plural="logs of containers", state=State.CAPTURED, count=count)

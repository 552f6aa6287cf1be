"""The stage of the demo: an installation of its own in one folder, beside a cluster.

The keeper is a process of its own, as in earnest. The simulated cluster lives in this one, in a
thread, and moves by the clock.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from holdfast.errors import BadInput, NotReady
from holdfast.wiring.own_keeper import at_work, holdfast, set_to

if TYPE_CHECKING:
    from holdfast.surfaces.cli.stage import Stage

MARK = ".holdfast-demo"
"""From a folder that holds it, a demo removes what a former one left there, and nothing else."""

FOLDERS = frozenset(
    {"accounts", "keys", "keys/private", "keys/public", "policy", "state", "state/anchors"}
)
FILES = re.compile(
    r"audit\.jsonl|keeper|keeper\.log|kubeconfig|verify\.py|you|you\.pub"
    r"|accounts/[a-z]+\.kubeconfig"
    r"|keys/(private|public)/(audit|tickets)-[0-9a-f]{64}\.pem"
    r"|policy/(leash\.yaml|people\.yaml|policy\.cedar|tests\.yaml)"
    r"|state/holdfast\.db(-wal|-shm|-journal)?"
    r"|state/anchors/chn_[0-9a-z]{26}\.note"
    r"|state/last-scan-[0-9a-f]{20}\.json"
)
"""What a demo leaves, on the lab too, by the names that it has in its folder."""

PERSON = "you"
PRIVATE = 0o700
SOAK, DEADLINE, LATE, SETTLED = 3, 15, 1, 3  # seconds
TIMINGS = (
    f"For the demo, a repair has to hold for {SOAK} s (60 s in earnest) and has {DEADLINE} s to "
    "help (10 min in earnest)."
)

PEOPLE = """apiVersion: holdfast.dev/v1alpha1
kind: People
people:
- id: {person}
  name: whoever runs the demo
  groups: [oncall]
  identities:
    ssh:
    - {key}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The cluster of a stage: what it is, and how each side reaches it."""

    cluster: str
    person: Path  # kubeconfigs
    keeper: Path
    settings: Mapping[str, str] = MappingProxyType({})  # besides those of every stage
    timings: str = ""  # what they change, for people


@contextmanager
def simulated(folder: Path) -> Iterator[Stage]:
    """The stage on a simulated cluster."""
    emptied(folder)
    with _simulated_cluster(folder) as beside, on_stage(folder, beside) as stage:
        yield stage


@contextmanager
def on_stage(folder: Path, beside: Beside) -> Iterator[Stage]:
    """An installation in that folder for that cluster, with its keeper alive."""
    from holdfast.surfaces.cli.stage import Ran, Stage

    environ = _environ(folder, beside)

    def hear(arguments: Sequence[str]) -> Ran:
        done = subprocess.run(  # noqa: S603 - ourselves
            holdfast(arguments), env=environ, stdout=subprocess.PIPE, text=True, check=False
        )
        return Ran(code=done.returncode, out=done.stdout)

    def show(arguments: Sequence[str]) -> int:
        sys.stdout.flush()
        done = subprocess.run(holdfast(arguments), env=environ, check=False)  # noqa: S603 - ourselves
        return done.returncode

    key = _key(folder / "you")
    for arguments in (["db", "upgrade"], ["keys", "init"], ["policy", "init"]):
        done = hear(arguments)
        if done.code:
            raise NotReady(
                f"The demo could not be set up: `holdfast {' '.join(arguments)}` failed.",
                remedy="It has said why.",
            )
    public = key.with_suffix(".pub").read_text().strip()
    (folder / "policy" / "people.yaml").write_text(PEOPLE.format(person=PERSON, key=public))
    with at_work(folder / "keeper.log", environ):
        verifier = folder / "verify.py"
        verifier.write_text(hear(["audit", "verifier"]).out)
        yield Stage(
            folder=folder,
            cluster=beside.cluster,
            timings=f"{TIMINGS} {beside.timings}".rstrip(),
            key=key,
            show=show,
            hear=hear,
            verify=[
                *(shlex.quote(sys.executable), str(verifier), str(folder / "audit.jsonl")),
                *("--key", str(folder / "keys" / "public")),
            ],
        )


def emptied(folder: Path) -> None:
    """The folder, without what a former demo left in it. Raises `BadInput` before anything is
    touched, where anything else lies there.
    """
    left: list[Path] = []
    for each in _there(folder):
        if not (folder / MARK).exists():
            raise BadInput(
                f"{folder} is there already, and not from a demo.",
                remedy="Name another folder: holdfast demo FOLDER",
            )
        if not _from_a_demo(folder, each):
            raise BadInput(
                f"{each} was not left by a demo: nothing was removed.",
                remedy="Take it elsewhere, or name another folder: holdfast demo FOLDER",
            )
        left.append(each)
    for each in reversed(left):
        if each.is_dir():
            each.rmdir()
        elif each.name != MARK:
            each.unlink()
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    folder.chmod(PRIVATE)
    (folder / MARK).touch()


def _there(folder: Path) -> Iterator[Path]:
    """All that lies in it, each folder before what is in it; links are not followed."""

    def unreadable(why: OSError) -> None:
        raise why

    if folder.exists():
        for top, folders, files in folder.walk(on_error=unreadable):
            yield from (top / name for name in (*folders, *files))


def _from_a_demo(folder: Path, path: Path) -> bool:
    """Whether it has the name, and is of the sort, of what a demo leaves there."""
    name = path.relative_to(folder).as_posix()
    if path.is_symlink():
        return False
    if path.is_dir():
        return name in FOLDERS
    return path.is_file() and (name == MARK or FILES.fullmatch(name) is not None)


def _key(path: Path) -> Path:
    """A key pair of the person's, as everybody makes one."""
    keygen = shutil.which("ssh-keygen")
    if keygen is None:
        raise BadInput(
            "There is no ssh-keygen, with which people sign what they approve.",
            remedy="Install OpenSSH's client (Debian: openssh-client), or: holdfast demo --scan",
        )
    subprocess.run(  # noqa: S603 - found on the PATH, as a person's shell does it
        [keygen, "-q", "-t", "ed25519", "-N", "", "-C", PERSON, "-f", str(path)], check=True
    )
    return path


def _environ(folder: Path, beside: Beside) -> Mapping[str, str]:
    """What the processes of the stage are set to."""
    ours = {
        "STATE_DIR": folder / "state",
        "KEYS_DIR": folder / "keys",
        "POLICY": folder / "policy",
        "COPIES": folder / "audit.jsonl",
        "KEEPER_KUBECONFIG": beside.keeper,
        "SOAK": SOAK,
        "DEADLINE": DEADLINE,
        "LATE": LATE,
        "SETTLED": SETTLED,
        **beside.settings,
    }
    return {**set_to(ours), "KUBECONFIG": str(beside.person)}


@contextmanager
def _simulated_cluster(folder: Path) -> Iterator[Beside]:
    """The living shop behind HTTP, with the fences up and two users of least rights."""
    ready, end = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1, "simulated cluster") as pool:
        living = pool.submit(asyncio.run, _serve(folder, ready, end))
        living.add_done_callback(lambda _: ready.set())
        ready.wait()
        try:
            if living.done() and (why := living.exception()) is not None:
                raise NotReady("The simulated cluster did not start.", remedy=str(why))
            yield Beside(
                cluster="a simulated cluster",
                person=folder / "kubeconfig",
                keeper=folder / "keeper",
            )
        finally:
            end.set()


async def _serve(folder: Path, ready: threading.Event, end: threading.Event) -> None:
    from holdfast.adapters.clock import SystemClock
    from holdfast.grants.names import KEEPER_USER
    from holdfast.grants.reader import reader_role
    from holdfast.testing.leases import fenced
    from holdfast.testing.living_shop import a_living_shop
    from holdfast.testing.server import SimulatedServer

    clock = SystemClock()
    cluster, controllers = a_living_shop(now=clock.now())
    fenced(cluster)
    controllers.follow(clock.now)
    cluster.grant(reader_role(), user=PERSON)
    async with SimulatedServer(cluster) as server:
        server.write_kubeconfig(folder / "kubeconfig", user=PERSON)
        server.write_kubeconfig(folder / "keeper", user=KEEPER_USER)
        ready.set()
        await asyncio.to_thread(end.wait)

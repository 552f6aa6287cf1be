"""The lab for people: `python -m lab up | down | check | build | crds` (see `make lab`)."""

import argparse
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import yaml

from lab.build import build, cache_folder, find_binaries
from lab.control_plane import Lab
from lab.crds import FAMILIES, definitions
from lab.errors import LabError
from lab.parts import Options

_CHECKOUT = Path(__file__).resolve().parent.parent
_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: lab-check, namespace: default}
spec: {containers: [{name: app, image: "registry.example/app:1"}]}
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start a lab and stay until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="stay in the background, see `down`")
    up.add_argument("--nodes", type=int, default=3, help="fake nodes (default: 3)")
    up.add_argument("--pace", type=float, default=1.0, help="0.1: back-off ten times as fast")
    commands.add_parser("down", help="stop the lab that `up --detach` of this checkout started")
    commands.add_parser("check", help="start a lab, run a pod, stop it, say how long that took")
    commands.add_parser("build", help="build what the lab needs, once")
    crds = commands.add_parser("crds", help="print the definitions of operators' resources")
    crds.add_argument("families", nargs="*", metavar="FAMILY", help=f"of {', '.join(FAMILIES)}")
    asked = parser.parse_args()
    try:
        match asked.command:
            case "up" if asked.detach:
                _detach(asked.nodes, asked.pace)
            case "up":
                _up(asked.nodes, asked.pace)
            case "down":
                _down()
            case "check":
                _check()
            case "build":
                _build()
            case "crds":
                yaml.safe_dump_all(definitions(asked.families or FAMILIES), sys.stdout)
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _build() -> None:
    build(_say)
    _say("lab: everything is built")


def _up(nodes: int, pace: float) -> None:
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    build(_say)
    began = time.monotonic()
    with Lab.start(Options(nodes=nodes, pace=pace)) as lab:
        kubeconfig = lab.kubeconfig()
        _say(f"lab: ready after {time.monotonic() - began:.1f} s at {lab.url}")
        _say("")
        _say(f"  export KUBECONFIG={shlex.quote(str(kubeconfig))}")
        if lab.kubectl_path.parent not in [Path(each) for each in os.get_exec_path()]:
            _say(f"  alias kubectl={shlex.quote(str(lab.kubectl_path))}")
        _say("  kubectl get nodes")
        _say("")
        _say("lab: Ctrl-C here stops it and removes everything")
        try:
            lab.wait_until_a_part_ends()
        except KeyboardInterrupt:
            _say("")
    _say("lab: stopped")


def _detach(nodes: int, pace: float) -> None:
    """The foreground command, in a session of its own; it says the same things to a file."""
    build(_say)
    note = _note()
    if note.exists() and _is_lab(json.loads(note.read_text())["pid"]):
        raise LabError("A detached lab is running already; `python -m lab down` stops it.")
    note.parent.mkdir(parents=True, exist_ok=True)
    said = note.with_suffix(".log")
    with said.open("w") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "lab", "up", f"--nodes={nodes}", f"--pace={pace}"],
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    note.write_text(json.dumps({"pid": child.pid}))
    _await(lambda: "Ctrl-C" in said.read_text() or child.poll() is not None)
    if child.poll() is not None:
        note.unlink()
        raise LabError(said.read_text().removeprefix("lab: ").strip())
    _say(said.read_text().partition("lab: Ctrl-C")[0] + "lab: `python -m lab down` stops it")


def _down() -> None:
    note = _note()
    if not note.exists():
        raise LabError("No detached lab of this checkout is running.")
    pid = json.loads(note.read_text())["pid"]
    if not _is_lab(pid):
        note.unlink()
        said = note.with_suffix(".log").read_text().rpartition("removes everything\n")[2].strip()
        raise LabError(f"The detached lab has ended by itself. {said.removeprefix('lab: ')}")
    os.kill(pid, signal.SIGTERM)
    _await(lambda: not _is_lab(pid))
    note.unlink()
    _say("lab: stopped")


def _check() -> None:
    find_binaries()
    began = time.monotonic()
    with Lab.start() as lab:
        ready = time.monotonic() - began
        _say(f"lab: ready at {lab.url}")
        lab.kubectl("create", "-f", "-", stdin=_POD)
        lab.wait(
            lambda: lab.get("pod", "lab-check")["status"]["phase"] == "Running",
            what="a running pod",
        )
        running = time.monotonic() - began
        _say(lab.kubectl("get", "pods", "-o", "wide").rstrip())
        stopping = time.monotonic()
    stopped = time.monotonic() - stopping
    _say(
        f"lab-check: ready in {ready:.1f} s, a pod running after {running:.1f} s, "
        f"stopped in {stopped:.1f} s"
    )


def _note() -> Path:
    """Where it is noted which lab runs in the background: each checkout has one of its own."""
    checkout = hashlib.sha256(bytes(_CHECKOUT)).hexdigest()[:12]
    return cache_folder() / f"detached-{checkout}.json"


def _is_lab(pid: int) -> bool:
    try:
        return b"\0lab\0up\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _await(met: Callable[[], bool], *, within: float = 120) -> None:
    deadline = time.monotonic() + within
    while not met():
        if time.monotonic() > deadline:
            raise LabError(f"Nothing happened within {within:.0f} s.")
        time.sleep(0.05)


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

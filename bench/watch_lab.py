"""How soon a watch tells of a new fault, on a real API server with two thousand pods.

A fault can be told when it was written and its grace has passed; what is measured is how much
later its line is read from the watch's output. Graces are scaled to a few seconds. It is measured
twice: while nothing else happens, and while Deployments are scaled up and down all the time.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from bench.children import CouldNotMeasure, environment
from bench.figures import MIB, Entry, Figure
from bench.scan_lab import DEPLOYMENTS, NAMESPACES, PODS, REPLICAS, fill
from bench.workbench import Workbench
from holdfast.facts import CATALOGUE
from lab.client import MERGE, Answer, Client
from lab.control_plane import Lab
from lab.errors import LabError
from lab.parts import Options

NAME = "watch-lab"
WHAT = "tell of a new fault while watching a lab of 2,000 pods"
SCALE = 0.02
CODE = "HF-WRK-013"  # an image that its registry does not have
GRACE = next(rule.grace for rule in CATALOGUE if rule.code == CODE) * SCALE
PATIENCE = 60.0  # seconds until a line counts as missing
REST = 20.0  # seconds over which rest is measured
PAUSE = 0.2  # seconds between two changes of the churn
IMAGE = "registry.shop.example/none:1"


def run(bench: Workbench) -> Entry:
    """In a lab of its own."""
    home = bench.place(NAME)
    try:
        with Lab.start(Options(quiet=True, audit=False), folder=home / "lab") as lab:
            fill(lab)
            return _measured(lab, bench.installed.holdfast, home, bench.rounds(10))
    except LabError as why:
        raise CouldNotMeasure(str(why)) from None


def _measured(lab: Lab, holdfast: Path, home: Path, rounds: int) -> Entry:
    client = lab.client()
    with watching(holdfast, lab.kubeconfig(), home) as ear:
        ear.until("begin")
        before = ear.cpu()
        time.sleep(REST)
        rest = (ear.cpu() - before) / REST
        calm = tuple(_reaction(client, ear, f"calm-{n}") for n in range(rounds))
        with churn(lab):
            before, began = ear.cpu(), time.monotonic()
            busy = tuple(_reaction(client, ear, f"busy-{n}") for n in range(rounds))
            share = (ear.cpu() - before) / (time.monotonic() - began)
        peak = ear.peak()
    return Entry(
        name=NAME,
        what=WHAT,
        n=PODS,
        figures=(
            Figure(what="told after the grace, calm", unit="s", values=calm, at_most=1),
            Figure(what="told after the grace, in churn", unit="s", values=busy, at_most=1),
            Figure(what="CPU of a core at rest", unit="x", values=(rest,)),
            Figure(what="CPU of a core in churn", unit="x", values=(share,)),
            Figure(what="peak", unit="MiB", values=(peak / MIB,)),
        ),
        notes=(
            f"{PODS:,} pods; {CODE} with a grace of {GRACE.total_seconds():g} s",
            f"churn scales one of {NAMESPACES * DEPLOYMENTS} Deployments every {PAUSE:g} s",
        ),
    )


def _reaction(client: Client, ear: "Ear", name: str) -> float:
    """Break something, and say how long after it could be told it was."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"schedulerName": "nobody", "containers": [{"name": "main", "image": IMAGE}]},
    }
    where = "/api/v1/namespaces/default/pods"
    _sent(client.send("POST", where, body=pod))
    ill = {"status": _ill()}
    _sent(client.send("PATCH", f"{where}/{name}/status", body=ill, kind=MERGE))
    written = datetime.now().astimezone()
    line, heard = ear.until("new", name)
    ripe = datetime.fromisoformat(line["subject"]["since"]) + GRACE
    return (heard - max(written, ripe)) / timedelta(seconds=1)


def _ill() -> dict[str, Any]:
    now = datetime.now().astimezone().isoformat()
    waiting = {"reason": "ImagePullBackOff", "message": f'"{IMAGE}": not found'}
    return {
        "phase": "Pending",
        "startTime": now,
        "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": now}],
        "containerStatuses": [
            {
                "name": "main",
                "image": IMAGE,
                "imageID": "",
                "ready": False,
                "restartCount": 0,
                "state": {"waiting": waiting},
            }
        ],
    }


def _sent(answer: Answer) -> None:
    if not answer.ok:
        raise CouldNotMeasure(f"The lab answered {answer.code}: {answer.body[:200]!r}")


class Ear:
    """A watch that runs, and the lines that it prints, with the moment at which each was read."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program
        self._lines: Queue[tuple[dict[str, Any], datetime]] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._program.stdout or ():
            self._lines.put((json.loads(line), datetime.now().astimezone()))

    def end(self) -> None:
        """Have it end, and read what it still says: nobody may close a pipe that is being read."""
        self._program.terminate()
        self._reader.join()

    def until(self, what: str, name: str = "") -> tuple[dict[str, Any], datetime]:
        """The next line that tells that of somebody of that name."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line, heard = self._lines.get(timeout=max(0, deadline - time.monotonic()))
            except Empty:
                raise CouldNotMeasure(f"The watch told no {what} {name} in time.") from None
            about = line["subject"]["about"]["name"] if line["subject"] else ""
            if line["what"] == what and about == name:
                return line, heard

    def cpu(self) -> float:
        """Seconds, user and system, so far."""
        used = Path(f"/proc/{self._program.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> int:
        """Bytes, resident."""
        told = Path(f"/proc/{self._program.pid}/status").read_text()
        return int(told.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def watching(holdfast: Path, kubeconfig: Path, home: Path) -> Iterator[Ear]:
    """Watch for as long as this lasts."""
    scale = {"HOLDFAST_GRACE_SCALE": str(SCALE)}
    env = environment(HOME=str(home), KUBECONFIG=str(kubeconfig), **scale)
    command: list[str | Path] = [holdfast, "scan", "--watch", "-o", "json", "--fail-on", "never"]
    with subprocess.Popen(command, env=env, cwd=home, stdout=subprocess.PIPE, text=True) as program:
        ear = Ear(program)
        try:
            yield ear
        finally:
            ear.end()


@contextmanager
def churn(lab: Lab) -> Iterator[None]:
    """Scale Deployments down and up again, one after the other, for as long as this lasts."""
    over = threading.Event()

    def scale() -> None:
        client = lab.client()
        for turn in range(1_000_000):
            where = f"team-{turn % NAMESPACES:02}/deployments/app-{turn % DEPLOYMENTS}/scale"
            replicas = {"spec": {"replicas": REPLICAS - (turn // (NAMESPACES * DEPLOYMENTS)) % 2}}
            path = f"/apis/apps/v1/namespaces/{where}"
            _sent(client.send("PATCH", path, body=replicas, kind=MERGE))
            if over.wait(PAUSE):
                return

    thread = threading.Thread(target=scale)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

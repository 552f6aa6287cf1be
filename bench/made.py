"""A made-up cluster that is written down, and the server that sends it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.children import CouldNotMeasure, ask, environment
from bench.machine import ROOT

SEED = 1
SMALLEST = 6 * 1024  # bytes that each pod has at least
TOLD = ("deployments", "replicasets", "services", "events", "nodes", "namespaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Where its pages are, and what is in them."""

    folder: Path
    seed: int
    count: Mapping[str, int]  # of each kind
    size: int  # bytes
    pod: int  # bytes of a pod, on average
    smallest: int  # bytes

    @property
    def pods(self) -> int:
        """How many pods it has."""
        return self.count["pods"]

    @property
    def described(self) -> str:
        """What it consists of, in words."""
        others = ", ".join(f"{self.count[kind]:,} {kind}" for kind in TOLD)
        return (
            f"{self.pods:,} pods of {self.smallest:,} bytes or more, on average {self.pod:,}; "
            f"{others}; {self.size / 1e6:,.0f} MB in all; seed {self.seed}"
        )


def make(folder: Path, pods: int) -> Made:
    """Write one with that many pods down."""
    said = ask("bench.pages", "write", folder, str(pods), str(SEED))
    if said["smallest"] < SMALLEST:
        raise CouldNotMeasure(
            f"The smallest pod has {said['smallest']} bytes; give bench/pods.py more to say."
        )
    return Made(
        folder=folder,
        seed=SEED,
        count=said["count"],
        size=said["bytes"],
        pod=said["podBytes"] // pods,
        smallest=said["smallest"],
    )


@contextmanager
def serving(made: Made) -> Iterator[str]:
    """A server of its pages, in a process of its own, for as long as this lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.pages", "serve", str(made.folder)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            said = server.stdout.readline().strip() if server.stdout else ""
            if not said:
                raise CouldNotMeasure("The server of pages ended before it said where it listens.")
            yield f"http://127.0.0.1:{said}"
        finally:
            if server.stdin:
                server.stdin.close()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def kubeconfig(url: str, path: Path) -> Path:
    """A kubeconfig for that server, which asks nobody who they are."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "made-up",
        "clusters": [{"name": "made-up", "cluster": {"server": url}}],
        "contexts": [{"name": "made-up", "context": {"cluster": "made-up", "user": "anybody"}}],
        "users": [{"name": "anybody", "user": {}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path

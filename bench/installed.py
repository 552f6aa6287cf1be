"""The wheel alone: built, and installed with its locked dependencies into an empty environment.

Outside the checkout, so that nothing of it can help. Packages come from uv's cache, which `make
install` has filled; what is missing there is downloaded.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.children import CouldNotMeasure, environment
from bench.machine import ROOT

LONGEST = 300.0  # seconds that one step may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Where it is."""

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "bin" / "python"

    @property
    def holdfast(self) -> Path:
        """The console script."""
        return self.folder / "bin" / "holdfast"

    @property
    def packages(self) -> Path:
        """Where the packages are."""
        return next(self.folder.glob("lib/python3.*/site-packages"))


def install(folder: Path) -> Installed:
    """Build the wheel and install it below that folder, bytecode and all."""
    target, dist = folder / "environment", folder / "dist"
    python = ("--python", sys.executable)
    _run("build", "--wheel", "--no-build-isolation", *python, "--out-dir", dist, ROOT)
    wheel = next(dist.glob("holdfast-*.whl"))
    _run("venv", *python, target)
    into = ("pip", "install", "--python", str(target), "--compile-bytecode")
    _cached_or_not(*into, "--require-hashes", "-r", ROOT / "requirements" / "run.txt")
    _run(*into, "--no-deps", "--offline", wheel)
    return Installed(folder=target, wheel=wheel)


def _cached_or_not(*arguments: str | Path) -> None:
    """Without a word to any registry if that is possible."""
    try:
        _run(*arguments, "--offline")
    except CouldNotMeasure:
        _run(*arguments)


def _run(*arguments: str | Path) -> None:
    done = subprocess.run(
        [ROOT / "tools" / "uv.sh", *arguments],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    if done.returncode != 0:
        raise CouldNotMeasure(
            f"`uv {' '.join(map(str, arguments[:2]))}` failed: {done.stderr.strip()[-500:]}"
        )

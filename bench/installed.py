"""The wheel alone: built, and installed with its locked dependencies into an empty environment.

Outside the checkout, so that nothing of it can help. Packages come from uv's cache, which `make
install` has filled; what is missing there is downloaded.
"""

import os
import shutil
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
    uv = find_uv()
    target, dist = folder / "environment", folder / "dist"
    python = ("--python", sys.executable)
    _run(uv, "build", "--wheel", "--no-build-isolation", *python, "--out-dir", dist, ROOT)
    wheel = next(dist.glob("holdfast-*.whl"))
    _run(uv, "venv", *python, target)
    into = ("pip", "install", "--python", str(target), "--compile-bytecode")
    _cached_or_not(uv, *into, "--require-hashes", "-r", ROOT / "requirements" / "run.txt")
    _run(uv, *into, "--no-deps", "--offline", wheel)
    return Installed(folder=target, wheel=wheel)


def find_uv() -> Path:
    """The uv on PATH if it answers (a version manager's shim may not), else the checkout's."""
    for each in (shutil.which("uv"), ROOT / ".uv" / "bin" / "uv"):
        if each is not None and Path(each).exists() and _answers(Path(each)):
            return Path(each)
    raise CouldNotMeasure("There is no uv here; put one on PATH (`pip install uv` gives one).")


def _answers(uv: Path) -> bool:
    asked = subprocess.run([uv, "--version"], capture_output=True, check=False, timeout=30)
    return asked.returncode == 0


def _cached_or_not(uv: Path, *arguments: str | Path) -> None:
    """Without a word to any registry if that is possible."""
    try:
        _run(uv, *arguments, "--offline")
    except CouldNotMeasure:
        _run(uv, *arguments)


def _run(uv: Path, *arguments: str | Path) -> None:
    mirror = os.environ.get("PIP_INDEX_URL")  # one that pip was told of will do for uv
    more = {"UV_DEFAULT_INDEX": mirror} if mirror and "UV_DEFAULT_INDEX" not in os.environ else {}
    done = subprocess.run(
        [uv, *arguments],
        env=environment(**more),
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

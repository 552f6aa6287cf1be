"""The files of the tree, and a copy of it in which commands can be run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or about to be, relative to the root."""
    said = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = (Path(line) for line in said.stdout.splitlines())
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


@cache
def texts() -> Mapping[Path, str]:
    """Every file that is text, with what is in it."""
    found = {}
    for name in files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            found[name] = content.decode()
    return found


def pages() -> list[Path]:
    """Every page that people read."""
    return [name for name in files() if name.suffix == ".md"]


def copy_to(folder: Path) -> Path:
    """A copy of the tree."""
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(command: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line in a copy of the tree, as somebody with an empty home would."""
    env = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "src"),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
    }
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )

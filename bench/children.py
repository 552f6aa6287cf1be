"""Running programs and measuring them; every process that a measurement starts is bounded."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import ROOT

STOPWATCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("stopwatch.py")))
LONGEST = 300.0  # seconds that one measured program may take


class CouldNotMeasure(Exception):
    """A measurement could not be made; one sentence says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What a program took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak: int  # bytes, resident


def watch(
    program: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path = ROOT,
    expected: Sequence[int] = (0,),
    longest: float = LONGEST,
) -> Took:
    """Run a program, its output thrown away, and say what it took."""
    with tempfile.NamedTemporaryFile(prefix="holdfast-bench-") as errors:
        said = subprocess.run(
            [*STOPWATCH, str(longest), errors.name, *map(str, program)],
            env=dict(env),
            cwd=cwd,
            stdout=subprocess.PIPE,
            check=True,
            timeout=longest + 30,
        )
        answer = json.loads(said.stdout)
        if answer["code"] not in expected:
            words = Path(errors.name).read_text(errors="replace").strip()
            raise CouldNotMeasure(
                f"{Path(program[0]).name} ended with {answer['code']} and said: {words[-500:]}"
            )
    return Took(wall=answer["wall"], cpu=answer["cpu"], peak=answer["peak"])


def ask(module: str, *arguments: str | Path) -> Any:
    """Run one of our own modules in a process of its own, and read the JSON that it prints."""
    try:
        said = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            env=environment(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
            timeout=LONGEST,
        )
    except subprocess.CalledProcessError as failed:
        raise CouldNotMeasure(
            f"{module} ended with {failed.returncode}; what it said stands above; again: "
            f"{shlex.join(map(str, failed.cmd[1:]))}"
        ) from failed
    except subprocess.TimeoutExpired as failed:
        raise CouldNotMeasure(f"{module} was not done after {failed.timeout:.0f} s") from failed
    return json.loads(said.stdout)


def environment(**more: str) -> dict[str, str]:
    """The environment of what is measured: ours, with bytecode written and no settings of ours."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV", "KUBECONFIG")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in unwanted and not name.startswith(("HOLDFAST_", "COVERAGE_"))
    }
    return kept | more

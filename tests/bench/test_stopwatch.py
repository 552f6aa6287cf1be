"""The stopwatch measures a program, says when it failed, and lets none run for ever."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.children import STOPWATCH, CouldNotMeasure, ask, environment, watch

pytestmark = pytest.mark.slow

MIB = 2**20


def test_memory_is_the_programs_own() -> None:
    little, much = (
        watch([sys.executable, "-c", f"b'x' * {size}"], env=environment()).peak
        for size in (1, 200 * MIB)
    )
    assert little < 60 * MIB
    assert 200 * MIB <= much < 260 * MIB


def test_work_is_seen_as_cpu_time() -> None:
    took = watch([sys.executable, "-c", "sum(range(5_000_000))"], env=environment())
    assert 0 < took.cpu <= took.wall * 1.1


def test_a_program_that_fails_is_no_measurement() -> None:
    program = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    with pytest.raises(CouldNotMeasure, match="ended with 1 and said: no such luck"):
        watch(program, env=environment())


def test_a_part_of_ours_that_fails_is_no_measurement() -> None:
    with pytest.raises(
        CouldNotMeasure, match=r"bench.machine_of_nobody ended with 1; .* again: -m bench"
    ):
        ask("bench.machine_of_nobody")


def test_a_program_may_be_expected_to_fail() -> None:
    assert watch([sys.executable, "-c", "exit(1)"], env=environment(), expected=(0, 1)).peak > 0


def test_a_program_that_does_not_end_is_ended(tmp_path: Path) -> None:
    said = subprocess.run(
        [*STOPWATCH, "0.2", str(tmp_path / "errors"), "sleep", "60"],
        capture_output=True,
        check=True,
        timeout=30,
    )
    answer = json.loads(said.stdout)
    assert -signal.SIGKILL == answer["code"]
    assert 0.2 <= answer["wall"] < 30


def test_what_is_measured_writes_bytecode_and_has_no_settings_of_ours() -> None:
    unwanted = {"PYTHONDONTWRITEBYTECODE", "KUBECONFIG", "PYTHONPATH"}
    env = environment(HOME="/nowhere")
    assert set() == {name for name in env if name in unwanted or name.startswith("HOLDFAST_")}
    assert "/nowhere" == env["HOME"]

"""Whoever was forked for a sweep ends with it, also if the sweep is killed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PATIENCE = 60  # seconds, on a machine where much else runs
SWEEPS = """
import time
from multiprocessing import forkserver
from tests.surfaces.processes.mortals import forked
sleeping = forked(time.sleep, 600)
print(sleeping.pid, forkserver._forkserver._forkserver_pid, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_who_was_forked_and_who_forked_end_with_a_sweep_that_is_killed() -> None:
    sweep = subprocess.Popen(
        [sys.executable, "-c", SWEEPS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert sweep.stdout is not None
        forked = [int(pid) for pid in sweep.stdout.readline().split()]
        assert 2 == len([*filter(_lives, forked)])
    finally:
        sweep.kill()
        sweep.communicate()
    until = time.monotonic() + PATIENCE
    while any(map(_lives, forked)):
        assert time.monotonic() < until, forked
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    """Whether it does anything any more; nobody may have asked yet how it ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"

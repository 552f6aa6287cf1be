"""The table at the end of a run, and the file of `make prove`, hold what the tests counted."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import tree

COUNTING = """
from tests.tally import Count

def test_one(tally, prove):
    assert prove
    tally(Count("escape", n=2000, seed=7))

def test_two(tally):
    tally(Count("escape", n=500, failures=1, seed=7))

def test_three(tally):
    tally(Count("bombs", n=3))
    assert False
"""


@pytest.mark.slow
def test_counts_of_one_suite_are_added_up_and_kept_with_the_outcomes(tmp_path: Path) -> None:
    room = tmp_path / "tests" / "escape"
    room.mkdir(parents=True)
    shutil.copy(tree.ROOT / "tests" / "tally.py", tmp_path / "tests")
    (tmp_path / "bench").mkdir()
    shutil.copy(tree.ROOT / "bench" / "machine.py", tmp_path / "bench")
    (tmp_path / "tests" / "conftest.py").write_text('pytest_plugins = ["tests.tally"]\n')
    (room / "test_counting.py").write_text(COUNTING)
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)

    outside = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=outside | {"HOLDFAST_PROVE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    results = json.loads((tmp_path / "results" / "prove.json").read_text())
    assert [
        {"suite": "bombs", "n": 3, "failures": 0, "seed": None},
        {"suite": "escape", "n": 2500, "failures": 1, "seed": 7},
    ] == results["suites"]
    assert {"escape": {"passed": 2, "failed": 1}} == results["tests"]
    assert isinstance(results["seed"], int)
    assert "unknown: not a clone" == results["commit"]
    assert "escape   n   2,500   failures 1   seed 7\n" in done.stdout
    assert "1 failed, 2 passed" in done.stdout.splitlines()[-1]

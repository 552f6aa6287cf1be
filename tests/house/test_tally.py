"""The table at the end of a run, and the file of `make prove`, hold what the tests counted."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house import tree
from tests.proving import shard

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
WHOLE = [
    {"suite": "bombs", "n": 3, "failures": 0, "seed": None},
    {"suite": "escape", "n": 2500, "failures": 1, "seed": 7},
]


class Room:
    """A small project with tests that count."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "tests" / "escape").mkdir(parents=True)
        (place / "bench").mkdir()
        for name in ("tests/tally.py", "tests/proving.py", "bench/machine.py", "pyproject.toml"):
            shutil.copy(tree.ROOT / name, place / name)
        plugins = 'pytest_plugins = ["tests.proving", "tests.tally"]\n'
        (place / "tests" / "conftest.py").write_text(plugins)
        (place / "tests" / "escape" / "test_counting.py").write_text(COUNTING)

    def committed(self) -> str:
        """All of it, and which commit that is."""
        (self.place / ".gitignore").write_text("results/\n__pycache__/\n")
        as_somebody = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]
        for words in (["init", "-q"], ["add", "-A"], [*as_somebody, "commit", "-qm", "All of it"]):
            subprocess.run(["git", *words], cwd=self.place, check=True)
        said = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=self.place, check=True, capture_output=True, text=True
        )
        return said.stdout.strip()

    def proved(self, *, workers: int = 0, **told: str) -> tuple[str, dict[str, Any]]:
        """What a run said, and what it left."""
        done = self.ran(workers=workers, **told)
        results = json.loads((self.place / "results" / "prove.json").read_text())
        return done.stdout, results

    def ran(self, *, workers: int = 0, **told: str) -> subprocess.CompletedProcess[str]:
        """One run."""
        outside = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTEST_", "HOLDFAST_PROVE", "HOLDFAST_LAB"))
        }
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-n", str(workers), "-p", "no:cacheprovider"],
            cwd=self.place,
            env={**outside, "HOLDFAST_PROVE": "1", **told},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.mark.slow
def test_counts_of_one_suite_are_added_up_and_kept_with_the_outcomes(room: Room) -> None:
    said, results = room.proved(workers=2)

    assert WHOLE == results["suites"]
    assert {"escape": {"passed": 2, "failed": 1}} == results["tests"]
    assert isinstance(results["seed"], int)
    assert "unknown: not a clone" == results["commit"]
    assert "escape   n   2,500   failures 1   seed 7\n" in said
    assert "1 failed, 2 passed" in said.splitlines()[-1]


@pytest.mark.slow
def test_what_passed_at_this_commit_is_gone_on_with_and_counts(room: Room) -> None:
    commit = room.committed()
    room.proved()

    said, results = room.proved(workers=2, HOLDFAST_PROVE_GO_ON="1")

    assert "1 failed" in said.splitlines()[-1]
    assert "passed" not in said.splitlines()[-1]
    assert (commit, 2) == (results["commit"], results["before"])
    assert WHOLE == results["suites"]
    assert {"escape": {"passed": 2, "failed": 1}} == results["tests"]


@pytest.mark.slow
@pytest.mark.parametrize("told", [{}, {"HOLDFAST_PROVE_GO_ON": "1"}])
def test_everything_is_run_again_at_another_commit_or_without_a_word(
    room: Room, told: dict[str, str]
) -> None:
    room.committed()
    room.proved()
    if told:
        (room.place / "new.txt").write_text("and something else\n")
        room.committed()

    said, results = room.proved(workers=0, **told)

    assert "1 failed, 2 passed" in said.splitlines()[-1]
    assert 0 == results["before"]
    assert WHOLE == results["suites"]


@pytest.mark.slow
def test_parts_are_the_whole_and_nothing_twice(room: Room) -> None:
    room.committed()
    for part in ("1/3", "2/3", "3/3"):
        room.proved(HOLDFAST_PROVE_SHARD=part)
    lines = (room.place / "results" / "prove.jsonl").read_text().splitlines()
    names = [json.loads(each)["test"].partition("::")[2] for each in lines]
    assert ["test_one", "test_three", "test_two"] == sorted(names)


@pytest.mark.slow
def test_what_came_of_the_oldest_api_server_is_kept_apart(room: Room) -> None:
    room.committed()
    room.proved()
    results = room.place / "results"
    newest = (results / "prove.json").read_bytes()

    said, _ = room.proved(HOLDFAST_LAB_OLDEST="1", HOLDFAST_PROVE_GO_ON="1")

    assert "1 failed, 2 passed" in said.splitlines()[-1]
    assert newest == (results / "prove.json").read_bytes()
    assert WHOLE == json.loads((results / "prove-oldest.json").read_text())["suites"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_a_part_with_nothing_left_to_do_is_done(room: Room, workers: int) -> None:
    (room.place / "tests" / "escape" / "test_counting.py").write_text("def test_one(): pass\n")
    codes = [
        room.ran(workers=workers, HOLDFAST_PROVE_SHARD=part).returncode for part in ("1/2", "2/2")
    ]
    assert [0, 0] == codes


@pytest.mark.slow
def test_the_whole_with_nothing_to_do_is_none(room: Room) -> None:
    (room.place / "tests" / "escape" / "test_counting.py").unlink()
    assert pytest.ExitCode.NO_TESTS_COLLECTED == room.ran().returncode


@pytest.mark.parametrize("wanted", ["0/4", "5/4", "2", "a/b", "/"])
def test_a_part_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv("HOLDFAST_PROVE_SHARD", wanted)
    with pytest.raises(pytest.UsageError, match="one like 2/4"):
        shard()

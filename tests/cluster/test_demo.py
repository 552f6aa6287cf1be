"""`make demo LAB=1` under `make prove`: the story on a real control plane, to its end."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.proving import PROVE

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("demo-lab")]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, *map(str, command)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


if PROVE:

    def test_the_story_is_told_to_its_end_and_what_it_leaves_is_whole(
        lab_built: None, tmp_path: Path
    ) -> None:
        folder = tmp_path / "left"
        told = run("-m", "lab.demo", folder)
        said = told.stdout + told.stderr
        assert told.returncode == 0, said
        for word in (
            "a real control plane",
            "recovered",
            "kept_elsewhere",
            "taken back",
            "Whole: ",
        ):
            assert word in said
        (key,) = (folder / "keys" / "public").glob("audit*")
        whole = run("-I", folder / "verify.py", folder / "audit.jsonl", "--key", key)
        assert whole.returncode == 0, whole.stdout + whole.stderr

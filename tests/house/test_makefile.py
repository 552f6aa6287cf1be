"""The Makefile explains itself, and continuous integration runs what people run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import tree

MAKEFILE = (tree.ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE)
PROMISED = {"demo", "test", "prove", "check", "lab", "lab-check", "bench", "docs", "generate"}


def test_make_alone_says_what_there_is() -> None:
    said = subprocess.run(["make"], cwd=tree.ROOT, capture_output=True, text=True, check=True)
    listed = re.findall(r"^  make (\S+) +\S", said.stdout, re.MULTILINE)
    assert TARGETS == listed
    assert set() == PROMISED - {*listed}


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_how_to_make(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr


def test_continuous_integration_is_make_test_and_nothing_else() -> None:
    lines = (tree.ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert ['cd "$(dirname "$0")/.." && exec make test'] == commands


def test_pages_name_targets_that_exist() -> None:
    strangers = {
        f"{page}: make {target}"
        for page in tree.pages()
        for target in re.findall(r"(?:`|\$ )make ([a-z-]+)", (tree.ROOT / page).read_text())
        if target not in TARGETS
    }
    assert set() == strangers


def test_an_install_says_that_it_takes_a_while_and_one_that_is_done_says_nothing(
    tmp_path: Path,
) -> None:
    for name, script in {
        "find-python.sh": f"echo {sys.executable}",
        "uv.sh": "exit 0",
        "bootstrap.sh": (tree.ROOT / "tools" / "bootstrap.sh").read_text(),
    }.items():
        path = tmp_path / "tools" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script if script.startswith("#!") else f"#!/usr/bin/env bash\n{script}\n")
        path.chmod(0o755)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text("")
    (tmp_path / "pyproject.toml").write_text("")

    first, second = (
        subprocess.run(
            [tmp_path / "tools" / "bootstrap.sh"],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    )

    assert "installing (a minute the first time) ..." in first.splitlines()
    assert "" == second

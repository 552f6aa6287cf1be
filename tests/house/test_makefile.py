"""The Makefile explains itself, and continuous integration runs what people run."""

import re
import subprocess

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

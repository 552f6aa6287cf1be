"""Tests that share one lab run in one worker, whatever they are called and wherever they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab.sharing import group_of
from tests.house import tree

ASKING = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_asks_for_the_lab(lab_built, n): ...

@pytest.mark.parametrize("n", range(4))
def test_asks_for_nothing(n): ...
"""


@pytest.mark.slow
def test_every_test_that_asks_for_the_lab_runs_in_the_same_worker(tmp_path: Path) -> None:
    """Lost silently otherwise: by a pytest that xdist cannot group under, or by a late marker."""
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text(ASKING)
    outside = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup"),
            *("-p", "lab.sharing", "-p", "lab.fixture"),
            *("-p", "no:cacheprovider", "-p", "no:asyncio", "."),
        ],
        cwd=tmp_path,
        env=outside | {"PYTHONPATH": str(tree.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    ran = re.findall(r"^\[(gw\d)\].*::test_asks_for_the_lab\[\d\]@lab", done.stdout, re.MULTILINE)
    assert 8 == len(ran), done.stdout
    assert 1 == len({*ran})


@pytest.mark.parametrize("shared", ["lab", "leash_lab", "operators"])
def test_whoever_shares_a_lab_is_in_one_group_with_the_others(
    shared: str, request: pytest.FixtureRequest
) -> None:
    """It ends with its group: whoever came later would find it gone."""
    asking = [item for item in request.session.items if shared in getattr(item, "fixturenames", ())]
    assert len({group_of(item) for item in asking}) <= 1

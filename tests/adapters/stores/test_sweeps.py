"""Each thing that an act asks of the system fails once: the state stays whole, the caller knows.

`sweeping` does it, in processes that really die and on files that really cannot grow.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.stores.sweeping import ACTS
from tests.proving import PROVE
from tests.tally import Count, Tally

ROOT = Path(__file__).parents[3]
WAYS = {
    "kill": "killed",
    "full": "heard",
    "fails": "heard",
    "lost": "heard",
    "wire": "heard",
}
SHORT = {"append": "5", "backup": "19", "accept": "9"}  # as they have points
MANY = "29"  # are those at which somebody can be killed, of the others
ON_WIRES = tuple(ACTS) if PROVE else ("approve",)
ON_FILES = ("backup", "retain")  # the others ask the file system for nothing but their database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _every(act: str, how: str, *, prove: bool) -> str:
    """Each so-manieth point; a wire breaks at few."""
    if prove or how == "wire":
        return "1"
    return SHORT.get(act, MANY if how == "kill" else "13")


def swept(act: str, how: str, url: str, folder: Path, tally: Tally, *, prove: bool) -> None:
    (folder / "places").mkdir()
    wish = (act, how, url, str(folder / "places"), _every(act, how, prove=prove))
    said = subprocess.run(
        [sys.executable, "-m", "tests.adapters.stores.sweeping", *wish],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=850,
    )
    told = json.loads(said.stdout)
    where = url.partition(":")[0]
    suite = f"failure points of {act}: {how} ({where})"
    tally(Count(suite, told["points"], failures=len(told["bad"])))
    assert told["bad"] == []
    assert told["ended"].get(WAYS[how], 0) > 1


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("how", ["kill", "full"])
def test_on_sqlite_the_state_stays_whole(
    act: str, how: str, tmp_path: Path, tally: Tally, prove: bool
) -> None:
    swept(act, how, f"sqlite:///{tmp_path}/first.db", tmp_path, tally, prove=prove)


@pytest.mark.parametrize("act", ON_FILES)
def test_a_file_system_that_refuses_leaves_the_state_whole(
    act: str, tmp_path: Path, tally: Tally, prove: bool
) -> None:
    swept(act, "fails", f"sqlite:///{tmp_path}/first.db", tmp_path, tally, prove=prove)


@pytest.mark.xdist_group("postgres")
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("how", ["kill", "lost"])
def test_on_postgres_the_state_stays_whole(
    act: str, how: str, postgres_database: str, tmp_path: Path, tally: Tally, prove: bool
) -> None:
    swept(act, how, postgres_database, tmp_path, tally, prove=prove)


@pytest.mark.xdist_group("postgres")
@pytest.mark.parametrize("act", ON_WIRES)
def test_a_wire_that_breaks_at_a_commit_leaves_the_state_whole(
    act: str, postgres_database: str, tmp_path: Path, tally: Tally, prove: bool
) -> None:
    swept(act, "wire", postgres_database, tmp_path, tally, prove=prove)

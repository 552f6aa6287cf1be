"""What decides is held by its tests: of small changes of it, nearly all are noticed.

`make prove` changes every place in turn; a few of one room are changed in every run.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.mutation import children
from tests.mutation.killing import Judged, all_mutants
from tests.mutation.points import Mutant, mutants
from tests.mutation.rooms import ROOMS
from tests.mutation.verdicts import Verdicts
from tests.proving import PROVE
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * 3600)]

HERE = Path(__file__).parent
EXCUSED: dict[str, str] = yaml.safe_load((HERE / "survivors.yaml").read_text()) or {}
FEW = 4
LEAST = 0.9
QUICK = ("policy",)  # whose tests are quick, and whose mutants are all judged quickly


def run(*arguments: str) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.mutation", *arguments],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return result


@pytest.fixture(scope="module")
def judged(prove: bool) -> dict[str, Any]:
    """Each room, as far as it is judged in this run."""
    few = ["--again", "--sample", str(FEW), "--compare", "1", "--at-once", "1"]
    return run(*ROOMS, "--compare", "25") if prove else run(*QUICK, *few)


@pytest.mark.parametrize("room", ROOMS if PROVE else QUICK)
def test_what_is_changed_is_noticed(
    room: str, judged: dict[str, Any], tally: Tally, prove: bool
) -> None:
    told = judged[room]
    unexcused = [each for each in told["survivors"] if each not in EXCUSED]
    tally(Count(f"mutants of {room} that are noticed", told["judged"], len(unexcused), seed=1))
    assert unexcused == []
    if prove:
        assert told["of"] == told["judged"]
        assert len(told["survivors"]) <= (1 - LEAST) * told["judged"]
        here = [each for each in EXCUSED if each.startswith(f"{room}/")]
        assert sorted(told["survivors"]) == sorted(here)


@pytest.mark.parametrize("room", ROOMS if PROVE else QUICK)
def test_both_ways_to_judge_agree(room: str, judged: dict[str, Any], tally: Tally) -> None:
    told = judged[room]
    wrong = told["otherwise"]
    tally(Count("mutants judged both ways", told["compared"], len(wrong), seed=1))
    assert wrong == []


def test_every_excuse_is_of_a_mutant_and_says_why() -> None:
    there = {each.key for room in ROOMS for each in all_mutants(room)}
    assert [] == [key for key in EXCUSED if key not in there]
    assert all(len(reason) >= 20 for reason in EXCUSED.values())


def test_each_sort_of_place_is_changed(tmp_path: Path) -> None:
    module = tmp_path / "one.py"
    module.write_text(
        '"""A docstring is left alone."""\n\n\n'
        "def one(a: int, b: bool) -> int | None:\n"
        '    """So is this."""\n'
        "    if not b and 0 < a <= 3:\n"
        "        return a + 1\n"
        "    if b:\n"
        '        raise ValueError("a message for people")\n'
        "    for each in [x for x in (a,) if x]:\n"
        "        continue\n"
        '    return {"key": True} and any([a]) and b"raw"\n\n\n'
        "def two() -> str:\n"
        '    return ""\n'
    )
    told = [each.key.partition(" -> ")[2] for each in mutants(module, tmp_path)]
    assert sorted(told) == sorted(
        [
            "not b or 0 < a <= 3",
            "b",
            "0 <= a <= 3",
            "0 < a < 3",
            "1",
            "4",
            "return None",
            "a - 1",
            "2",
            "not b",
            "pass",
            "without `if x`",
            "break",
            "return None",
            "return '~'",
            "{'key': True} or any([a]) or b'raw'",
            "b'raw~'",
            "'key~'",
            "False",
            "all([a])",
        ]
    )


def test_what_never_ends_or_fills_the_memory_is_ended_and_told() -> None:
    def work(job: str) -> str:
        children.capped(1)
        held = []
        while job == "loops":
            time.process_time()
        while job == "grows":
            held.append(bytes(64 << 20))
        return job

    told = dict(children.forked(["loops", "grows", "ends"], work, at_once=2))
    assert told == {"loops": children.TIME, "grows": children.SPACE, "ends": "ends"}


def test_a_verdict_is_kept_for_one_state_and_hints_at_the_next(tmp_path: Path) -> None:
    one, other, *_ = all_mutants("execution")
    kept = tmp_path / "kept"
    first = Verdicts(kept, "a state")
    first.keep(Judged(one, "tests/x.py::test_x", quickly=True))
    first.keep(Judged(other, "", quickly=False))

    again, later = Verdicts(kept, "a state"), Verdicts(kept, "another")
    assert again.of(one) == Judged(one, "tests/x.py::test_x", quickly=True)
    assert again.of(other) == Judged(other, "", quickly=False)
    assert (later.of(one), later.of(other)) == (None, None)
    assert later.hints == {one.key: "tests/x.py::test_x"}


def test_keys_stay_while_other_lines_move(tmp_path: Path) -> None:
    module = tmp_path / "one.py"

    def keys(text: str) -> list[str]:
        module.write_text(text)
        return [each.key for each in mutants(module, tmp_path)]

    body = "def one(a):\n    return a == 1 or a == 1\n"
    assert keys(body) == keys("# a line more\n\n" + body)
    assert len(keys(body)) == len(set(keys(body))) == 6
    assert all(isinstance(each, Mutant) for each in mutants(module, tmp_path))

"""What decides is held by its tests: of small changes of it, nearly all are noticed.

`make prove` changes every place in turn; a few of one room are changed in every run.
"""

import json
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.mutation import children
from tests.mutation.killing import Judged, all_mutants
from tests.mutation.points import Mutant, mutants
from tests.mutation.rooms import ROOMS
from tests.mutation.telling import excused
from tests.mutation.verdicts import Verdicts, state
from tests.proving import PROVE
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * 3600)]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXCUSED = excused()
FEW = 4
LEAST = 0.9
QUICK = ("policy",)  # whose tests are quick, and most of whose mutants are judged quickly
# A room is judged once, by one process: what is asked of it stays together.
EACH = [
    pytest.param(room, marks=pytest.mark.xdist_group(f"mutants-{room}"))
    for room in (ROOMS if PROVE else QUICK)
]


@cache
def judged(room: str) -> dict[str, Any]:
    """A room, as far as it is judged in this run."""
    few = ("--again", "--sample", str(FEW), "--compare", "1")
    asked = ("--compare", "25") if PROVE else few
    told = subprocess.run(
        [sys.executable, "-m", "tests.mutation", room, *asked, "--at-once", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])[room]
    return result


@pytest.mark.parametrize("room", EACH)
def test_what_is_changed_is_noticed(room: str, tally: Tally) -> None:
    told = judged(room)
    unexcused = [each for each in told["survivors"] if each not in EXCUSED]
    tally(Count(f"mutants of {room} that are noticed", told["judged"], len(unexcused), seed=1))
    assert unexcused == []
    if PROVE:
        assert told["of"] == told["judged"]
        assert len(told["survivors"]) <= (1 - LEAST) * told["judged"]
        here = [each for each in EXCUSED if each.startswith(f"{room}/")]
        assert sorted(told["survivors"]) == sorted(here)


@pytest.mark.parametrize("room", EACH)
def test_both_ways_to_judge_agree(room: str, tally: Tally) -> None:
    told = judged(room)
    wrong = told["otherwise"]
    # Most of what is judged of execution is made as it is loaded.
    assert told["quickly"] > 0 or room == "execution"
    tally(Count("mutants judged both ways", told["compared"], len(wrong), seed=1))
    assert wrong == []


@pytest.mark.parametrize("room", EACH)
def test_what_is_not_changed_is_not_noticed(room: str, tally: Tally) -> None:
    told = judged(room)
    tally(Count("functions as they are", told["unchanged"], len(told["noticed"]), seed=1))
    assert told["unchanged"] > 0
    assert told["noticed"] == []


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
            "without `'key'`",
            "False",
            "all([a])",
        ]
    )


def test_each_entry_is_left_out_and_each_member_is_another(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text(
        "class Word(StrEnum):\n    YES = auto()\n    NO = auto()\n    LATER = auto()\n"
    )
    module = tmp_path / "one.py"
    module.write_text(
        "from holdfast.words import Word as Said\n\n"
        "type Pair = tuple[int, str]\n"
        "Short = Annotated[str, Most(9)]\n"
        "ONE, OTHER = (one, other)\n"
        "ALL: tuple[Layer, ...] = (first, *ALSO)\n"
        "NEXT = frozen({Said.YES: {Said.LATER}})\n"
        "MADE = frozenset(a for a, b in NEXT.items())\n\n\n"
        "def one(a):\n"
        "    b, c = a, Said\n"
        "    return b in (c, a)\n"
    )
    told = [each.key.removeprefix("one.py:") for each in mutants(module, tmp_path)]
    assert sorted(told) == sorted(
        [
            "module: Short = Annotated[str, Most(9)] -> 10",
            "module: ALL: tuple[Layer, ...] = (first, *ALSO) -> without `first`",
            "module: ALL: tuple[Layer, ...] = (first, *ALSO) -> without `*ALSO`",
            "module: NEXT = frozen({Said.YES: {Said.LATER}}) -> without `Said.YES`",
            "module: NEXT = frozen({Said.YES: {Said.LATER}}) -> without `Said.LATER`",
            "module: NEXT = frozen({Said.YES: {Said.LATER}}) -> Said.NO",
            "module: NEXT = frozen({Said.YES: {Said.LATER}}) -> Said.YES",
            "one: return b in (c, a) -> return None",
            "one: return b in (c, a) -> b not in (c, a)",
            "one: return b in (c, a) -> without `c`",
            "one: return b in (c, a) -> without `a`",
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


def test_what_waits_for_what_never_comes_is_ended_and_told() -> None:
    def work(job: str) -> str:
        while job == "waits":
            signal.pause()
        until = time.monotonic() + 3  # longer than one may be idle, and busy all the time
        while time.monotonic() < until:
            time.process_time()
        return job

    told = dict(children.forked(["waits", "computes"], work, idle=1.0, at_once=2))
    assert told == {"waits": children.TIME, "computes": "computes"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_who_asked_for_it(ending: signal.Signals) -> None:
    asked = subprocess.Popen(
        [sys.executable, "-m", "tests.mutation", "execution", "--again", "--sample", "2"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        # What has loaded the tests, and one that runs some.
        while len(below := _below(asked.pid)) < 2:
            assert asked.poll() is None
            time.sleep(0.05)
    finally:
        asked.send_signal(ending)
    assert asked.wait() == (128 + ending if ending == signal.SIGTERM else -ending)
    while any(_runs(each) for each in below):
        time.sleep(0.05)


def _below(pid: int) -> set[int]:
    """The processes that a process has begun, and those that they have."""
    try:
        here = {*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())}
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return set()
    return here.union(*map(_below, here))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_verdict_is_kept_for_one_state_and_hints_at_the_next(tmp_path: Path) -> None:
    one, other, *_ = all_mutants("execution")
    kept = tmp_path / "kept"
    first = Verdicts(kept, "a state of {}".format)
    first.keep(Judged(one, "tests/x.py::test_x", quickly=True))
    first.keep(Judged(other, "", quickly=False))

    again, later = Verdicts(kept, "a state of {}".format), Verdicts(kept, "another of {}".format)
    assert again.of(one) == Judged(one, "tests/x.py::test_x", quickly=True)
    assert again.of(other) == Judged(other, "", quickly=False)
    assert (later.of(one), later.of(other)) == (None, None)
    assert later.hints == {one.key: "tests/x.py::test_x"}


def test_a_verdict_hangs_on_the_tests_that_made_it() -> None:
    by_one = state("audit", "tests/audit/test_merkle.py::test_x")
    by_other = state("audit", "tests/audit/test_chain.py::test_x")
    assert len({by_one, by_other, state("audit", ""), state("approvals", "")}) == 4
    assert state("audit", "") == state("audit", children.TIME)


def test_keys_stay_while_other_lines_move(tmp_path: Path) -> None:
    module = tmp_path / "one.py"

    def keys(text: str) -> list[str]:
        module.write_text(text)
        return [each.key for each in mutants(module, tmp_path)]

    body = "def one(a):\n    return a == 1 or a == 1\n"
    assert keys(body) == keys("# a line more\n\n" + body)
    assert len(keys(body)) == len(set(keys(body))) == 6
    assert all(isinstance(each, Mutant) for each in mutants(module, tmp_path))

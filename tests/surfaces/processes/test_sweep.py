"""Which points are swept, and what of a sweep is not done again."""

import asyncio
from pathlib import Path

import pytest

from tests.surfaces.processes.boundaries import REQUEST, Point
from tests.surfaces.processes.sweep import Came, Ledger, Listed, Trial, alike, one_of, swept

READ, AGAIN = Point("act", "before a read in f"), Point("act", "before a read in f", 2)
TO_KEEP, KEPT = Point("act", "before claim is kept"), Point("act", "after claim is kept")
TO_SEND, SENT = Point(REQUEST, "before patch x by act"), Point(REQUEST, "after patch x by act")
TRIED = Point(REQUEST, "after patch x dry by act")
SEALED = Point("seal", "after lease is sealed")
TRIAL = Trial(name="DeletePod", points=(KEPT,))
ONE, OTHER = "1" * 40, "2" * 40
CAME = Came(label="a-1", trial=TRIAL, met=True, wrong=(), seconds=3)


def test_points_are_alike_until_something_is_there_for_whoever_comes_next() -> None:
    met = [READ, TO_KEEP, KEPT, TRIED, TO_SEND, SENT, SEALED]
    assert [[READ, TO_KEEP], [KEPT, TRIED, TO_SEND], [SENT], [SEALED]] == [*alike(met)]


@pytest.mark.parametrize(("turn", "chosen"), [(0, READ), (1, TO_KEEP), (2, READ)])
def test_of_those_that_are_alike_another_one_is_chosen_in_each_turn(
    turn: int, chosen: Point
) -> None:
    assert chosen == one_of([READ, TO_KEEP], turn)


def test_what_comes_again_is_chosen_where_there_is_nothing_else() -> None:
    assert TO_KEEP == one_of([READ, AGAIN, TO_KEEP], 0)
    assert AGAIN == one_of([READ, AGAIN], 1)


def a_ledger(path: Path, monkeypatch: pytest.MonkeyPatch, commit: str, go_on: str = "1") -> Ledger:
    monkeypatch.setenv("HOLDFAST_PROVE_GO_ON", go_on)
    return Ledger(path, commit)


def test_what_one_commit_has_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results" / "sweep.jsonl"
    first = a_ledger(path, monkeypatch, ONE)
    first.keep(Listed(label="a", points=(READ, KEPT)))
    first.keep(CAME)
    again = a_ledger(path, monkeypatch, ONE)
    assert (READ, KEPT) == again.listed("a")
    assert CAME == again.came("a-1", TRIAL)
    assert again.came("a-2", TRIAL) is None


@pytest.mark.parametrize(
    ("before", "now", "go_on"),
    [(ONE, OTHER, "1"), (f"{ONE}-dirty", f"{ONE}-dirty", "1"), (ONE, ONE, "")],
)
def test_everything_else_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, now: str, go_on: str
) -> None:
    path = tmp_path / "sweep.jsonl"
    a_ledger(path, monkeypatch, before).keep(CAME)
    assert a_ledger(path, monkeypatch, now, go_on).came("a-1", TRIAL) is None


def test_a_point_that_nobody_met_is_told_by_its_name() -> None:
    lost = Came(label="a-1", trial=TRIAL, met=False, wrong=(), seconds=3)
    assert "DeletePod, act: after claim is kept: NOT MET (3 s)" == str(lost)


async def test_who_was_too_slow_among_others_is_sent_again_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    been, there, beside, lines = set[str](), list[str](), list[int](), list[str]()

    async def go(place: str, trial: Trial) -> Came:
        assert place not in been  # its database and folder are there already
        been.add(place)
        there.append(place)
        beside.append(len(there))
        met = "busy" not in trial.name or beside[-1] == 1
        await asyncio.sleep(0)
        there.remove(place)
        wrong = ("lost",) if trial.name == "busy and wrong" else ()
        return Came(label=place, trial=trial, met=met, wrong=wrong, seconds=1)

    ledger = a_ledger(tmp_path / "sweep.jsonl", monkeypatch, ONE)
    trials = [Trial(name=name, points=(KEPT,)) for name in ("good", "busy", "busy and wrong")]
    wanted = [(f"a-{number}", trial) for number, trial in enumerate(trials)]
    came = await swept(go, wanted, ledger, lines.append)
    assert [(True, ()), (True, ()), (False, ("lost",))] == [(each.met, each.wrong) for each in came]
    assert [1, 2, 3, 1] == beside
    assert "alone a-1  busy, act: after claim is kept: well (1 s)" == lines[-1]
    later = a_ledger(tmp_path / "sweep.jsonl", monkeypatch, ONE)
    assert [*came] == [later.came(*each) for each in wanted]

"""What is made of looks at a trial, and of outcomes; without a cluster."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPException
from typing import Any

import msgspec
import pytest

from holdfast.model.objects import Ref
from holdfast.model.snapshot import Snapshot
from holdfast.model.troubles import Trouble
from holdfast.testing.documents import Json
from holdfast.testing.trials.library import Filed
from holdfast.testing.trials.pattern import Pattern
from holdfast.testing.trials.score import Outcome, Result
from holdfast.testing.trials.trial import Area, Author, Condition
from lab.errors import LabError
from lab.trials.looks import Look
from lab.trials.objects import Objects
from lab.trials.player import Player
from lab.trials.report import Report
from lab.trials.run import Played, line
from lab.trials.stage import Stage
from tests.testing.trials.kit import DECOY, FAULT, NOW, QUOTA, SHORT, a_trial, a_trouble


@dataclass
class FakeStage:
    """A stage on which everything happens at once; while it waits, somebody looks."""

    filed: Filed
    refuses: str = ""
    left: str = ""
    lapses: int = 0  # how often its situation is over when somebody looks
    done: list[str] = field(default_factory=list)
    namespace: str = "t"

    async def furnish(self) -> None:
        self.done.append("furnish")
        if self.refuses:
            raise LabError(self.refuses)

    async def spoil(self) -> None:
        self.done.append("spoil")

    async def hold(self, conditions: Sequence[Condition], what: str) -> None:
        self.done.append(what)

    def missing(self, conditions: Sequence[Condition]) -> str:
        self.lapses -= 1
        return "gone" if self.lapses >= 0 else ""

    async def clear(self) -> str:
        self.done.append("clear")
        return self.left


def _only(found: Sequence[Trouble], _: Sequence[Trouble]) -> Sequence[Trouble]:
    return found


async def played(text: str, *looks: Sequence[Trouble], longest: float = 60, **more: Any) -> Outcome:
    """The outcome when the looks find that, one after the other, the last again and again."""
    stage = FakeStage(Filed(name="x", trial=a_trial(text)), **more)
    player = Player(stage, longest=longest)
    task = asyncio.create_task(player.play())
    await asyncio.sleep(0)
    number = 0
    while not task.done():
        found = looks[min(number, len(looks) - 1)]
        look = Look(began=time.monotonic(), snapshot=Snapshot(now=NOW))
        player.see(look, partial(_only, found))
        number += 1
        await asyncio.sleep(0)
    outcome = await task
    assert stage.done[-1] == "clear"
    return outcome


RIGHT = a_trouble(QUOTA, SHORT)
OTHER = a_trouble(SHORT)


async def test_a_fault_is_right_when_two_looks_in_a_row_are_clean() -> None:
    outcome = await played(FAULT, [], [OTHER], [RIGHT, OTHER], [RIGHT])
    assert (Result.RIGHT, ()) == (outcome.result, outcome.alarms)
    assert outcome.seconds is not None


async def test_what_is_still_said_at_the_end_is_a_false_alarm() -> None:
    outcome = await played(FAULT, [RIGHT, OTHER], longest=0)
    assert (Result.RIGHT, 1) == (outcome.result, len(outcome.alarms))


async def test_a_fault_of_which_nothing_is_said_is_wrong() -> None:
    outcome = await played(FAULT, [], longest=0)
    assert (Result.WRONG, None) == (outcome.result, outcome.seconds)


def test_a_trial_expects_what_its_cause_is_about_and_a_decoy_nothing() -> None:
    quota = Ref(api_version="v1", kind="ResourceQuota", namespace="t", name="tight")
    told = [
        Player(FakeStage(filed=Filed(name="x", trial=a_trial(text)))) for text in (FAULT, DECOY)
    ]
    assert [player.expects(quota) for player in told] == [True, False]


async def test_each_look_at_a_decoy_counts() -> None:
    quiet = await played(DECOY, [])
    once = await played(DECOY, [], [OTHER], [])
    assert (Result.RIGHT, Result.WRONG, 1) == (quiet.result, once.result, len(once.alarms))


async def test_an_alarm_about_what_cannot_stay_counts_while_it_is_there() -> None:
    outcome = await played(DECOY + "fleeting: true\n", [OTHER], [])
    assert Result.WRONG == outcome.result


@pytest.mark.parametrize(("text", "said"), [(DECOY, []), (FAULT, [RIGHT])])
async def test_what_cannot_stay_is_played_again_until_it_was_seen(
    text: str, said: Sequence[Trouble]
) -> None:
    outcome = await played(text + "fleeting: true\n", [OTHER], [OTHER], said, lapses=2)
    assert (Result.RIGHT, ()) == (outcome.result, outcome.alarms)


@pytest.mark.parametrize("more", [{"refuses": "no such kind"}, {"left": "no such kind"}])
async def test_what_cannot_be_played_or_cleared_says_why(more: dict[str, Any]) -> None:
    outcome = await played(FAULT, [RIGHT], **more)
    assert (Result.NOT_PLAYED, "no such kind") == (outcome.result, outcome.why)
    assert line(outcome).endswith("no such kind")


class Sulking(Objects):
    """A cluster that takes everything, and gives nothing back."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.asked: list[str] = []

    def apply(self, document: Json, own: str) -> Json:
        return document

    def found(self, pattern: Pattern, own: str) -> list[Json]:
        return [{"kind": "Pod", "metadata": {"name": "web-1"}, "status": {"phase": "Pending"}}]

    def delete(self, pattern: Pattern, own: str) -> None:
        self.asked.append(str(pattern))
        raise self.failure

    def remove(self, document: Json) -> None:
        self.asked.append(document["kind"])
        raise self.failure


@pytest.mark.parametrize(
    "failure", [LabError("no"), ConnectionRefusedError("no"), HTTPException("no"), ValueError("no")]
)
async def test_a_trial_that_cannot_be_undone_is_its_own_failure_and_the_rest_is_undone(
    failure: Exception,
) -> None:
    objects = Sulking(failure)
    steps = "after_all: [{delete: Node/a}, {delete: Node/b}]\n"
    player = Player(Stage(Filed(name="x", trial=a_trial(FAULT + steps)), "t", objects), longest=0)
    task = asyncio.create_task(player.play())
    while not task.done():
        player.see(Look(began=time.monotonic(), snapshot=Snapshot(now=NOW)), partial(_only, []))
        await asyncio.sleep(0)
    outcome = await task

    assert outcome.result is Result.NOT_PLAYED
    assert outcome.why == "after all: no; after all: no; remove Namespace/t: no"
    assert objects.asked == ["Node/a", "Node/b", "Namespace"]


async def test_a_fault_that_cannot_be_said_is_its_own_failure() -> None:
    stage = Stage(
        Filed(name="x", trial=a_trial(FAULT + "fault: [{delete: Pod/$ago(soon)}]\n")),
        "t",
        Calm(),
    )
    outcome = await Player(stage).play()
    assert (outcome.result, "'soon' is no span" in outcome.why) == (Result.NOT_PLAYED, True)


class Calm(Sulking):
    """One from which everything can be removed."""

    def __init__(self) -> None:
        super().__init__(LabError())

    def remove(self, document: Json) -> None:
        """It is gone."""


def test_the_table_has_a_row_for_each_area_and_the_blind_author() -> None:
    plain = {"decoy": False, "result": Result.RIGHT, "seconds": 2.0}
    outcomes = [
        Outcome(name="a", area=Area.NODES, author=Author.HOUSE, **plain),  # type: ignore[arg-type]
        Outcome(name="b", area=Area.STORAGE, author=Author.BLIND, **plain),  # type: ignore[arg-type]
    ]
    played = Played(outcomes=outcomes, strangers={"x": "said"})
    report = Report.of(played, began=datetime(2026, 1, 1, tzinfo=UTC), commit="abc", seed=7)
    rows = [text.split("  ")[0] for text in report.text(()).splitlines()]
    assert ["area", "storage", "nodes", "all", "blind author"] == rows[:5]
    assert "| all | 2 | 2 | 0 | 2 | 1.000 | 0.667 | 1 | 2.0 s | 2.0 s |" in report.page(())
    assert "commit abc, seed 7: 2 trials" in report.text(())


def test_an_earlier_run_fills_in_what_was_not_played_again_and_both_are_named() -> None:
    def run(seed: int, **results: Result) -> Report:
        outcomes = [
            Outcome(name=n, area=Area.NODES, author=Author.HOUSE, decoy=False, result=r)
            for n, r in results.items()
        ]
        began = datetime(2026, 1, 1, tzinfo=UTC)
        return Report.of(Played(outcomes=outcomes), began=began, commit="abc", seed=seed)

    earlier = run(1, a=Result.WRONG, b=Result.RIGHT)
    report = run(2, a=Result.RIGHT).after(
        msgspec.json.decode(msgspec.json.encode(earlier), type=Report)
    )
    assert {"a": Result.RIGHT, "b": Result.RIGHT} == {o.name: o.result for o in report.outcomes}
    assert [1, 2] == [run.seed for run in report.runs]
    assert "played again: a" in report.page(())

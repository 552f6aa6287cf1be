"""The figures."""

import pytest

from holdfast.testing.trials.first_run import First, FirstRun
from holdfast.testing.trials.score import Outcome, Result, figures
from holdfast.testing.trials.trial import Area, Author


def an_outcome(result: Result = Result.RIGHT, **more: object) -> Outcome:
    plain = {"name": "x", "area": Area.NODES, "author": Author.HOUSE, "decoy": False}
    return Outcome(**(plain | {"result": result} | more))  # type: ignore[arg-type]


def test_recall_is_of_the_faults_that_were_played() -> None:
    found = figures(
        [
            *[an_outcome(seconds=float(n)) for n in (1, 2, 9)],
            an_outcome(Result.WRONG),
            an_outcome(Result.NOT_PLAYED),
            an_outcome(decoy=True),
        ]
    )
    assert (6, 4, 1, 1) == (found.trials, found.faults, found.decoys, found.not_played)
    assert (0.75, 1.0, 2.0, 9.0) == (found.recall, found.precision, found.median, found.worst)


def test_precision_falls_with_each_false_alarm_and_with_those_of_nobodys() -> None:
    found = figures([an_outcome(alarms=("a", "b")), an_outcome()], strangers=1)
    assert (3, 0.4) == (found.alarms, found.precision)


def test_nothing_was_played_and_nothing_is_claimed() -> None:
    empty = figures([])
    assert (None, None, None) == (empty.recall, empty.precision, empty.median)


@pytest.mark.parametrize(
    ("outcomes", "good"),
    [
        ([an_outcome()] * 97 + [an_outcome(Result.WRONG)] * 3, True),
        ([an_outcome()] * 96 + [an_outcome(Result.WRONG)] * 4, False),
        ([an_outcome(alarms=("a",))], False),
        ([an_outcome(Result.WRONG, decoy=True, alarms=("a",))], False),
        ([an_outcome(), an_outcome(Result.NOT_PLAYED)], False),
    ],
)
def test_good_is_enough_recall_no_alarm_and_everything_played(
    outcomes: list[Outcome], good: bool
) -> None:
    assert good == figures(outcomes).good


def test_the_first_run_says_its_score() -> None:
    run = FirstRun(
        api_version="v",
        kind="k",
        on="2026-01-01",
        commit="abc",
        seed=7,
        trials=(
            First(name="a", result=Result.RIGHT),
            First(name="b", result=Result.WRONG, alarms=("x",)),
            First(name="c", result=Result.NOT_PLAYED),
            First(name="d", decoy=True, result=Result.RIGHT),
        ),
    )
    expected = (
        "2026-01-01, commit abc, seed 7: 1 of 2 causes right (recall 0.500), "
        "1 false alarms, 1 decoys, 1 not played"
    )
    assert expected == run.words

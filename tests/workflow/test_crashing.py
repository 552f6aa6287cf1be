"""Killed at every boundary, in the first run and in the one that takes over: nothing is lost,
nothing done twice, and no lease is left.
"""

from datetime import timedelta

import pytest

from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from tests.tally import Count, Tally
from tests.workflow.crashing import Fate, a_mortal_stage, events, lived
from tests.workflow.executing import Stage
from tests.workflow.planned import approved_plan, heal, prepare

RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
SCALE = ScaleWorkload(replicas=3, now=2)
SCALING = Rules(switched_on=frozenset({"ScaleWorkload"}))


async def restarted(fate: Fate) -> list[str]:
    """What is wrong in the end; nothing, if all is as it must be."""
    async with a_mortal_stage(fate) as stage:
        order = await stage.approved(RESTART)
        await lived(stage, order, State.RECOVERED, meanwhile=stage.heal)
        web = stage.document()
        wrong = {
            "lost": web.at(*STAMP) != RESTART.stamp,
            "done twice": web.at("metadata", "generation") != 2,
            "leaked": bool(await stage.leases.left()),
            "told otherwise": ["applied", "recovered"] != events(stage),
        }
        return [each for each, so in wrong.items() if so]


async def taken_back(fate: Fate) -> list[str]:
    """The same, of what does not help and is taken back."""
    async with a_mortal_stage(fate, SCALING, deadline=timedelta(seconds=2)) as stage:
        order = await stage.approved(SCALE)
        await lived(stage, order, State.UNDONE)
        web = stage.document()
        wrong = {
            "not taken back": web.at("spec", "replicas") != 2,
            "done otherwise than twice": web.at("metadata", "generation") != 3,
            "leaked": bool(await stage.leases.left()),
            "told otherwise": ["applied", "deadline", "undone"] != events(stage),
        }
        return [each for each, so in wrong.items() if so]


async def a_plan_done(fate: Fate) -> list[str]:
    """The same, of two steps that both help."""
    async with a_mortal_stage(fate, SCALING) as stage:
        prepare(stage)
        order = await approved_plan(stage, SCALE, SCALE)
        await lived(stage, order, State.RECOVERED, meanwhile=lambda: heal(stage, "web", "api"))
        return await wrong_in(stage, [3, 3], 2, ["applied", "verified", "applied", "recovered"])


async def a_plan_undone(fate: Fate) -> list[str]:
    """The same, of two steps of which the second does not help."""
    async with a_mortal_stage(fate, SCALING, deadline=timedelta(seconds=2)) as stage:
        prepare(stage)
        order = await approved_plan(stage, SCALE, SCALE)
        await lived(stage, order, State.UNDONE, meanwhile=lambda: heal(stage, "web"))
        told = ["applied", "verified", "applied", "deadline", "undone", "undone"]
        return await wrong_in(stage, [2, 2], 3, told)


async def wrong_in(stage: Stage, there: list[int], generation: int, told: list[str]) -> list[str]:
    documents = [stage.document(name=name) for name in ("web", "api")]
    wrong = {
        "lost": there != [each.at("spec", "replicas") for each in documents],
        "done twice": {generation} != {e.at("metadata", "generation") for e in documents},
        "leaked": bool(await stage.leases.left()),
        "told otherwise": told != events(stage),
    }
    return [each for each, so in wrong.items() if so]


STORIES = {
    "recovered": restarted,
    "undone": taken_back,
    "a plan done": a_plan_done,
    "a plan undone": a_plan_undone,
}

# Which of their boundaries are always tried; a plan's are those of its steps, again and again.
EACH = {"recovered": 5, "undone": 7, "a plan done": 29, "a plan undone": 29}


async def boundaries(story: str) -> list[str]:
    """Every boundary of a story in which nobody dies."""
    fate = Fate()
    assert [] == await STORIES[story](fate)
    return fate.places


async def test_nobody_who_lives_does_anything_twice() -> None:
    assert "after send" in await boundaries("recovered")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["before lend", "after lend", "before send", "after send"])
async def test_who_dies_at_a_dangerous_place_is_taken_over(place: str) -> None:
    places = await boundaries("recovered")
    last = len(places) - places[::-1].index(place)
    assert [] == await restarted(Fate(at=[last]))


@pytest.mark.slow
async def test_who_dies_between_two_steps_is_taken_over() -> None:
    places = await boundaries("a plan done")
    first, last = places.index("after send"), len(places) - places[::-1].index("before lend")
    for point in range(first, last, 9):
        assert [] == await a_plan_done(Fate(at=[point])), (point, places[point - 1])


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("story", STORIES)
async def test_killed_once_at_every_boundary(story: str, tally: Tally, prove: bool) -> None:
    places = await boundaries(story)
    wrong = {}
    points = range(1, len(places) + 1, 1 if prove else EACH[story])
    for point in points:
        if what := await STORIES[story](Fate(at=[point])):
            wrong[point, places[point - 1]] = what
    tally(Count("crash sweep on fakes", n=len(points), failures=len(wrong)))
    assert {} == wrong


@pytest.mark.slow
@pytest.mark.timeout(1500)
async def test_killed_again_in_the_run_that_takes_over(tally: Tally, prove: bool) -> None:
    places = await boundaries("recovered")
    firsts = [number + 1 for number, place in enumerate(places) if "send" in place]
    wrong = {}
    count = 0
    for first in firsts if prove else firsts[-2:]:
        for second in range(1, 60, 1 if prove else 4):
            fate = Fate(at=[first, second])
            what = await restarted(fate)
            count += fate.kills == 2
            if what:
                wrong[first, second] = what
    tally(Count("crash sweep on fakes", n=count, failures=len(wrong)))
    assert {} == wrong

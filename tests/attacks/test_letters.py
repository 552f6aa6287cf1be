"""Letters that ask for what nobody may have, or in a form that could be read in two ways."""

import asyncio
from typing import Any

import pytest

from holdfast.execution.states import State
from holdfast.facts import named
from holdfast.model.handed import FREEZE, PROPOSE, WORD
from holdfast.model.rules import finding_id
from holdfast.model.troubles import trouble_id
from holdfast.workflow.sighting import surroundings
from tests.attacks.arena import Arena, an_arena
from tests.attacks.conftest import SUITE
from tests.tally import Count, Tally

pytestmark = pytest.mark.slow

TARGETS: dict[str, dict[str, str]] = {
    "a floor namespace": {"namespace": "kube-system"},
    "its name with a capital": {"namespace": "Kube-System"},
    "its name with a space": {"namespace": "shop "},
    "its name with a NUL": {"namespace": "shop\0"},
    "its name with a line end": {"namespace": "shop\n"},
    "a path": {"namespace": "shop/../kube-system"},
    "a name that climbs": {"name": "../web"},
    "an escaped slash": {"name": "web%2Fscale"},
    "a query": {"name": "web?dryRun=All"},
    "Cyrillic": {"name": "wеb"},
    "full width": {"name": "ｗｅｂ"},
    "an invisible mark": {"name": "web\u200b"},
    "a long name": {"name": "w" * 254},
    "no name": {"name": ""},
    "no namespace": {"namespace": ""},
    "another uid": {"uid": "u-9"},
    "no uid": {"uid": ""},
    "any uid": {"uid": "*"},
    "another kind": {"kind": "Secret"},
    "a kind in small letters": {"kind": "deployment"},
    "a list": {"kind": "DeploymentList"},
    "another version": {"api_version": "apps/v1beta1"},
    "a version that climbs": {"api_version": "apps/../v1"},
    "a custom resource": {"api_version": "evil.example/v1"},
}
BODIES: dict[str, dict[str, Any]] = {
    "an unknown action": {"action": "ApplyManifest"},
    "an action in small letters": {"action": "rolloutrestart"},
    "an action with a space": {"action": "RolloutRestart "},
    "an action that is a path": {"action": "../RolloutRestart"},
    "no stamp": {"params": {}},
    "a stamp with a line end": {"params": {"stamp": "2026-01-01T12:00:00Z\n"}},
    "a stamp in other digits": {"params": {"stamp": "２０２６-01-01T12:00:00Z"}},
    "another object": {"params": {"stamp": "2026-01-01T12:00:00Z", "name": "db"}},
    "two documents": {"params": {"stamp": "2026-01-01T12:00:00Z\n---\nkind: ClusterRoleBinding"}},
    "a number for a text": {"params": {"stamp": 1}},
    "a mapping for a text": {"params": {"stamp": {"a": "b"}}},
    "a fact that it does not answer": {"code": "HF-CAP-001"},
    "a fact by another name": {"code": "hf-wrk-010"},
    "a fact that is none": {"code": "*"},
    "a requester that is endless": {"requester": "x" * 101},
    "a trouble that is endless": {"trouble": "x" * 301},
}


async def test_nothing_comes_of_a_letter_that_asks_for_something_else(tally: Tally) -> None:
    async with an_arena() as arena:
        bodies = [arena.body("RolloutRestart", target=each) for each in TARGETS.values()]
        bodies += [{**arena.body("RolloutRestart"), **each} for each in BODIES.values()]
        letters = [arena.put(PROPOSE, each) for each in bodies]
        await arena.hears(*letters)
        told = [arena.became(each) for each in letters]
        await arena.works()
        assert ["refused"] * len(letters) == told
        assert arena.untouched()
        assert [] == list(arena.cases())
    tally(Count(SUITE, len(letters) - 1))


async def test_of_two_keepers_at_once_one_acts() -> None:
    async with an_arena() as arena:
        about = await arena.open()
        letters = [
            arena.put(WORD, arena.word(who, about)) for who in ("ana", "ben") for _ in "1234"
        ]
        await asyncio.gather(*(arena.hears(*letters) for _ in range(2)))
        told = [arena.became(each) for each in letters]
        assert 1 == told.count("approved")
        async with arena.engine.running():
            await arena.works()
        assert ["patch deployments.apps web"] == arena.acts()


@pytest.mark.parametrize("first", ["freeze", "no"])
async def test_a_yes_that_comes_with_a_freeze_or_a_no_does_not_win(first: str) -> None:
    async with an_arena() as arena:
        about = await arena.open()
        yes = arena.word("ana", about)
        if first == "freeze":
            letters = [arena.put(WORD, yes), arena.put(FREEZE, {"reason": "x"})]
        else:
            no = arena.word("ben", about, decision="reject", reason="x")
            await arena.told(WORD, no)
            letters = [arena.put(WORD, yes)]
        await arena.hears(*letters)
        await arena.works()
        assert arena.untouched()


@pytest.mark.parametrize("called", ["as it is", "as its trouble", "anything"])
async def test_what_a_letter_calls_the_trouble_decides_no_verification(called: str) -> None:
    """The budget still lets nobody go: what was to be answered is found beside the target."""
    async with an_arena() as arena:
        rule = named("HF-WRK-090")
        around = await surroundings(arena.cluster, rule.sight, "shop")
        (found, *_) = rule(around)
        trouble = {
            "as it is": finding_id(found.about, rule.code, found.part),
            "as its trouble": trouble_id(found.about, rule.code, found.through),
            "anything": "fnd_forged",
        }[called]
        about = await arena.approved("ScaleWorkload", "ana", "ben", trouble=trouble)
        assert finding_id(found.about, rule.code, found.part) == about.finding
        state = await arena.acted(about, meanwhile=lambda: is_through(arena))
        assert list(rule(await surroundings(arena.cluster, rule.sight, "shop")))
        assert State.UNDONE.value == state


def is_through(arena: Arena) -> None:
    """The rollout of what is asked for is."""
    now = arena.cluster.fetch("deployments.apps", "web", namespace="shop")
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    status = dict.fromkeys(counts, now["spec"]["replicas"])
    status["observedGeneration"] = now["metadata"]["generation"]
    if now.get("status") != status:
        arena.cluster.update_status({**now, "status": status})

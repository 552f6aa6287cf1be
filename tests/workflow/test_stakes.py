"""What the keeper weighs by a look of its own, whatever stands in the proposal."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.execution.courses import LastWords, pictured
from holdfast.model.asks import Refusal
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk, Sight
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.journal import sighted
from holdfast.workflow.last_words import last_words
from holdfast.workflow.stakes import Again, Weighed, seen_again
from tests.workflow.stage import ASKED, RULES, Stage, a_stage

ELSEWHERE = "what it answers is found elsewhere, and laid to this by the graph"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as made:
        yield made


async def low(stage: Stage, kind: str = "RolloutRestart", **changed: Any) -> Proposal:
    """What the keeper makes of it, but for what it says of its risk."""
    about = plan_of(await stage.proposed(kind)).first
    return msgspec.structs.replace(about, risk=Risk.LOW, **changed)


async def weighed(stage: Stage, about: Proposal) -> Weighed:
    again = await seen_again(stage.leash(), about)
    assert isinstance(again, Again), again
    return again.weighed


@pytest.mark.parametrize("kind", ["DeletePod", "DeleteJob", "RolloutRestart", "ScaleWorkload"])
async def test_it_is_weighed_as_when_it_was_proposed(stage: Stage, kind: str) -> None:
    about = plan_of(await stage.proposed(kind)).first
    assert about.risk == (await weighed(stage, msgspec.structs.replace(about, risk=Risk.LOW))).risk


@pytest.mark.parametrize("kind", ASKED)
async def test_what_is_seen_for_it_is_a_whole_sight_of_what_the_action_sees_and_no_more(
    stage: Stage, kind: str
) -> None:
    about = plan_of(await stage.proposed(kind)).first
    again = await seen_again(stage.leash(), msgspec.structs.replace(about, risk=Risk.LOW))
    plain = await sighted(stage.leash(), about.action, about.target)
    assert isinstance(again, Again)
    assert isinstance(plain, Sight)

    assert _kinds(again.seen) == _kinds(plain)
    assert pictured(again.seen).around
    assert isinstance(await last_words(stage.leash(), again.seen), LastWords)


def _kinds(seen: Sight) -> list[str]:
    return [each.kind.__name__ for each in seen.around.captures()]


async def test_each_kind_is_listed_once(stage: Stage) -> None:
    about = await low(stage)
    before = len(stage.cluster.audit)
    await weighed(stage, about)
    lists = [each.resource for each in [*stage.cluster.audit][before:] if each.verb == "list"]
    assert "services" in lists
    assert sorted(set(lists)) == sorted(lists)


async def test_a_namespace_that_became_production_since_counts(stage: Stage) -> None:
    about = await low(stage)
    assert Risk.LOW is (await weighed(stage, about)).risk
    stage.rules = msgspec.structs.replace(RULES, tiers={"production": frozenset({"shop"})})
    assert Risk.MEDIUM is (await weighed(stage, about)).risk


async def test_what_is_not_found_any_more_is_believed_to_be_where_it_was(stage: Stage) -> None:
    about = await low(stage)
    heal(stage)
    assert ELSEWHERE not in (await weighed(stage, about)).reasons


@pytest.mark.parametrize("found_on", ["", "u-of-nobody"])
async def test_what_is_not_found_and_was_found_nowhere_counts_as_found_elsewhere(
    stage: Stage, found_on: str
) -> None:
    about = await low(stage, found_on=found_on)
    assert ELSEWHERE not in (await weighed(stage, about)).reasons, "it is found"
    heal(stage)
    assert ELSEWHERE in (await weighed(stage, about)).reasons


async def test_a_fact_that_its_kind_never_answers_counts_as_found_elsewhere(stage: Stage) -> None:
    about = await low(stage, code="HF-NOD-005", found_on="")
    assert ELSEWHERE in (await weighed(stage, about)).reasons


def heal(stage: Stage) -> None:
    """All of its pods are there."""
    web = stage.cluster.fetch("deployments.apps", "web", namespace="shop")
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    status = {**dict.fromkeys(counts, 2), "observedGeneration": web["metadata"]["generation"]}
    stage.cluster.update_status({**web, "status": status})


async def test_of_what_is_gone_nothing_is_weighed(stage: Stage) -> None:
    about = await low(stage)
    stage.cluster.delete("deployments.apps", "web", namespace="shop")
    assert isinstance(await seen_again(stage.leash(), about), Refusal)


async def test_what_was_looked_at_too_long_ago_counts_for_less(stage: Stage) -> None:
    about = await low(stage)
    ahead = stage.cluster.clock.now() + timedelta(minutes=6)

    class Ahead:
        def now(self) -> Any:
            return ahead

    stage.changed = {"clock": Ahead()}
    assert "what it was judged on is not fresh" in (await weighed(stage, about)).reasons


def test_only_what_is_more_is_told() -> None:
    found = Weighed(risk=Risk.MEDIUM, reasons=("one", "another"))
    assert "one; another" == found.more_than(Risk.LOW)
    assert "" == found.more_than(Risk.MEDIUM)

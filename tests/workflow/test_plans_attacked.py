"""Plans that somebody bends: nothing is done then but exactly what was signed, in its order."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from holdfast.execution.courses import Course, written
from holdfast.execution.states import State
from holdfast.model.canonical import canonical
from holdfast.model.cases import Case
from holdfast.model.handed import PLAN, proposal_named
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.plans import Plan
from holdfast.workflow.casebook import plan_of
from tests.attacks.arena import Arena, an_arena

pytestmark = pytest.mark.slow

RESTART, JOB = "RolloutRestart", "DeleteJob"
FIRST, SECOND = "patch deployments.apps web", "delete jobs.batch nightly-1"


async def opened(arena: Arena) -> Plan:
    outcome = await arena.asked(two(arena), kind=PLAN)
    case = await arena.previewed(proposal_named(outcome))
    assert case.state == State.PROPOSED.value, case.card
    arena.seal()
    return plan_of(case)


def two(arena: Arena) -> dict[str, Any]:
    return {"steps": [arena.body(RESTART), arena.body(JOB)]}


async def approved(arena: Arena) -> Plan:
    plan = await opened(arena)
    told = [
        await arena.says(who, step, step=step.step) for who in ("ana", "ben") for step in plan.steps
    ]
    assert "approved" in told, arena.why()
    return plan


def well(arena: Arena) -> None:
    """The restart has helped: what was sick is gone, and the rollout is through."""
    there = arena.cluster.server.store.listing("pods")
    if any(pair[0][2] == "web-2-a" for pair in there):
        arena.cluster.delete("pods", "web-2-a", namespace="shop")
    now = arena.cluster.fetch("deployments.apps", "web", namespace="shop")
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 2)
    status = {**counts, "observedGeneration": now["metadata"]["generation"]}
    if now.get("status") != status:
        arena.cluster.update_status({**now, "status": status})


async def test_what_was_signed_is_done_in_its_order() -> None:
    async with an_arena() as arena:
        await approved(arena)
        await arena.works(meanwhile=lambda: well(arena) if arena.acts() else None)
        assert [FIRST, SECOND] == arena.acts()


async def test_the_second_is_not_done_while_the_first_does_not_help() -> None:
    async with an_arena() as arena:
        plan = await approved(arena)
        await arena.works()
        assert [FIRST] == arena.acts()
        assert State.NOT_RECOVERED.value == getattr(arena.case(plan.id), "state", "")


async def test_one_steps_signature_is_none_for_the_other() -> None:
    async with an_arena() as arena:
        plan = await opened(arena)
        for who in ("ana", "ben"):
            words = [arena.word(who, plan.first, step=1) for _ in plan.steps]
            other = {**words[1], "statement": words[1]["statement"].replace('"step":1', '"step":2')}
            for body in (words[0], words[1], other):
                await arena.told("word", body)
        await arena.works()
        assert arena.untouched()


def bent(change: Callable[[list[Any]], Any]) -> Callable[[Case], str]:
    def content(case: Case) -> str:
        told = json.loads(case.content)
        told["plan"] = change(told["plan"])
        return canonical(told).decode()

    return content


CONTENTS: Mapping[str, Callable[[Case], str]] = {
    "the other way round": bent(lambda steps: steps[::-1]),
    "without the second": bent(lambda steps: steps[:1]),
    "without the first": bent(lambda steps: steps[1:]),
    "the first twice": bent(lambda steps: [steps[0], steps[0]]),
    "none": bent(lambda _: []),
    "six": bent(lambda steps: [steps[0], *[steps[1]] * 5]),
    "the first alone": lambda case: canonical(json.loads(case.content)["plan"][0]).decode(),
    "another target": bent(
        lambda steps: [steps[0], {**steps[1], "target": {**steps[1]["target"], "name": "other"}}]
    ),
    "a lower risk": bent(lambda steps: [{**each, "risk": "low", "policy": "x"} for each in steps]),
}


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True], ids=["the row as it was", "its digest as well"])
@pytest.mark.parametrize("change", CONTENTS.values(), ids=list(CONTENTS))
async def test_a_plan_that_was_changed_after_its_approval_is_not_done(
    change: Callable[[Case], str], whole: bool
) -> None:
    async with an_arena() as arena:
        plan = await approved(arena)
        case = arena.case(plan.id)
        assert case is not None
        arena.rewritten(plan.first, content=change(case))
        if whole:
            arena.rewritten(plan.first, digest=sha(change(case)))
        await arena.works(meanwhile=lambda: well(arena) if arena.acts() else None)
        assert [] == arena.acts()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("step", [0, 2, 3, 6])
async def test_no_order_for_another_step_is_carried_out_first(step: int) -> None:
    async with an_arena() as arena:
        plan = await approved(arena)
        arena.rewritten(plan.first, course=written(Course(step=step, earlier=(Course(),))))
        order = CaseOrder(proposal=plan.id, step=step, generation=1)
        arena.order(ACT, order)
        await arena.works(meanwhile=lambda: well(arena))
        assert SECOND not in arena.acts()


async def test_a_step_that_was_done_is_not_done_again() -> None:
    async with an_arena() as arena:
        plan = await approved(arena)
        await arena.works(meanwhile=lambda: well(arena) if arena.acts() else None)
        for step in (1, 2):
            arena.order(ACT, CaseOrder(proposal=plan.id, step=step, generation=2))
        arena.rewritten(plan.first, state=State.APPROVED.value, course="")
        await arena.works(meanwhile=lambda: well(arena))
        assert [FIRST, SECOND] == arena.acts()


async def test_words_for_a_later_step_that_are_gone_end_the_plan() -> None:
    async with an_arena() as arena:
        await approved(arena)

        def write(casework: Any) -> None:
            casework.words = tuple(each for each in casework.words if each.step != 2)

        arena.forge(write)
        await arena.works(meanwhile=lambda: well(arena) if arena.acts() else None)
        assert [FIRST] == arena.acts()


BODIES: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "born approved": lambda body: {**body, "approved": True},
    "with a state": lambda body: {**body, "state": "approved"},
    "with a digest": lambda body: {**body, "digest": "0" * 64},
    "of a plan": lambda body: {"steps": [body, body]},
    "of texts": lambda body: {"steps": [json.dumps(each) for each in body["steps"]]},
    "of none": lambda _: {"steps": []},
    "of one": lambda body: {"steps": body["steps"][:1]},
    "of six": lambda body: {"steps": body["steps"] * 3},
    "of the same twice": lambda body: {"steps": [body["steps"][0]] * 2},
    "whose step is born approved": lambda body: {
        "steps": [body["steps"][0], {**body["steps"][1], "approved": True}]
    },
    "whose step is of no kind of ours": lambda body: {
        "steps": [body["steps"][0], {**body["steps"][1], "action": "DeleteNamespace"}]
    },
    "whose step is elsewhere": lambda body: {
        "steps": [
            body["steps"][0],
            {**body["steps"][1], "target": {**body["steps"][1]["target"], "uid": "u-0"}},
        ]
    },
}


@pytest.mark.parametrize("change", BODIES.values(), ids=list(BODIES))
async def test_what_is_no_plan_is_never_one(change: Callable[[dict[str, Any]], Any]) -> None:
    async with an_arena() as arena:
        assert "refused" == await arena.told(PLAN, change(two(arena)))
        assert [] == list(arena.cases())
        assert arena.untouched()

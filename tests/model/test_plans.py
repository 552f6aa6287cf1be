"""A plan is read back in its one form, and signed by one digest over all of its steps."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from holdfast.actions import built
from holdfast.errors import BadRecord
from holdfast.model.canonical import Plain, canonical
from holdfast.model.plans import MOST, Plan, planned, read
from holdfast.model.proposals import Proposal
from tests.model.test_proposals import CHANGED, PROPOSAL


def step(number: int, **changed: Any) -> Proposal:
    target = msgspec.structs.replace(PROPOSAL.target, uid=f"u-{number}", name=f"web-{number}")
    return msgspec.structs.replace(PROPOSAL, target=target, **changed)


def steps(count: int) -> list[Proposal]:
    return [step(number) for number in range(1, count + 1)]


def text(plan: Plan) -> str:
    return canonical(plan.content()).decode()


def test_what_stands_alone_is_signed_and_written_as_it_always_was() -> None:
    alone = planned([PROPOSAL])
    assert PROPOSAL.digest == alone.digest
    assert canonical(PROPOSAL.content()).decode() == text(alone)
    assert text(alone) == text(read(text(alone), built))


@pytest.mark.parametrize("count", range(2, MOST + 1))
def test_several_are_read_back_as_they_were(count: int) -> None:
    plan = planned(steps(count))
    again = read(text(plan), built)
    assert text(plan) == text(again)
    assert [each.place for each in plan.steps] == [each.place for each in again.steps]
    assert {plan.digest} == {each.digest for each in again.steps}
    assert plan.digest not in {planned([each]).digest for each in plan.steps}
    assert list(range(1, count + 1)) == [each.step for each in plan.steps]


def test_its_digest_changes_with_every_field_of_every_step_and_with_their_order() -> None:
    one, other = steps(2)
    digests = {planned([one, other]).digest, planned([other, one]).digest}
    shared = {"id", "cluster", "policy", "requester", "proposed", "open_until", "target"}
    count = 2
    for name in CHANGED.keys() - shared:
        for value in CHANGED[name]:
            for pair in ((step(1, **{name: value}), other), (one, step(2, **{name: value}))):
                digests.add(planned(pair).digest)
                count += 1
    assert count == len(digests)


@pytest.mark.parametrize(
    "odd",
    [
        [],
        steps(MOST + 1),
        [step(1), step(1)],
        [step(1), step(2, id="prp_other")],
        [step(1), step(2, requester="cli:other")],
        [step(1), step(2, policy="another")],
    ],
)
def test_what_can_be_no_plan_is_none(odd: Sequence[Proposal]) -> None:
    with pytest.raises(ValueError, match=r"step|plan"):
        planned(odd)
    content: Plain = {"v": 2, "plan": [each.content() for each in odd]}
    with pytest.raises(BadRecord):
        read(canonical(content).decode(), built)


def test_what_is_written_otherwise_is_no_plan() -> None:
    content = json.loads(text(planned(steps(2))))
    one = {"v": 2, "plan": content["plan"][:1]}
    others = [
        one,
        {**content, "v": 1},
        {**content, "more": 1},
        {"plan": content["plan"]},
        {**content, "plan": [*content["plan"], content]},
        {**content, "plan": None},
    ]
    for other in others:
        with pytest.raises(BadRecord):
            read(canonical(other).decode(), built)
    with pytest.raises(BadRecord):
        read(json.dumps(content), built)


def test_a_step_that_it_does_not_have_is_none() -> None:
    plan = planned(steps(2))
    for number in (0, -1, 3):
        with pytest.raises(BadRecord):
            plan.at(number)

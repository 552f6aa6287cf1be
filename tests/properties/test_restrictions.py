"""A leash that was made narrower never allows more: `leash.yaml` and Cedar together, as it judges.

Not only is nothing allowed that was not: nothing that was refused is merely in want of something.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

import pytest

from holdfast.model.policy_tests import Answered, Given
from holdfast.workflow.trying import answered, tried
from tests.properties.leashes import NARROWER, WIDER, Dice, Turn, Written, a_given, a_leash
from tests.tally import Count, Tally

SEED = 61
CASES = 6  # for each leash
STRICTNESS = [Answered.ALLOW, Answered.NEED, Answered.REFUSE]
LEGITIMATE = 5  # one answer in so many is a yes, or nothing is shown


def _answers(written: Written, cases: Sequence[Given]) -> list[int]:
    rules, operator = written.rules(), written.operator()
    return [STRICTNESS.index(answered(tried(each, rules, operator))) for each in cases]


def _turned(
    dice: Dice, turns: Mapping[str, Turn], most: int
) -> Iterator[tuple[str, list[int], list[int]]]:
    """What was done to a leash, and its answers before and after; without end."""
    while True:
        written, names = a_leash(dice), dice.choices([*turns], k=dice.randint(1, most))
        other = written
        for name in names:
            other = turns[name](other, dice)
        if other != written:
            cases = [a_given(dice) for _ in range(CASES)]
            said = f"{', '.join(names)}: {written} became {other}, asked {cases}"
            yield said, _answers(written, cases), _answers(other, cases)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_restriction_never_allows_more(prove: bool, tally: Tally) -> None:
    dice, n = random.Random(SEED), 10_000 if prove else 200
    turned = _turned(dice, NARROWER, most=3)
    wrong, yes, stricter = [], 0, 0
    for _ in range(n):
        said, before, after = next(turned)
        yes += before.count(0)
        stricter += before != after
        wrong += [said] if any(b > a for b, a in zip(before, after, strict=True)) else []
    tally(Count("policies made narrower", n, len(wrong), SEED))
    assert wrong == []
    assert yes * LEGITIMATE > n * CASES
    assert stricter * 10 > n


@pytest.mark.slow
@pytest.mark.parametrize("name", WIDER)
def test_each_sort_of_widening_would_be_noticed(name: str) -> None:
    turned = _turned(random.Random(SEED), {name: WIDER[name]}, most=1)
    assert any(
        any(b > a for b, a in zip(before, after, strict=True))
        for _, (_, before, after) in zip(range(200), turned, strict=False)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", NARROWER)
def test_each_sort_of_restriction_makes_a_difference(name: str) -> None:
    turned = _turned(random.Random(SEED), {name: NARROWER[name]}, most=1)
    assert any(before != after for _, (_, before, after) in zip(range(200), turned, strict=False))

"""Thousands of proposals of a hostile world: the product and its restatement agree on every one."""

import random
from collections import Counter

import pytest

from holdfast.conformance.escape import ALL, escape
from holdfast.conformance.hostile import a_plan
from holdfast.conformance.restated import plan_refusers
from holdfast.conformance.several import Several
from holdfast.policy import LAYERS
from tests.tally import Count, Tally

SEED = 20261128


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_is_allowed_that_the_restatement_refuses_nor_the_other_way(
    tally: Tally, prove: bool
) -> None:
    lines = list(escape(SEED, 100_000 if prove else 1_000))
    for each in lines:
        tally(Count(each.suite, each.n, each.failures, SEED))
    assert [] == [each for each in lines if each.failures]
    (plans,) = [each.n for each in lines if each.suite.endswith("done to their end")]
    assert plans >= (1_000 if prove else 10)
    alone = [each.n for each in lines if each.suite.endswith("alone")]
    assert len(LAYERS) == len(alone) == 8
    assert min(alone) >= (1_000 if prove else 5)


@pytest.mark.parametrize("gone", LAYERS, ids=lambda layer: layer.__name__)
def test_a_layer_that_is_missing_is_noticed(gone: object) -> None:
    lines = escape(SEED, 200, [layer for layer in ALL if layer is not gone])
    assert next(lines).failures > 0


def test_a_policy_that_refuses_everything_is_noticed() -> None:
    lines = list(escape(SEED, 50, []))
    assert all(each.failures for each in lines[:2])


@pytest.mark.slow
def test_plans_are_bent_in_each_way_and_refused_for_it_by_both() -> None:
    """Out of its turn, of what can be no plan, by words that do not hold, and by any layer."""
    dice, told = random.Random(SEED), Counter[str]()
    for _ in range(400):
        steps = a_plan(dice)
        step, verified = dice.randint(1, len(steps)), dice.randrange(len(steps))
        must = plan_refusers(steps, step, verified)
        assert must == Several(steps, ALL).refused_by(step, verified)
        told.update(must or {"nobody"})
    assert {"plan", "turn", "words", "signed_approval", "two_people", "nobody"} <= {*told}


@pytest.mark.slow
def test_a_seed_repeats_itself() -> None:
    assert [*escape(1, 100)] == [*escape(1, 100)]
    assert [*escape(1, 100)] != [*escape(2, 100)]

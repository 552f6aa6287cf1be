"""Thousands of proposals of a hostile world: the product and its restatement agree on every one."""

import pytest

from holdfast.conformance.escape import ALL, escape
from holdfast.policy import LAYERS
from tests.tally import Count, Tally

SEED = 20261128


@pytest.mark.timeout(900)
def test_nothing_is_allowed_that_the_restatement_refuses_nor_the_other_way(
    tally: Tally, prove: bool
) -> None:
    lines = list(escape(SEED, 100_000 if prove else 1_000))
    for each in lines:
        tally(Count(each.suite, each.n, each.failures, SEED))
    assert [] == [each for each in lines if each.failures]
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


def test_a_seed_repeats_itself() -> None:
    assert [*escape(1, 100)] == [*escape(1, 100)]
    assert [*escape(1, 100)] != [*escape(2, 100)]

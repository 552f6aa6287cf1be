from functools import partial
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.model.asks import Answer, Ask, Needs, Refusal, Rules, What
from holdfast.model.repairs import ActionClass
from holdfast.policy import LAYERS, OF_WORDS, SURROUNDINGS, Layer, decide
from tests.policy.scenes import MINUTE, a_quota_ask, an_ask, an_assent, changed

ALL = (*LAYERS, *SURROUNDINGS)


def refuses(_: Ask) -> Answer:
    return Refusal(by="refuses", because="always")


def wants(_: Ask) -> Answer:
    return Needs(by="wants", what=What.APPROVAL, because="always")


def breaks(_: Ask) -> Answer:
    raise KeyError("nobody thought of that")


def babbles(_: Ask) -> Answer:
    return cast(Answer, cast(Any, True))


def test_without_a_layer_nothing_is_allowed() -> None:
    verdict = decide(an_ask(), ())
    assert not verdict.allows
    assert ["policy"] == [each.by for each in verdict.refusals]


def test_a_layer_without_a_name_refuses_under_the_room_s() -> None:
    (refusal,) = decide(an_ask(), (*ALL, partial(breaks))).refusals
    assert "policy" == refusal.by


@pytest.mark.parametrize("odd", [breaks, babbles])
def test_a_layer_that_breaks_or_babbles_refuses(odd: Layer) -> None:
    (refusal,) = decide(an_ask(), (*ALL, odd)).refusals
    assert odd.__name__ == refusal.by


@pytest.mark.parametrize("layer", OF_WORDS, ids=lambda layer: layer.__name__)
def test_what_is_judged_by_words_alone_looks_at_no_target(layer: Layer) -> None:
    for rules in (Rules(), Rules(two_people=frozenset({ActionClass.RESTART}))):
        ask = an_ask(rules=rules)
        assert layer(ask) == layer(changed(ask, seen=a_quota_ask().seen, effect=None))


def test_people_s_words_alone_are_judged_by_whose_they_are_and_by_how_many() -> None:
    two = Rules(two_people=frozenset({ActionClass.RESTART}))
    asks = {"nobody": an_ask(assents=()), "one of two": an_ask(rules=two), "one": an_ask()}
    told = {who: [no.by for no in decide(ask, OF_WORDS).refusals] for who, ask in asks.items()}
    assert {"nobody": ["signed_approval"], "one of two": ["two_people"], "one": []} == told


def test_all_layers_answer_also_after_one_has_refused() -> None:
    verdict = decide(an_ask(), (refuses, wants, breaks, *ALL))
    assert ["refuses", "breaks"] == [each.by for each in verdict.refusals]
    assert ["wants"] == [each.by for each in verdict.needs]


@pytest.mark.slow
@given(st.lists(st.sampled_from((*ALL, refuses, wants, breaks)), max_size=16), st.data())
def test_another_layer_never_allows_more(layers: list[Layer], data: st.DataObject) -> None:
    ask = data.draw(st.sampled_from((an_ask(), a_quota_ask(), an_ask(assents=()))))
    more = data.draw(st.sampled_from((*ALL, refuses, wants, breaks)))
    if layers and not decide(ask, layers).allows:
        assert not decide(ask, (*layers, more)).allows


RULES = st.fixed_dictionaries(
    {
        "protected": st.frozensets(st.sampled_from(["shop", "other"])),
        "signed": st.frozensets(st.sampled_from(ActionClass)),
        "two_people": st.frozensets(st.sampled_from(ActionClass)),
        "approvers": st.dictionaries(
            st.sampled_from(ActionClass),
            st.frozensets(st.sampled_from(["oncall", "platform"])),
        ),
        "distance": st.dictionaries(
            st.sampled_from(ActionClass), st.sampled_from([0 * MINUTE, MINUTE, 30 * MINUTE])
        ),
    }
)


@pytest.mark.slow
@given(RULES, RULES, st.booleans())
def test_stricter_rules_never_allow_more(
    one: dict[str, Any], other: dict[str, Any], quota: bool
) -> None:
    on = frozenset({"DeleteResourceQuota"})
    ask = a_quota_ask() if quota else an_ask(assents=(an_assent(), an_assent("ben")))
    both = {
        "protected": one["protected"] | other["protected"],
        "signed": one["signed"] | other["signed"],
        "two_people": one["two_people"] | other["two_people"],
        "approvers": {
            of: one["approvers"].get(of, other["approvers"].get(of, frozenset()))
            & other["approvers"].get(of, one["approvers"].get(of, frozenset()))
            for of in {*one["approvers"], *other["approvers"]}
        },
        "distance": {
            of: max(one["distance"].get(of, 0 * MINUTE), other["distance"].get(of, 0 * MINUTE))
            for of in {*one["distance"], *other["distance"]}
        },
    }
    if not decide(changed(ask, rules=Rules(switched_on=on, **one))).allows:
        assert not decide(changed(ask, rules=Rules(switched_on=on, **both))).allows

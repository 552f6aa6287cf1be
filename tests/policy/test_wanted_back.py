"""What holds for a way back that a person wants: tightened rules are no reason to leave it."""

from datetime import timedelta

import pytest

from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.conformance.scenes import NOW, a_deployment
from holdfast.model.asks import Ask, Proof
from holdfast.model.objects import Ref
from holdfast.model.repairs import Risk
from holdfast.policy import WANTED_BACK, decide
from tests.policy.scenes import (
    OF_CLASS,
    RESTART,
    a_quota_ask,
    an_ask,
    an_assent,
    changed,
    with_rules,
)
from tests.policy.test_layers import Smuggled

OLD = an_assent(at=NOW - timedelta(days=2), until=NOW - timedelta(days=1))
PLATFORM = {OF_CLASS: frozenset({"platform"})}
QUOTAS = DeleteResourceQuota.kind.of_class


def of_the_cluster(ask: Ask) -> Ask:
    """About something that lies in no namespace."""
    told = {name: getattr(ask.target, name) for name in ask.target.__struct_fields__}
    return changed(ask, target=Ref(**{**told, "namespace": ""}))


@pytest.mark.parametrize(
    "ask",
    [
        an_ask(),
        an_ask(assents=(OLD,)),
        an_ask(requester="ana"),
        with_rules(an_ask(), approvers=PLATFORM),
        with_rules(an_ask(assents=(an_assent(proof=Proof.SERVER),)), signed=frozenset({OF_CLASS})),
        with_rules(an_ask(), two_people=frozenset({OF_CLASS})),
        with_rules(a_quota_ask(), switched_on=frozenset()),
        with_rules(a_quota_ask(), distance={QUOTAS: timedelta(hours=1)}),
        a_quota_ask(),
        changed(an_ask(), risk=Risk.MEDIUM),
    ],
)
def test_what_was_approved_is_taken_back_whatever_the_rules_have_become(ask: Ask) -> None:
    told = decide(ask, WANTED_BACK)
    assert ((), ()) == (told.refusals, told.needs)


NEVER = "RolloutRestart is nothing that we ever do"
HIGH = "two people must approve it: its risk is high"
WHOLE = "two people must approve it: it concerns the whole cluster"
TWICE = (an_assent(), an_assent(at=NOW))


@pytest.mark.parametrize(
    ("ask", "by", "because"),
    [
        (an_ask(assents=()), "signed_approval", "nobody has approved it"),
        (
            an_ask(assents=(an_assent(digest="d2"), an_assent("ben"), an_assent("cy", digest="x"))),
            "signed_approval",
            "ana, cy approved something else",
        ),
        (a_quota_ask(assents=(an_assent(),)), "two_people", HIGH),
        (a_quota_ask(assents=TWICE), "two_people", HIGH),
        (of_the_cluster(an_ask()), "two_people", WHOLE),
        (an_ask(action=Smuggled(stamp=RESTART.stamp)), "closed_set", NEVER),
        (
            an_ask(a_deployment(metadata={"namespace": "kube-system"})),
            "protected_namespaces",
            "",
        ),
        (an_ask(managed=None), "kept_elsewhere", ""),
    ],
)
def test_what_nobody_approved_or_is_not_ours_is_left(ask: Ask, by: str, because: str) -> None:
    told = {each.by: each.because for each in decide(ask, WANTED_BACK).refusals}
    assert [by] == list(told)
    assert because in told[by]
    assert not because or because == told[by]

"""What holds for a way back: whose approval it was counts, and when it was given does not."""

from datetime import timedelta

import pytest

from holdfast.conformance.scenes import NOW, a_deployment
from holdfast.model.asks import Ask, Proof
from holdfast.policy import UNDONE_UNDER, decide
from tests.policy.scenes import MINUTE, OF_CLASS, a_quota_ask, an_ask, an_assent, with_rules

OLD = an_assent(at=NOW - timedelta(days=2), until=NOW - timedelta(days=1))
PLATFORM = {OF_CLASS: frozenset({"platform"})}
SIGNED = frozenset({OF_CLASS})


@pytest.mark.parametrize(
    "ask",
    [
        an_ask(),
        an_ask(assents=(OLD,)),  # it has run out long ago, and was given before it was proposed
        with_rules(an_ask(), signed=SIGNED),
        with_rules(an_ask(), approvers={OF_CLASS: frozenset({"platform", "oncall"})}),
        with_rules(an_ask(assents=(an_assent(proof=Proof.SERVER),)), signed=frozenset()),
        a_quota_ask(),
    ],
)
def test_is_allowed_by_whoever_was_to_approve_it_whenever_they_did(ask: Ask) -> None:
    assert ((), ()) == (decide(ask, UNDONE_UNDER).refusals, decide(ask, UNDONE_UNDER).needs)


@pytest.mark.parametrize(
    ("ask", "because"),
    [
        (an_ask(assents=()), "nobody has approved it"),
        (an_ask(assents=(an_assent(digest="d2"),)), "ana approved something else"),
        (an_ask(requester="ana"), "ana asked for it, and cannot approve it as well"),
        (with_rules(an_ask(), approvers=PLATFORM), "ana is in no group that may approve this"),
        (
            with_rules(an_ask(assents=(an_assent(proof=Proof.SERVER),)), signed=SIGNED),
            f"ana has not signed it: {Proof.SERVER.value} is not enough here",
        ),
        (
            an_ask(assents=(OLD, an_assent("ben", digest="d2")), requester="ana"),
            "ana asked for it, and cannot approve it as well; ben approved something else",
        ),
    ],
)
def test_says_whose_approval_of_the_act_does_not_count(ask: Ask, because: str) -> None:
    told = [(each.by, each.because) for each in decide(ask, UNDONE_UNDER).refusals]
    assert [("signed_approval", because)] == told


@pytest.mark.parametrize(
    ("by", "ask"),
    [
        ("closed_set", with_rules(a_quota_ask(), switched_on=frozenset())),
        ("protected_namespaces", an_ask(a_deployment(metadata={"namespace": "kube-system"}))),
        ("kept_elsewhere", an_ask(managed=None)),
        ("two_people", a_quota_ask(assents=(an_assent(at=NOW - MINUTE),))),
    ],
)
def test_is_refused_by_what_does_not_change_with_time(by: str, ask: Ask) -> None:
    assert [by] == [each.by for each in decide(ask, UNDONE_UNDER).refusals]

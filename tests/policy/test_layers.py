"""Each layer by its truth table: who refuses, who asks for more, on both sides of each bound."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from holdfast.actions.delete_job import DeleteJob
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.conformance.scenes import NOW, a_deployment, changed_by, raw, sight
from holdfast.model.asks import (
    Around,
    Ask,
    Assent,
    Chain,
    Managed,
    Proof,
    Refusal,
    Rules,
    Station,
    What,
)
from holdfast.model.namespaces import FLOOR
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference
from holdfast.model.repairs import Action, ActionClass, Along, Risk, Sight
from holdfast.policy import LAYERS, SURROUNDINGS, decide
from holdfast.policy.target_scope import target_scope
from tests.cases import snapshot_of
from tests.policy.scenes import (
    MINUTE,
    OF_CLASS,
    PROPOSED,
    RESTART,
    a_quota_ask,
    an_ask,
    an_assent,
    changed,
    with_rules,
)

SECOND = timedelta(seconds=1)
ROOT = Ref(api_version="argoproj.io/v1alpha1", kind="Application", namespace="argocd", name="shop")
SEEN = an_ask().seen


class Smuggled(RolloutRestart, frozen=True, kw_only=True):
    """A kind that nobody declared."""


def blind_to_pods() -> Sight:
    around = snapshot_of({"now": NOW, "given": [], "blind": {"deployments": "forbidden"}})
    return Sight(document=SEEN.document, around=around)


def at(when: timedelta) -> tuple[Assent, ...]:
    return (an_assent(at=NOW + when),)


SETTINGS = Ref(api_version="v1", kind="ConfigMap", namespace="shop", name="settings", uid="u")


def _taking(ask: Ask, *what: Ref) -> Ask:
    """The same, where that would go with the target."""
    return changed(ask, seen=msgspec.structs.replace(ask.seen, along=Along(seen=what)))


# What is changed in a question that everybody allows; who refuses then, and nobody else does.
REFUSED: dict[str, Sequence[Ask]] = {
    "closed_set": [
        an_ask(action=Smuggled(stamp=RESTART.stamp)),
        with_rules(a_quota_ask(), switched_on=frozenset()),
        with_rules(a_quota_ask(), switched_on=frozenset({"deleteresourcequota"})),
    ],
    "target_scope": [
        an_ask(raw("batch/v1", "Job", "web")),
        an_ask(target=Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")),
        an_ask(seen=sight(a_deployment(), a_deployment(metadata={"uid": "other"}), gone=True)),
        changed(
            an_ask(), target=SEEN.document.ref, seen=sight(a_deployment(metadata={"uid": "x"}))
        ),
        an_ask(a_deployment(spec={"paused": True})),
        an_ask(seen=blind_to_pods()),
        an_ask(effect=None),
        an_ask(effect=(Difference(path=("spec", "replicas"), before=1, after=2),)),
        an_ask(effect=(Difference(path=("metadata", "labels", "a"), before=None, after="b"),)),
        _taking(a_quota_ask(), SETTINGS),
    ],
    "protected_namespaces": [
        *(an_ask(a_deployment(metadata={"namespace": name})) for name in sorted(FLOOR)),
        with_rules(an_ask(), protected=frozenset({"shop"})),
    ],
    "kept_elsewhere": [
        an_ask(managed=None),
        an_ask(managed=(Managed(by="Application shop", told_by=ROOT),)),
        with_rules(
            a_quota_ask(managed=(Managed(by="Application shop", told_by=ROOT),)),
            restarts_of_managed=True,
        ),
    ],
    "signed_approval": [
        an_ask(assents=()),
        an_ask(assents=(an_assent(digest="d2"),)),
        an_ask(requester="ana"),
        an_ask(assents=at(-15 * MINUTE - SECOND), proposed=NOW - timedelta(hours=1)),
        an_ask(assents=at(-MINUTE), proposed=NOW - timedelta(hours=4) - MINUTE),
        an_ask(
            assents=at(-20 * MINUTE),
            proposed=NOW - timedelta(hours=1),
            set_going=NOW - 15 * MINUTE - SECOND,
        ),
        # One of its two clocks was set on.
        an_ask(
            assents=(an_assent(at=NOW - 15 * MINUTE - SECOND, sealed=NOW - MINUTE),),
            proposed=NOW - timedelta(hours=1),
        ),
        an_ask(
            assents=(an_assent(at=NOW - MINUTE, sealed=NOW - 15 * MINUTE - SECOND),),
            proposed=NOW - timedelta(hours=1),
        ),
        an_ask(assents=at(-11 * MINUTE)),  # before it was proposed
        an_ask(assents=at(SECOND)),  # the clock was set back
        an_ask(assents=(an_assent(until=NOW),)),
        with_rules(an_ask(), approvers={OF_CLASS: frozenset({"platform"})}),
        with_rules(an_ask(), approvers={OF_CLASS: frozenset()}),
        with_rules(an_ask(assents=(an_assent(proof=Proof.SERVER),)), signed=frozenset({OF_CLASS})),
        with_rules(an_ask(assents=(an_assent(proof=Proof.OIDC),)), signed=frozenset({OF_CLASS})),
    ],
    "two_people": [
        a_quota_ask(assents=(an_assent(),)),
        a_quota_ask(assents=(an_assent(), an_assent(proof=Proof.SERVER))),
        an_ask(risk=Risk.HIGH),
        with_rules(an_ask(), two_people=frozenset({OF_CLASS})),
        with_rules(an_ask(), distance={OF_CLASS: timedelta()}),
        with_rules(
            an_ask(assents=(*at(-5 * MINUTE), an_assent("ben", at=NOW - MINUTE + SECOND))),
            distance={OF_CLASS: 4 * MINUTE + 2 * SECOND},
        ),
    ],
    "audit_first": [
        an_ask(chain=Chain.WRITABLE),
        an_ask(chain=Chain.SHUT),
        changed(an_ask(), station=Station.APPROVAL, chain=Chain.SHUT),
        changed(an_ask(), station=Station.PROPOSAL, assents=(an_assent(),), chain=Chain.SHUT),
    ],
    "budget": [
        an_ask(spent=frozenset()),
        an_ask(spent=frozenset({("ana", ActionClass.SCALE)})),
        an_ask(spent=frozenset({("ben", OF_CLASS)})),
        changed(an_ask(), station=Station.APPROVAL, budgets={}),
        changed(an_ask(), station=Station.APPROVAL, budgets={("ana", OF_CLASS): 0}),
        changed(an_ask(), station=Station.APPROVAL, budgets={("ana", ActionClass.SCALE): 1}),
    ],
    "freeze": [an_ask(around=Around(operator_allows=True, frozen="ana said so"))],
    "cooldown": [an_ask(around=Around(operator_allows=True, cooling_until=NOW + SECOND))],
    "breaker": [an_ask(around=Around(operator_allows=True, broken="three of three failed"))],
    "operator_policy": [
        an_ask(around=Around()),
        an_ask(around=Around(operator_allows=True, operator="prod is read-only")),
    ],
}

ALLOWED: Sequence[Ask] = [
    an_ask(),
    a_quota_ask(),
    an_ask(assents=at(-15 * MINUTE), proposed=NOW - timedelta(hours=1)),
    an_ask(assents=at(-MINUTE), proposed=NOW - timedelta(hours=4) - MINUTE + SECOND),
    # The last of them counts, or the turn of a step where that came later.
    an_ask(
        assents=(*at(-20 * MINUTE), an_assent("ben", at=NOW - 15 * MINUTE)),
        proposed=NOW - timedelta(hours=1),
    ),
    an_ask(
        assents=at(-20 * MINUTE),
        proposed=NOW - timedelta(hours=1),
        set_going=NOW - 15 * MINUTE,
    ),
    an_ask(
        assents=at(-15 * MINUTE),
        proposed=NOW - timedelta(hours=1),
        set_going=NOW - 20 * MINUTE,
    ),
    an_ask(assents=(an_assent(at=PROPOSED),)),
    an_ask(assents=at(timedelta())),
    an_ask(assents=(an_assent(until=NOW + SECOND),)),
    an_ask(around=Around(operator_allows=True, cooling_until=NOW)),
    with_rules(an_ask(), protected=frozenset({"Shop", "shop ", "shops"})),
    with_rules(an_ask(), approvers={OF_CLASS: frozenset({"platform", "oncall"})}),
    with_rules(an_ask(), signed=frozenset({OF_CLASS})),
    with_rules(
        an_ask(managed=(Managed(by="Application shop", told_by=ROOT),)), restarts_of_managed=True
    ),
    with_rules(
        an_ask(assents=(*at(-5 * MINUTE), an_assent("ben", at=NOW - MINUTE))),
        distance={OF_CLASS: 4 * MINUTE},
    ),
    with_rules(  # the third is one more than it takes
        an_ask(
            assents=(*at(-5 * MINUTE), an_assent("ben", at=NOW - MINUTE), an_assent("cyn")),
            spent=frozenset((who, OF_CLASS) for who in ("ana", "ben", "cyn")),
        ),
        distance={OF_CLASS: 4 * MINUTE},
    ),
    changed(an_ask(), station=Station.APPROVAL, chain=Chain.WRITABLE, spent=frozenset()),
]


A_POD = Ref(api_version="v1", kind="Pod", namespace="shop", name="report-1-x", uid="u")
JOB = raw("batch/v1", "Job", "report-1")


@pytest.mark.parametrize(
    ("what", "goes"),
    [
        (A_POD, ""),
        (msgspec.structs.replace(A_POD, api_version="v9"), "Pod shop/report-1-x"),
        (SETTINGS, "ConfigMap shop/settings"),
    ],
)
def test_what_an_action_takes_along_may_go_and_nothing_else(what: Ref, goes: str) -> None:
    ask = _taking(an_ask(JOB, action=DeleteJob()), what)
    refused = target_scope(ask)
    assert isinstance(refused, Refusal)  # nobody would run that one again
    told = refused.because.partition("what it owns would go with it: ")[2]
    assert goes == told


def test_every_layer_has_its_table() -> None:
    assert [layer.__name__ for layer in (*LAYERS, *SURROUNDINGS)] == list(REFUSED)
    assert 8 == len(LAYERS)


@pytest.mark.parametrize("ask", ALLOWED)
def test_allows_what_everybody_allows(ask: Ask) -> None:
    assert ((), ()) == (decide(ask).refusals, decide(ask).needs)


@pytest.mark.parametrize(("by", "ask"), [(by, ask) for by, asks in REFUSED.items() for ask in asks])
def test_is_the_only_one_to_refuse_and_without_it_exactly_that_goes_through(
    by: str, ask: Ask
) -> None:
    verdict = decide(ask)
    assert [by] == [refusal.by for refusal in verdict.refusals]
    assert verdict.refusals[0].because
    others = [layer for layer in (*LAYERS, *SURROUNDINGS) if layer.__name__ != by]
    assert () == decide(ask, others).refusals


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (changed(an_ask(), station=Station.PROPOSAL, assents=()), [What.APPROVAL]),
        (
            with_rules(
                changed(an_ask(), station=Station.PROPOSAL, assents=()),
                signed=frozenset({OF_CLASS}),
            ),
            [What.SIGNATURE],
        ),
        (
            changed(a_quota_ask(), station=Station.PROPOSAL, assents=()),
            [What.APPROVAL, What.SECOND_PERSON],
        ),
        (
            changed(
                a_quota_ask(),
                station=Station.APPROVAL,
                assents=(an_assent("ben"),),
            ),
            [What.SECOND_PERSON],
        ),
        (changed(an_ask(), station=Station.PROPOSAL, assents=(), effect=None), [What.APPROVAL]),
    ],
)
def test_asks_for_what_is_wanted_still(ask: Ask, what: list[What]) -> None:
    verdict = decide(ask)
    assert ((), what) == (verdict.refusals, [each.what for each in verdict.needs])
    asks = {What.SECOND_PERSON: "two_people"}
    assert [asks.get(each, "signed_approval") for each in what] == [n.by for n in verdict.needs]
    assert not verdict.allows


def test_names_everything_that_would_be_changed_besides() -> None:
    more = (
        Difference(path=("spec", "replicas"), before=1, after=2),
        Difference(path=("metadata", "labels", "a"), before=None, after="b"),
    )
    (refusal,) = decide(an_ask(effect=more)).refusals
    assert "spec.replicas" in refusal.because
    assert "metadata.labels.a" in refusal.because


def test_names_the_nearest_of_those_that_keep_it() -> None:
    keepers = tuple(Managed(by=name, told_by=ROOT) for name in ("Helm", "Application shop"))
    (refusal,) = decide(an_ask(managed=keepers)).refusals
    assert refusal.because.startswith("Helm keeps it as it is")


def test_a_target_that_lies_nowhere_is_said_to_lie_nowhere() -> None:
    nowhere = an_ask(a_deployment(metadata={"namespace": ""}))
    (refusal, *_) = [each for each in decide(nowhere).refusals if each.by == "target_scope"]
    assert "it does not say where it is" in refusal.because


def test_a_kind_that_is_no_member_is_told_from_one_that_is() -> None:
    assert issubclass(Smuggled, Action)
    assert Smuggled.kind is RolloutRestart.kind


def test_no_rule_can_take_from_the_floor() -> None:
    ask = an_ask(changed_by(a_deployment(), {"metadata": {"namespace": "kube-system"}}))
    for rules in (Rules(), Rules(protected=frozenset()), Rules(protected=frozenset({"shop"}))):
        assert not decide(changed(ask, rules=rules)).allows

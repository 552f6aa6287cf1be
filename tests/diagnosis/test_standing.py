"""New, still, gone, and what only seems to be gone."""

from datetime import timedelta

from holdfast.diagnosis.standing import FORGOTTEN, LATER, misfit, remember
from holdfast.diagnosis.survey import Survey, survey
from holdfast.facts import CATALOGUE, rules_without, switched_off
from holdfast.model.baseline import API_VERSION, KIND, Accepted, Baseline
from holdfast.model.kinds import Claim, Pod, Secret, StorageClass
from holdfast.model.last_scan import LastScan
from holdfast.model.objects import Object
from holdfast.model.rules import Severity
from holdfast.model.snapshot import Snapshot, State
from holdfast.testing.builders import (
    a_claim,
    a_deployment,
    a_pod,
    a_snapshot,
    a_storage_class,
    waiting,
)
from holdfast.testing.clock import NOON

MINUTES = timedelta(minutes=1)
CLASS = a_storage_class()
CLAIM = a_claim(waited=42 * MINUTES)
YOUNG = a_claim(waited=1 * MINUTES)
CART = a_deployment("cart", available=0, short_for=12 * MINUTES)


def kept(snapshot: Snapshot, told: Survey, namespaces: tuple[str, ...] | None = None) -> LastScan:
    return remember(snapshot, told.troubles, told.standing, CATALOGUE, namespaces)


def first(*objects: Object, blind: tuple[type[Object], ...] = ()) -> LastScan:
    snapshot = a_snapshot(*objects, blind=blind)
    return kept(snapshot, survey(snapshot))


def codes(last: LastScan) -> list[str]:
    return [each.code for each in last.troubles]


def test_a_first_scan_says_nothing_of_new() -> None:
    assert survey(a_snapshot(CLASS, CLAIM)).standing is None


def test_what_was_not_there_is_new_and_what_was_is_still() -> None:
    told = survey(a_snapshot(CLASS, CLAIM, CART), last=first(CLASS, CLAIM))

    assert told.standing is not None
    assert {"HF-STO-001"} == {t.code for t in told.troubles if t.id not in told.standing.new}
    assert len(told.standing.new) == len(told.troubles) - 1
    assert () == told.standing.gone


def test_what_is_not_there_any_more_is_gone() -> None:
    told = survey(a_snapshot(CLASS), last=first(CLASS, CLAIM))

    assert told.standing is not None
    assert ["HF-STO-001"] == [each.code for each in told.standing.gone]
    assert () == told.standing.unknown


def test_what_cannot_be_seen_any_more_is_unknown_and_remembered() -> None:
    before = first(CLASS, CLAIM)

    blind = a_snapshot(CLASS, blind=[Claim])
    told = survey(blind, last=before)
    again = survey(blind, last=kept(blind, told))
    seen = survey(a_snapshot(CLASS, CLAIM), last=kept(blind, again))

    assert told.standing is not None
    assert () == told.standing.gone
    assert ["persistentvolumeclaims forbidden"] == [lost.because for lost in told.standing.unknown]
    assert again.standing is not None
    assert len(again.standing.unknown) == 1
    assert seen.standing is not None
    assert frozenset() == seen.standing.new


def test_what_nobody_can_see_is_forgotten_in_the_end() -> None:
    before = first(CLASS, CLAIM)

    for days, remembered in ((FORGOTTEN - MINUTES, 1), (FORGOTTEN, 0)):
        blind = a_snapshot(CLASS, blind=[Claim], now=NOON + days)
        assert remembered == len(kept(blind, survey(blind, last=before)).troubles)


def test_what_was_found_despite_a_blind_kind_is_gone_despite_it() -> None:
    before = first(CLASS, CLAIM, blind=(StorageClass,))
    assert "storageclasses.storage.k8s.io" in before.troubles[0].despite

    told = survey(a_snapshot(blind=[StorageClass]), last=before)

    assert told.standing is not None
    assert ["HF-STO-001"] == [each.code for each in told.standing.gone]


def test_a_list_that_broke_off_shows_nothing_to_be_gone() -> None:
    snapshot = a_snapshot(CLASS, states={Claim: State.PARTIAL})

    told = survey(snapshot, last=first(CLASS, CLAIM))

    assert told.standing is not None
    assert ["persistentvolumeclaims partial"] == [lost.because for lost in told.standing.unknown]


def test_a_rule_that_is_off_shows_nothing_to_be_gone() -> None:
    off = switched_off(["claim_stuck_pending"])

    told = survey(a_snapshot(CLASS), rules_without(off), off=off, last=first(CLASS, CLAIM))

    assert told.standing is not None
    assert ["no rule of the code HF-STO-001 has looked"] == [
        lost.because for lost in told.standing.unknown
    ]


def test_what_is_within_its_grace_again_is_neither_gone_nor_new_when_it_comes_back() -> None:
    young = a_snapshot(CLASS, YOUNG)

    told = survey(young, last=first(CLASS, CLAIM))
    back = survey(a_snapshot(CLASS, CLAIM), last=kept(young, told))

    assert told.standing is not None
    assert () == told.standing.gone
    assert back.standing is not None
    assert frozenset() == back.standing.new


def test_a_trouble_that_is_now_a_symptom_of_another_is_not_gone() -> None:
    pod = a_pod("cart-1", waiting(), age=12 * MINUTES, owner=CART)
    before = first(CART)

    told = survey(a_snapshot(CART, pod), last=before)

    assert told.standing is not None
    assert () == told.standing.gone
    assert set(codes(before)) <= {f.code for f in told.findings}


def test_what_somebody_accepts_is_not_gone_and_new_when_that_ends() -> None:
    before = first(CLASS, CLAIM)
    accepted = Accepted(id=before.troubles[0].id, reason="r", owner="o", until=NOON + MINUTES)
    baseline = Baseline(api_version=API_VERSION, kind=KIND, accepted=(accepted,))
    snapshot = a_snapshot(CLASS, CLAIM)

    told = survey(snapshot, baseline=baseline, last=before)
    after = survey(snapshot, last=kept(snapshot, told))

    assert told.standing is not None
    assert () == told.standing.gone
    assert after.standing is not None
    assert len(after.standing.new) == 1


def test_a_trouble_that_got_worse_says_what_it_was() -> None:
    before = first(CLASS, CLAIM)
    milder = LastScan(
        cluster=before.cluster,
        namespaces=None,
        when=before.when,
        troubles=tuple(
            type(each)(
                id=each.id,
                code=each.code,
                severity=Severity.INFO,
                about=each.about,
                since=each.since,
                seen=each.seen,
            )
            for each in before.troubles
        ),
    )

    told = survey(a_snapshot(CLASS, CLAIM), last=milder)

    assert told.standing is not None
    assert {before.troubles[0].id: Severity.INFO} == told.standing.worse


def test_only_a_scan_of_the_same_cluster_scope_and_past_is_compared() -> None:
    snapshot = a_snapshot()
    uid = snapshot.cluster.uid

    def said(
        cluster: str = uid, later: timedelta = LATER, only: tuple[str, ...] | None = None
    ) -> str:
        last = LastScan(cluster=cluster, namespaces=only, when=NOON + later)
        return misfit(last, snapshot, None)

    assert said() == ""
    assert said(cluster="other") == "is of another cluster"
    assert said(later=LATER + MINUTES) == "is of a later moment"
    assert said(only=("shop",)) == "looked at other namespaces"


def test_what_is_remembered_holds_no_words_of_anybody() -> None:
    secret = "do not keep this sentence"

    last = first(a_pod("web", waiting(message=secret)), blind=(Secret, Pod))
    found = first(a_pod("web", waiting(message=secret)))

    assert found.troubles
    assert secret not in str(found) + str(last)

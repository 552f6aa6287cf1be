"""What people have decided is left out of the troubles, and counted."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from holdfast.diagnosis.survey import Survey, survey
from holdfast.facts import rules_without, switched_off
from holdfast.model.baseline import API_VERSION, KIND, Accepted, Baseline, Ignore
from holdfast.model.kinds import Claim, Pod, Secret
from holdfast.model.objects import Annotations, Object
from holdfast.model.snapshot import Capture, Unreadable
from holdfast.testing.builders import (
    a_claim,
    a_deployment,
    a_pod,
    a_snapshot,
    a_storage_class,
    waiting,
)
from holdfast.testing.clock import NOON
from tests.cases import case, snapshot_of

MINUTES = timedelta(minutes=1)
CART = a_deployment("cart", available=0, short_for=12 * MINUTES)
CLAIM = a_claim(waited=42 * MINUTES)
BROKEN = (a_storage_class(), CLAIM, CART)


def a_baseline(*accepted: str, until: timedelta = 1 * MINUTES, ignore: str = "") -> Baseline:
    return Baseline(
        api_version=API_VERSION,
        kind=KIND,
        accepted=tuple(
            Accepted(id=each, reason="r", owner="o", until=NOON + until) for each in accepted
        ),
        ignore=(Ignore(code=ignore, reason="r"),) if ignore else (),
    )


def judged(*objects: Object, baseline: Baseline) -> Survey:
    return survey(a_snapshot(*objects), baseline=baseline)


def codes(told: Survey) -> set[str]:
    return {trouble.code for trouble in told.troubles}


def test_a_trouble_that_is_accepted_takes_what_follows_from_it_along() -> None:
    plain = survey(a_snapshot(*BROKEN))
    worst = max(plain.troubles, key=lambda t: len(t.findings))

    told = judged(*BROKEN, baseline=a_baseline(worst.id))

    assert {t.id for t in plain.troubles} - {worst.id} == {t.id for t in told.troubles}
    assert {f.id for f in worst.findings} == {f.id for f in told.accepted}
    assert not {f.id for f in told.findings} & {f.id for f in told.accepted}


def test_a_finding_that_is_accepted_is_left_out_and_counted() -> None:
    claim = next(f for f in survey(a_snapshot(*BROKEN)).findings if f.code == "HF-STO-001")

    told = judged(*BROKEN, baseline=a_baseline(claim.id))

    assert "HF-STO-001" not in codes(told)
    assert [claim.id] == [f.id for f in told.accepted]


def test_an_acceptance_that_has_expired_counts_for_nothing() -> None:
    claim = next(f for f in survey(a_snapshot(*BROKEN)).findings if f.code == "HF-STO-001")

    told = judged(*BROKEN, baseline=a_baseline(claim.id, until=timedelta(0)))

    assert "HF-STO-001" in codes(told)


def test_what_is_ignored_is_left_out_and_counted() -> None:
    told = judged(*BROKEN, baseline=a_baseline(ignore="HF-STO-*"))

    assert "HF-STO-001" not in codes(told)
    assert ["HF-STO-001"] == [f.code for f in told.ignored]


def test_a_young_cause_that_is_ignored_stands_above_nothing() -> None:
    silent = "a_node_that_has_just_fallen_silent_is_told_and_not_each_service.yaml"
    snapshot = snapshot_of(case(Path(__file__).parent / "chains" / silent))

    told = survey(snapshot, baseline=a_baseline(ignore="HF-NOD-002"))

    assert ["HF-NET-003"] * 3 == [trouble.code for trouble in told.troubles]


def test_an_annotation_on_the_object_says_the_same() -> None:
    marked = msgspec.structs.replace(
        CLAIM,
        metadata=msgspec.structs.replace(
            CLAIM.metadata, annotations=Annotations(ignore="HF-STO-001")
        ),
    )

    assert "HF-STO-001" not in codes(survey(a_snapshot(a_storage_class(), marked)))


def annotated(ignore: str) -> Claim:
    metadata = msgspec.structs.replace(CLAIM.metadata, annotations=Annotations(ignore=ignore))
    return msgspec.structs.replace(CLAIM, metadata=metadata)


def test_an_annotation_may_have_wildcards_as_the_file_may() -> None:
    told = survey(a_snapshot(a_storage_class(), annotated("HF-STO-*")))

    assert (codes(told), told.coverage.misnamed) == (set(), ())


@pytest.mark.parametrize("words", ["bogus, HF-NOPE-001", "HF-NOPE-001 HF-STO-001 bogus"])
def test_an_annotation_that_names_no_rule_is_told(words: str) -> None:
    claim = annotated(words)

    told = survey(a_snapshot(a_storage_class(), claim))

    name = f"{claim.metadata.namespace}/{claim.metadata.name}"
    assert (f"PersistentVolumeClaim {name}: HF-NOPE-001, bogus",) == told.coverage.misnamed


def test_a_rule_that_is_off_finds_nothing_and_is_said_once() -> None:
    off = switched_off(["claim_stuck_pending", "HF-STO-001"])

    told = survey(a_snapshot(*BROKEN), rules_without(off), off=off)

    assert "HF-STO-001" not in codes(told)
    assert ["claim_stuck_pending"] == [each.name for each in told.coverage.off]


def test_a_rule_is_said_to_want_what_was_not_seen_and_a_hint_keeps_it_from_nothing() -> None:
    coverage = survey(a_snapshot(blind=[Secret])).coverage
    wants = {rule.name: rule for rule in coverage.unjudged}

    assert wants["helm_release_failed"].saw_nothing
    assert not wants["workload_references_missing_object"].saw_nothing
    assert ["secrets"] == [w.resource for w in wants["helm_release_failed"].wants]
    assert "container_config_missing" not in wants


def test_what_was_seen_is_counted() -> None:
    coverage = survey(a_snapshot(a_pod(), a_pod("web-2"))).coverage

    assert {"pods": 2}.items() <= {k.resource: k.count for k in coverage.read}.items()


def test_an_object_that_cannot_be_understood_is_named_and_its_rules_did_not_judge_all() -> None:
    snapshot = a_snapshot(a_pod("web", waiting()))
    odd = Unreadable(namespace="shop", name="odd", why="status is no object")
    captures = [
        msgspec.structs.replace(c, unreadable=(odd,)) if c.kind is Claim else c
        for c in snapshot.captures()
    ]

    coverage = survey(type(snapshot)(now=NOON, captures=captures)).coverage

    assert [("PersistentVolumeClaim", "odd")] == [(o.kind, o.name) for o in coverage.unreadable]
    assert "claim_stuck_pending" in {rule.name for rule in coverage.unjudged}


def test_a_kind_that_nobody_asked_for_is_blind() -> None:
    snapshot = type(a_snapshot())(now=NOON, captures=[Capture(kind=Pod)])

    assert "secrets" in {blind.plural for blind in survey(snapshot).blind}

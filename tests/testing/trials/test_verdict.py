"""The one cause, and nothing else."""

import pytest

from holdfast.model.objects import Ref
from holdfast.testing.trials.trial import Cause
from holdfast.testing.trials.verdict import belongs, blamed, judged
from tests.testing.trials.kit import (
    DECOY,
    EMPTY,
    QUOTA,
    SHORT,
    a_finding,
    a_trial,
    a_trouble,
)


def test_the_expected_cause_with_an_allowed_symptom_is_right_and_clean() -> None:
    assert judged(a_trial(), [a_trouble(QUOTA, SHORT)], "t").clean


def test_another_cause_that_is_equally_right_is_right() -> None:
    refused = a_finding("HF-WRK-052", "ReplicaSet", "web-1")
    assert judged(a_trial(), [a_trouble(refused)], "t").clean


def test_silence_about_a_fault_is_wrong_and_no_alarm() -> None:
    verdict = judged(a_trial(), [], "t")
    assert (False, ()) == (verdict.right, verdict.alarms)


def test_the_cause_as_a_symptom_of_something_else_is_not_on_top() -> None:
    verdict = judged(a_trial(), [a_trouble(SHORT, QUOTA)], "t")
    assert not verdict.right
    assert (
        "said: HF-WRK-010 Deployment/web (is broken) <- HF-CAP-001 ResourceQuota/tight",
    ) == verdict.alarms


def test_the_right_code_about_another_object_is_wrong() -> None:
    other = a_finding("HF-CAP-001", "ResourceQuota", "other")
    assert not judged(a_trial(), [a_trouble(other)], "t").right


def test_a_symptom_that_is_not_allowed_is_a_false_alarm() -> None:
    verdict = judged(a_trial(), [a_trouble(QUOTA, SHORT, EMPTY)], "t")
    assert verdict.right
    assert ("symptom: HF-NET-003 Service/web (is broken)",) == verdict.alarms


def test_a_second_trouble_is_a_false_alarm_even_if_it_might_be_a_symptom() -> None:
    verdict = judged(a_trial(), [a_trouble(QUOTA), a_trouble(SHORT)], "t")
    assert verdict.right
    assert ("said: HF-WRK-010 Deployment/web (is broken)",) == verdict.alarms


def test_the_same_cause_twice_is_a_false_alarm() -> None:
    assert 1 == len(judged(a_trial(), [a_trouble(QUOTA), a_trouble(QUOTA)], "t").alarms)


def test_silence_about_a_decoy_is_right() -> None:
    assert judged(a_trial(DECOY), [], "t").clean


def test_anything_about_a_decoy_is_a_false_alarm() -> None:
    verdict = judged(a_trial(DECOY), [a_trouble(SHORT)], "t")
    assert (False, 1) == (verdict.right, len(verdict.alarms))


@pytest.mark.parametrize(
    ("namespace", "name", "whose"),
    [
        ("t1", "web", True),
        ("t1-other", "web", True),
        ("t12", "web", False),
        ("", "t1", True),
        ("", "hook-of-t1", True),
        ("", "node-1", False),
        ("default", "t1", False),
    ],
)
def test_an_object_belongs_to_a_trial_by_its_namespace_or_its_name(
    namespace: str, name: str, whose: bool
) -> None:
    about = Ref(api_version="v1", kind="Any", namespace=namespace, name=name)
    assert whose == belongs(about, "t1")


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "expected"),
    [
        ("Deployment", "coredns", "kube-system", True),
        ("Service", "t-dns", "", True),  # by another cause that is equally right
        ("Deployment", "coredns", "t", False),
        ("Service", "kube-dns", "kube-system", False),
    ],
)
def test_what_a_trial_breaks_of_others_is_what_its_cause_names(
    kind: str, name: str, namespace: str, expected: bool
) -> None:
    cause = Cause(
        about="Deployment/kube-system/coredns",
        code="HF-NET-014",
        or_=("HF-NET-003 Service/$namespace-dns",),
    )
    about = Ref(api_version="v1", kind=kind, namespace=namespace, name=name)
    assert blamed(cause, about, "t") is expected

"""What people write is understood, or refused with the line and the reason."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.errors import BadInput
from holdfast.model.objects import Ref
from holdfast.testing.trials.pattern import Pattern
from holdfast.testing.trials.trial import Area, Expected
from holdfast.testing.trials.wording import spoken
from tests.testing.trials.kit import DECOY, FAULT, a_trial


def test_a_fault_says_its_one_cause() -> None:
    trial = a_trial()
    assert isinstance(trial.expect, Expected)
    rights = [f"{code} {about}" for code, about in trial.expect.cause.rights]
    assert ["HF-CAP-001 ResourceQuota/tight", "HF-WRK-052 ReplicaSet/web-*"] == rights
    assert (Area.WORKLOADS, False, timedelta(minutes=6)) == (trial.area, trial.decoy, trial.moved)


def test_a_decoy_expects_nothing() -> None:
    assert a_trial(DECOY).decoy


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("colour: red", "unknown field `colour`"),
        ("after: soon", "'soon' is no span"),
        ("needs: [istio]", "istio"),
        ("fault: [{apply: {apiVersion: v1, kind: Pod, metadata: {}}}]", "metadata.name"),
        ("after_all: [{apply: {apiVersion: v1, metadata: {name: a}}}]", "metadata.name"),
        ("fault: [{delete: Pod/a, patch: {of: Pod/a, with: {}}}]", "a step is one of"),
        ("fault: [{}]", "a step is one of"),
        ("fault: [{await: {of: pods}}]", "'pods' is no Kind/name"),
        ("ready: [{of: Pod/a, gone: true, count: 1}]", "`gone` stands alone"),
        ("ready: [{of: Pod/a, some: true, count: 1}]", "`some` and `count`"),
        ("given: [{kind: Pod}]", "metadata.name"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(line: str, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        a_trial(f"{DECOY}{line}\n")
    assert "t.yaml, line " in refused.value.wrong
    assert why in refused.value.wrong


def test_without_until_nobody_knows_when_to_ask() -> None:
    with pytest.raises(BadInput, match="`until` is empty"):
        a_trial(
            FAULT.replace(
                "until: [{of: Pod/web-*, where: {status: {phase: Pending}}}]", "until: []"
            )
        )


def test_a_cause_without_a_code_of_ours_is_refused() -> None:
    with pytest.raises(BadInput, match="'WRK-1 ResourceQuota/tight' is no code and object"):
        a_trial(FAULT.replace("HF-CAP-001", "WRK-1"))


@pytest.mark.parametrize(
    ("text", "ref", "meant"),
    [
        ("Pod/web-*", ("v1", "Pod", "t", "web-7"), True),
        ("Pod/web-*", ("v1", "Pod", "other", "web-7"), False),
        ("Pod/web", ("v1", "Pod", "t", "web-7"), False),
        ("Pod/other/web", ("v1", "Pod", "other", "web"), True),
        ("Node/node-1", ("v1", "Node", "", "node-1"), True),
        ("Cluster.postgresql.cnpg.io/db", ("postgresql.cnpg.io/v1", "Cluster", "t", "db"), True),
        ("Cluster.example.com/db", ("postgresql.cnpg.io/v1", "Cluster", "t", "db"), False),
        ("Role/system:node", ("rbac.authorization.k8s.io/v1", "Role", "t", "system:node"), True),
        ("Pod/*", ("v1", "Pod", "t", "any"), True),
    ],
)
def test_a_pattern_means_objects(text: str, ref: tuple[str, str, str, str], meant: bool) -> None:
    version, kind, namespace, name = ref
    about = Ref(api_version=version, kind=kind, namespace=namespace, name=name)
    assert meant == Pattern.of(text).means(about, "t")
    assert text == str(Pattern.of(text))


def test_texts_are_said_for_the_namespace_and_the_moment() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    text = {"$namespace-hook": ["in $namespace", {"at": "$ago(10m)", "until": "$in(3d)"}, 7, None]}
    expected = {
        "t1-hook": [
            "in t1",
            {"at": "2026-01-01T11:50:00Z", "until": "2026-01-04T12:00:00Z"},
            7,
            None,
        ]
    }
    assert expected == spoken(text, namespace="t1", now=now, uid=str.lower)


def test_the_uid_of_an_owner_is_that_of_the_object_that_is_meant() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    owner = {"name": "web", "uid": "$uid(Deployment/$namespace/web)"}

    said = spoken(owner, namespace="t1", now=now, uid=lambda text: f"uid of {text}")

    assert {"name": "web", "uid": "uid of Deployment/t1/web"} == said

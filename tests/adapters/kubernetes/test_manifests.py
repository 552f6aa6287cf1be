"""How what stands on a cluster is compared with what was made."""

from typing import Any

import pytest

from holdfast.adapters.kubernetes.manifests import altered, as_made, beside, named, where

ROLE: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "keeper", "namespace": "leases", "labels": {"ours": "yes"}},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}
CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "values", "namespace": "leases", "labels": {"ours": "yes"}},
}


def stands(manifest: dict[str, Any], **more: Any) -> dict[str, Any]:
    """As the API server gives it back."""
    metadata = {**manifest["metadata"], "uid": "u-1", "resourceVersion": "7"}
    return {**manifest, "metadata": metadata, **more}


def rule(**changed: Any) -> list[Any]:
    return [{**ROLE["rules"][0], **changed}]


def test_knows_where_each_is() -> None:
    root = "/apis/rbac.authorization.k8s.io/v1/namespaces/leases/roles"
    assert (root, f"{root}/keeper", "Role leases/keeper") == (
        beside(ROLE),
        where(ROLE),
        named(ROLE),
    )
    assert where(CONFIG) == "/api/v1/namespaces/leases/configmaps/values"


@pytest.mark.parametrize(
    "there",
    [stands(ROLE), stands(ROLE, rules=rule(resourceNames=[])), stands(ROLE, status={"a": 1})],
)
def test_leaves_alone_what_is_as_it_was_made(there: dict[str, Any]) -> None:
    assert altered(ROLE, there) == ""


@pytest.mark.parametrize(
    ("there", "place"),
    [
        (stands(ROLE, rules=rule(verbs=["*"])), "rules[0].verbs[0]"),
        (stands(ROLE, rules=rule(verbs=["get", "delete"])), "rules[0].verbs"),
        (stands(ROLE, rules=rule(resourceNames=["a"])), "rules[0].resourceNames"),
        (stands(ROLE, rules=[]), "rules"),
        (stands(ROLE, aggregationRule={"a": "b"}), "aggregationRule"),
        (stands(ROLE, anything=True), "anything"),
        (stands({**ROLE, "metadata": {**ROLE["metadata"], "labels": {}}}), "metadata.labels"),
    ],
)
def test_names_the_place_of_what_is_not(there: dict[str, Any], place: str) -> None:
    assert altered(ROLE, there) == f"is not as it was made: {place}"


def test_names_each_place_and_counts_those_that_are_too_many() -> None:
    two = stands(ROLE, rules=rule(verbs=["*"], resourceNames=["a"]))
    assert altered(ROLE, two) == "is not as it was made: rules[0].resourceNames, rules[0].verbs[0]"
    many = {f"f{number}": True for number in range(5)}
    says = "is not as it was made: f0, f1, f2, and in 2 places more"
    assert altered(ROLE, stands(ROLE, **many)) == says


def test_one_and_true_are_not_the_same() -> None:
    made = {**ROLE, "rules": [{"a": True}]}
    assert altered(made, stands(made, rules=[{"a": 1}])) == "is not as it was made: rules[0].a"


def test_what_leaves_is_not_there_any_more() -> None:
    leaving = stands(ROLE)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert altered(ROLE, leaving) == "is being deleted"


def test_values_are_not_ours_to_judge_but_must_be_writable() -> None:
    assert altered(CONFIG, stands(CONFIG, data={"a": "b"})) == ""
    assert "immutable" in altered(CONFIG, stands(CONFIG, immutable=True))


def test_put_right_it_has_nothing_besides_and_keeps_who_it_is() -> None:
    there = stands(ROLE, rules=rule(verbs=["*"]), aggregationRule={"a": "b"})
    there["metadata"]["labels"] = {"other": "kept"}
    made = as_made(ROLE, there)
    assert made["rules"] == ROLE["rules"]
    assert "aggregationRule" not in made
    assert made["metadata"] == {
        **there["metadata"],
        "labels": {"other": "kept", "ours": "yes"},
    }


def test_put_right_values_stay() -> None:
    assert as_made(CONFIG, stands(CONFIG, data={"a": "b"}))["data"] == {"a": "b"}

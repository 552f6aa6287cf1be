import re
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.actions import CLOSED_SET
from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.grants import cel
from holdfast.grants.fences import fences, policies
from holdfast.grants.names import KINDS, LEASES, OURS
from holdfast.grants.policies import LEASE_NAME
from holdfast.grants.roles import action_role, checkpoints_role, keeper_role, minting_role
from holdfast.model.namespaces import FLOOR
from holdfast.model.paths import Entry, Item
from holdfast.model.repairs import Kind

READS = {"get", "list", "watch"}


def granted(role: Any) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb, tuple(rule.get("resourceNames", ()))


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_the_role_of_an_action_is_what_it_declares(kind: Kind) -> None:
    declared = {(right.group, right.resource, right.verb, ()) for right in kind.rights()}

    assert declared == set(granted(action_role(kind)))


def test_every_kind_of_the_closed_set_has_a_role() -> None:
    named = {each["metadata"]["name"] for each in fences() if each["kind"] == "ClusterRole"}  # type: ignore[index]

    assert {f"holdfast-action-{each.__name__.lower()}" for each in CLOSED_SET} <= named


def test_all_over_the_cluster_the_keeper_writes_bindings_and_nothing_else() -> None:
    writes = {
        (resource, verb, names)
        for _, resource, verb, names in granted(keeper_role(["a"]))
        if verb not in READS
    }

    roles = tuple(f"holdfast-action-{kind.name.lower()}" for kind in KINDS)
    assert writes == {
        ("clusterrolebindings", "create", ()),
        ("clusterrolebindings", "delete", ()),
        ("rolebindings", "create", ()),
        ("rolebindings", "delete", ()),
        ("clusterroles", "bind", roles),
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_the_keeper_reads_whatever_an_action_looks_at(kind: Kind) -> None:
    reads = {
        (group, resource) for group, resource, verb, _ in granted(keeper_role([])) if verb == "get"
    }

    looked_at = (*kind.targets, *kind.sees)
    assert {(each.api.group, each.api.plural) for each in looked_at} <= reads


def test_the_keeper_reads_whatever_may_own_a_target_and_could_say_who_keeps_it() -> None:
    reads = {
        (group, resource) for group, resource, verb, _ in granted(keeper_role([])) if verb == "get"
    }
    assert {("batch", "cronjobs"), ("apps", "deployments"), ("", "nodes")} <= reads
    assert ("", "secrets") not in reads


def test_nobody_is_given_secrets_or_every_resource() -> None:
    for role in (each for each in fences() if "rules" in each):
        for group, resource, verb, _ in granted(role):
            assert "*" not in (group, resource, verb)
            assert resource.partition("/")[0] != "secrets"


def test_the_keeper_writes_one_parameter_object_by_name() -> None:
    named = {names for _, resource, _, names in granted(minting_role()) if resource == "configmaps"}

    assert named == {("holdfast-lease-values",)}


def test_the_keeper_writes_checkpoints_by_a_role_for_that_alone() -> None:
    named = {(resource, names) for _, resource, _, names in granted(checkpoints_role())}

    assert named == {("configmaps", ("holdfast-checkpoints",))}


def test_our_own_namespaces_are_of_the_floor() -> None:
    assert {LEASES, OURS} <= FLOOR


def test_every_policy_fails_closed_and_first_asks_whether_it_is_concerned() -> None:
    for policy in policies():
        spec: Any = policy.manifests()[0]["spec"]
        assert spec["failurePolicy"] == "Fail"
        assert spec["matchConditions"]
        assert all(each["reason"] == "Forbidden" for each in spec["validations"])
        assert all(each["message"].startswith("Holdfast's fence: ") for each in spec["validations"])


def test_only_the_policy_for_values_depends_on_an_object_that_could_be_missing() -> None:
    """Such a policy refuses everybody when it is: it must not match everything."""
    with_values = [policy for policy in policies() if policy.with_values]

    assert [policy.name for policy in with_values] == ["holdfast-lease-values"]
    assert "*/*" not in str(with_values[0].matches)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_the_cluster_knows_the_names_that_leases_have(purpose: Purpose, kind: Kind) -> None:
    named = str(lease_name(purpose, kind.name, "22b93c07-2f1a-423b-8a48-fa531729f9e1", 7))

    assert re.fullmatch(LEASE_NAME, named)
    assert not re.fullmatch(LEASE_NAME, f"{named}.x")
    assert not re.fullmatch(LEASE_NAME, named.replace(".7", ".07"))
    assert not re.fullmatch(LEASE_NAME, named.replace(kind.name.lower(), "deleteall"))


def test_a_declaration_that_names_no_one_place_gets_no_fence() -> None:
    for open_place in (("metadata", "labels", Entry()), ("spec", "ports", Item(by="a", value="b"))):
        with pytest.raises(ValueError, match="names no one place"):
            list(cel.same_but("oldObject", "object", [open_place]))


def test_of_a_list_the_same_items_stay_and_of_each_all_but_the_place() -> None:
    spec, items = cel.same_but("old", "new", [("containers", Item(by="name"), "image")])

    assert spec == (
        'old.all(k, k in ["containers"] || (k in new && new[k] == old[k])) && '
        'new.all(k, k in ["containers"] || k in old)'
    )
    was, now = (f'{each}[?"containers"].orValue([])' for each in ("old", "new"))
    assert items == (
        f'{was}.map(i, i["name"]) == {now}.map(i, i["name"]) && '
        f'{was}.all(o, {now}.exists(n, n["name"] == o["name"] && '
        '(o.all(k, k in ["image"] || (k in n && n[k] == o[k])) && '
        'n.all(k, k in ["image"] || k in o))))'
    )


def test_every_level_above_a_place_is_compared_by_all_of_its_keys() -> None:
    top, below = cel.same_but("old", "new", [("spec", "replicas")])

    assert top == (
        'old.all(k, k in ["spec"] || (k in new && new[k] == old[k])) && '
        'new.all(k, k in ["spec"] || k in old)'
    )
    assert below == (
        'old[?"spec"].orValue({}).all(k, k in ["replicas"] || (k in new[?"spec"].orValue({}) && '
        'new[?"spec"].orValue({})[k] == old[?"spec"].orValue({})[k])) && '
        'new[?"spec"].orValue({}).all(k, k in ["replicas"] || k in old[?"spec"].orValue({}))'
    )

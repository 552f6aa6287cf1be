from datetime import timedelta
from typing import Any

import pytest

from holdfast.errors import BadInput
from holdfast.facts import CATALOGUE, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Pod, Secret, StorageClass
from holdfast.model.rules import Rule


def granted(role: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (group, plural, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for plural in rule["resources"]
        for verb in rule["verbs"]
    }


def a_rule(*reads: type) -> Rule:
    template = CATALOGUE[0]
    return Rule(
        code="HF-WRK-999",
        name="any",
        channel=template.channel,
        severity=template.severity,
        grace=timedelta(),
        reads=reads,
        hints=(),
        next_step="",
        bearing=template.bearing,
        summary="",
        help="",
        look=template.look,
    )


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%b"])
def test_no_role_has_a_name_that_the_api_server_refuses(name: str) -> None:
    with pytest.raises(BadInput, match="is no name of a role"):
        reader_role(name=name)


@pytest.mark.parametrize("name", ["A B", "system:reader", "...", "a.b"])
def test_a_role_may_have_any_other_name(name: str) -> None:
    assert {"name": name} == reader_role(name=name)["metadata"]


@pytest.mark.parametrize("namespace", ["A B", "Shop", "-shop", "shop-", "a.b", "x" * 64])
def test_no_namespace_has_such_a_name(namespace: str) -> None:
    with pytest.raises(BadInput, match="is no name of a namespace"):
        reader_role(namespace=namespace)


@pytest.mark.parametrize("namespace", ["shop", "a", "7", "x" * 63])
def test_a_namespace_may_have_that_name(namespace: str) -> None:
    assert namespace == reader_role(namespace=namespace)["metadata"]["namespace"]  # type: ignore[index]


def test_the_role_holds_what_the_rules_read_and_nothing_more() -> None:
    wanted = {
        (kind.api.group, kind.api.plural, verb)
        for kind in kinds_read()
        for verb in ("list", "watch")
        if not kind.api.sensitive
    }

    assert granted(reader_role()) == wanted | {("", "namespaces", "get")}


def test_nothing_in_it_can_write() -> None:
    assert {verb for _, _, verb in granted(reader_role())} <= {"get", "list", "watch"}


def test_secrets_never_appear_whatever_the_rules_read() -> None:
    assert "secrets" not in {plural for _, plural, _ in granted(reader_role([a_rule(Secret)]))}


def test_a_rule_that_is_switched_off_drops_what_only_it_reads() -> None:
    both = reader_role([a_rule(Pod), a_rule(Pod, StorageClass)])
    one = reader_role([a_rule(Pod)])

    gone = granted(both) - granted(one)

    assert gone == {("storage.k8s.io", "storageclasses", verb) for verb in ("list", "watch")}


def test_a_namespaced_role_leaves_out_what_belongs_to_no_namespace() -> None:
    role = reader_role(namespace="shop")

    assert role["kind"] == "Role"
    assert role["metadata"] == {"name": "holdfast-reader", "namespace": "shop"}
    assert {"storageclasses", "namespaces"}.isdisjoint(plural for _, plural, _ in granted(role))

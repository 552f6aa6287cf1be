from datetime import timedelta
from typing import Any

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

from datetime import timedelta
from typing import Any

from holdfast.facts import CATALOGUE, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Secret
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
        next_step="",
        explains=(),
        summary="",
        help="",
        look=template.look,
    )


def test_the_role_holds_what_the_rules_read_and_nothing_more() -> None:
    wanted = {(k.api.group, k.api.plural, v) for k in kinds_read() for v in ("list", "watch")}

    assert granted(reader_role()) == wanted | {("", "namespaces", "get")}


def test_nothing_in_it_can_write() -> None:
    assert {verb for _, _, verb in granted(reader_role())} <= {"get", "list", "watch"}


def test_secrets_never_appear_whatever_the_rules_read() -> None:
    assert "secrets" not in {plural for _, plural, _ in granted(reader_role([a_rule(Secret)]))}


def test_a_rule_that_is_switched_off_drops_what_only_it_reads() -> None:
    without = [rule for rule in CATALOGUE if rule.name != "claim_stuck_pending"]

    gone = granted(reader_role()) - granted(reader_role(without))

    assert gone == {
        (group, plural, verb)
        for group, plural in (("storage.k8s.io", "storageclasses"), ("", "persistentvolumeclaims"))
        for verb in ("list", "watch")
    }


def test_a_namespaced_role_leaves_out_what_belongs_to_no_namespace() -> None:
    role = reader_role(namespace="shop")

    assert role["kind"] == "Role"
    assert role["metadata"] == {"name": "holdfast-reader", "namespace": "shop"}
    assert {"storageclasses", "namespaces"}.isdisjoint(plural for _, plural, _ in granted(role))

"""What a pod or a container waits for has one next step: rules of one family exclude each other."""

import pytest

from holdfast.facts import CATALOGUE
from tests.cases import case, snapshot_of
from tests.facts.test_cases import CASES

PODS = frozenset(
    {
        "device_claim_not_made",
        "pod_bound_to_another_zone",
        "pod_finds_no_room",
        "pod_held_by_gate",
        "pod_kept_apart",
        "pod_port_taken",
        "pod_selects_no_node",
        "pod_tolerates_no_node",
        "pod_unschedulable",
        "pod_waits_for_nodes",
    }
)
CONTAINERS = frozenset(
    {
        "container_cannot_be_created",
        "container_cannot_run",
        "container_config_missing",
        "container_waiting",
        "crash_looping",
        "image_name_invalid",
        "image_needs_credentials",
        "image_not_found",
        "image_rate_limited",
        "image_registry_unreachable",
        "init_container_failing",
        "killed_by_liveness_probe",
        "startup_probe_failing",
    }
)
"""Of what keeps a container from running; out of memory explains, and readiness is another."""


@pytest.mark.parametrize("family", [PODS, CONTAINERS], ids=["pods", "containers"])
def test_a_pod_or_container_is_found_by_one_rule_of_its_family(family: frozenset[str]) -> None:
    rules = [rule for rule in CATALOGUE if rule.name in family]
    found_once = 0
    for path in (c for c in CASES if c.parent.name in family):
        found: dict[tuple[str, str], list[str]] = {}
        snapshot = snapshot_of(case(path))
        for rule in rules:
            for fact in rule(snapshot):
                found.setdefault((fact.about.uid, fact.part), []).append(rule.name)
        assert not [names for names in found.values() if len(names) > 1], path
        found_once += len(found)

    assert {rule.name for rule in rules} == family
    assert found_once > 50

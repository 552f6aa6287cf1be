"""What the scanned lab is filled with."""

from collections import Counter

from bench.scan_lab import NAMESPACES, PODS, objects

EVERYTHING = [each for number in range(NAMESPACES) for each in objects(number)]


def test_there_are_at_least_two_thousand_pods_to_scan() -> None:
    deployments = [each for each in EVERYTHING if each["kind"] == "Deployment"]
    assert sum(each["spec"]["replicas"] for each in deployments) == PODS >= 2_000


def test_every_kind_that_kubectl_is_asked_for_is_there() -> None:
    kinds = Counter(each["kind"] for each in EVERYTHING)
    assert {"Namespace", "Deployment", "Service", "PersistentVolumeClaim"} == {*kinds}
    assert 20 == kinds["Namespace"]


def test_each_namespace_is_made_before_what_is_in_it() -> None:
    made = set()
    for each in EVERYTHING:
        metadata = each["metadata"]
        if each["kind"] == "Namespace":
            made.add(metadata["name"])
        assert metadata.get("namespace", metadata["name"]) in made

from typing import Any

import pytest

from holdfast.errors import NotCanonical
from holdfast.model.documents import Document, beyond, effect
from holdfast.model.paths import written

OBJECT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7"},
    "spec": {"replicas": 2},
    "status": {"replicas": 2},
}
READS = (("spec", "replicas"), ("spec", "paused"))


def with_(**changed: Any) -> Document:
    return Document(value={**OBJECT, **changed})


def test_says_who_it_is() -> None:
    ref = with_().ref
    assert ("apps/v1", "Deployment shop/web", "u") == (ref.api_version, str(ref), ref.uid)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (with_(status={"replicas": 0}), True),
        (with_(metadata={"resourceVersion": "8"}), True),
        (with_(spec={"replicas": 2, "minReadySeconds": 5}), True),
        (with_(spec={"replicas": 3}), False),
        (with_(spec={}), False),
        (with_(spec={"replicas": 2, "paused": False}), False),
        (with_(spec={"replicas": "2"}), False),
    ],
)
def test_holds_fixed_what_was_read_and_nothing_else(other: Document, same: bool) -> None:
    assert same is (with_().read_hash(READS) == other.read_hash(READS))


def test_has_no_hash_for_what_two_programs_could_read_in_two_ways() -> None:
    with pytest.raises(NotCanonical):
        with_(spec={"replicas": 0.5}).read_hash(READS)


def test_leaves_out_what_the_server_writes() -> None:
    after = with_(
        metadata={**OBJECT["metadata"], "resourceVersion": "8", "generation": 3, "labels": {}},
        spec={"replicas": 3},
        status={},
    )
    changed = effect(with_(), after)
    assert ["metadata.labels", "spec.replicas"] == [written(each.path) for each in changed]
    assert (("metadata", "labels"),) == beyond(changed, [("spec", "replicas")])


def test_the_count_of_a_daemonsets_templates_is_the_servers() -> None:
    counted = {"annotations": {"deprecated.daemonset.template.generation": "2"}}
    metadata = {"name": "web", "namespace": "shop", **counted}

    assert () == effect(with_(), with_(metadata=metadata))


def test_asks_for_what_was_asked_for() -> None:
    assert {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2},
    } == with_().asked()

"""What repeats over the objects of a list is held once, and nothing else changes."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bench.cluster import pods
from holdfast.adapters.kubernetes.decode import page
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.model.kinds import Pod


def a_pod(name: str = "web", **more: Any) -> dict[str, Any]:
    """A pod as it is sent."""
    return {"metadata": {"name": name, "namespace": "shop"}} | more


def read(*trees: Mapping[str, Any], share: Sharer | None = None) -> list[Pod]:
    """Pods of one page."""
    body = json.dumps({"kind": "PodList", "items": trees}).encode()
    return page(Pod, body, share or Sharer()).objects


def test_what_repeats_is_held_once() -> None:
    tree = a_pod(
        spec={"nodeName": "node-1"},
        status={"phase": "Running", "containerStatuses": [{"image": "registry.example/web:1"}]},
    )
    tree["metadata"] |= {
        "labels": {"app": "web", "tier": "front"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "uid": "u"}],
    }
    one, other = read(tree, tree)
    assert one == other
    assert one.metadata.labels is other.metadata.labels
    assert one.metadata.owner_references is other.metadata.owner_references
    assert one.metadata.namespace is other.metadata.namespace
    assert one.spec.node_name is other.spec.node_name
    assert one.status.container_statuses[0].image is other.status.container_statuses[0].image


def test_sharing_spans_the_pages_of_a_list() -> None:
    share = Sharer()
    ((first,), (second,)) = (
        read(a_pod(spec={"nodeName": "node-1"}), share=share) for _ in range(2)
    )
    assert first.spec.node_name is second.spec.node_name


def test_neighbours_hold_the_parts_that_they_have_alike_once() -> None:
    def pod(name: str, token: str, image: str = "web:1") -> dict[str, Any]:
        main = {"name": "main", "image": image, "env": [{"name": "A"}], "ports": [{"name": "http"}]}
        sources = [{"configMap": {"name": "kube-root-ca.crt"}}]
        volumes = [{"name": token, "projected": {"sources": sources}}]
        return a_pod(name, spec={"containers": [main], "volumes": volumes})

    one, other, newer = read(
        pod("web-1", "token-a"), pod("web-2", "token-b"), pod("web-3", "token-c", image="web:2")
    )
    assert ["web-1", "web-2", "web-3"] == [each.metadata.name for each in (one, other, newer)]
    assert one.spec.containers is other.spec.containers
    assert ("token-a", "token-b") == (one.spec.volumes[0].name, other.spec.volumes[0].name)
    assert one.spec.volumes[0].projected is other.spec.volumes[0].projected
    assert "web:2" == newer.spec.containers[0].image
    assert one.spec.containers[0].env is newer.spec.containers[0].env


def test_the_second_containers_of_neighbours_are_neighbours_too() -> None:
    def pod(name: str, image: str) -> dict[str, Any]:
        main = {"name": "main", "image": image, "env": [{"name": "A"}]}
        mesh = {"name": "mesh", "image": image, "env": [{"name": "B"}, {"name": "C"}]}
        return a_pod(name, spec={"containers": [main, mesh]})

    one, other = read(pod("web-1", "web:1"), pod("web-2", "web:2"))
    for mine, theirs in zip(one.spec.containers, other.spec.containers, strict=True):
        assert mine.env is theirs.env
        assert mine.image != theirs.image
    assert ["A", "B", "C"] == [v.name for c in other.spec.containers for v in c.env]


@pytest.mark.parametrize("counts", [(1, 3), (3, 1), (0, 2), (2, 0)])
def test_a_neighbour_with_more_or_less_of_something_changes_nothing(
    counts: tuple[int, int],
) -> None:
    trees = [
        a_pod(spec={"containers": [{"name": f"c{n}", "image": "web:1"} for n in range(count)]})
        for count in counts
    ]
    assert counts == tuple(len(each.spec.containers) for each in read(*trees))
    alone = [one for tree in trees for one in read(tree)]
    assert alone == read(*trees)


def test_what_is_read_is_the_same_with_and_without_neighbours() -> None:
    trees = [*pods(60, seed=3)]
    assert [one for tree in trees for one in read(tree)] == read(*trees)

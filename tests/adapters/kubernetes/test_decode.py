"""Pages become partial kinds; what is broken costs itself and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.errors import Unanswered
from holdfast.model.kinds import KINDS, Claim, Deployment, Pod, Secret
from holdfast.model.objects import Object
from holdfast.model.snapshot import Unreadable


def a_page(*items: Any, **more: Any) -> bytes:
    return json.dumps({"kind": "PodList", "metadata": {}, "items": list(items)} | more).encode()


def read[K: Object](kind: type[K], body: bytes) -> decode.Listed[K]:
    return decode.page(kind, body, Sharer())


def a_tree(name: str = "web", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}} | more


def test_a_page_has_its_version_and_its_continuation() -> None:
    listed = read(Pod, a_page(metadata={"resourceVersion": "7", "continue": "more"}))
    assert (listed.resource_version, listed.continue_token) == ("7", "more")


def test_the_last_page_has_no_continuation() -> None:
    assert read(Pod, a_page()).continue_token == ""


def test_fields_that_no_rule_reads_are_left_out() -> None:
    body = a_page(a_tree(spec={"nodeName": "n", "hostNetwork": True}, junk=[1, {"a": None}]))
    (pod,) = read(Pod, body).objects
    assert (pod.metadata.name, pod.spec.node_name) == ("web", "n")


def test_times_keep_their_zone() -> None:
    tree = a_tree()
    tree["metadata"]["creationTimestamp"] = "2026-03-02T12:00:00Z"
    (pod,) = read(Pod, a_page(tree)).objects
    assert pod.metadata.creation_timestamp == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_items_that_are_null_are_no_items() -> None:
    assert read(Pod, a_page(items=None)).objects == []


@pytest.mark.parametrize(
    "tree",
    [
        a_tree(spec=None, status=None),
        a_tree(spec={"nodeName": None, "volumes": None}, status={"conditions": None}),
        a_tree(spec={"volumes": [None]}, status={"containerStatuses": [{"state": None}]}),
        {"metadata": {"name": "web", "namespace": "shop", "labels": None, "uid": None}},
        {
            "metadata": {
                "name": "web",
                "namespace": "shop",
                "creationTimestamp": None,
                "ownerReferences": [{"controller": None, "uid": "u"}],
            }
        },
    ],
)
def test_null_means_empty_wherever_it_stands(tree: dict[str, Any]) -> None:
    listed = read(Pod, a_page(a_tree("before"), tree, a_tree("after")))
    assert [o.metadata.name for o in listed.objects] == ["before", "web", "after"]
    assert listed.unreadable == ()


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        (a_tree(spec={"nodeName": 7}), "Expected `str`, got `int`"),
        (a_tree(status={"conditions": {}}), "Expected `array`"),
        (a_tree(status={"containerStatuses": [{"restartCount": "3"}]}), "Expected `int`"),
    ],
)
def test_an_object_that_does_not_fit_costs_itself_alone(
    tree: dict[str, Any], complaint: str
) -> None:
    listed = read(Pod, a_page(a_tree("before"), tree, a_tree("after")))
    assert [o.metadata.name for o in listed.objects] == ["before", "after"]
    (bad,) = listed.unreadable
    assert (bad.namespace, bad.name) == ("shop", "web")
    assert complaint in bad.why


def test_a_time_without_a_zone_is_unreadable_rather_than_guessed() -> None:
    tree = a_tree()
    tree["metadata"]["creationTimestamp"] = "2026-03-02T12:00:00"
    (bad,) = read(Pod, a_page(tree)).unreadable
    assert bad.name == "web"


@pytest.mark.parametrize("item", [7, "web", [], None, {"metadata": 7}, {"metadata": {"name": 7}}])
def test_an_item_that_is_no_object_is_unreadable_without_a_name(item: Any) -> None:
    listed = read(Pod, a_page(item, a_tree("after")))
    assert [o.metadata.name for o in listed.objects] == ["after"]
    assert [bad.name for bad in listed.unreadable] == [""]


@pytest.mark.parametrize("metadata", [None, {}, {"name": ""}, {"name": None}])
def test_an_object_without_a_name_is_unreadable(metadata: Any) -> None:
    nameless = {"metadata": metadata, "status": {"phase": "Pending"}}

    listed = read(Pod, a_page(nameless, a_tree("after")))

    assert ["after"] == [o.metadata.name for o in listed.objects]
    assert ["it has no name, which every stored object has"] == [b.why for b in listed.unreadable]


def test_why_an_object_is_unreadable_never_repeats_its_values() -> None:
    (bad,) = read(Pod, a_page(a_tree(spec={"nodeName": ["hunter2"]}))).unreadable
    assert "hunter2" not in bad.why


def test_an_object_nested_beyond_reason_is_unreadable() -> None:
    deep = (
        b'{"metadata":{"name":"web"},"status":{"phase":7},"x":' + b"[" * 9000 + b"]" * 9000 + b"}"
    )
    got = decode.one(Pod, deep)
    assert isinstance(got, Unreadable)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html>hunter2</html>", b'{"items":7}'])
def test_an_answer_that_is_no_list_is_refused_without_repeating_it(body: bytes) -> None:
    with pytest.raises(Unanswered, match="list of pods") as raised:
        read(Pod, body)
    assert "hunter2" not in str(raised.value)


def bare(*items: Any) -> bytes:
    return a_page(*items, kind="PartialObjectMetadataList")


def test_secrets_are_read_as_metadata() -> None:
    (secret,) = read(Secret, bare(a_tree("creds"))).objects
    assert secret.metadata.name == "creds"


@pytest.mark.parametrize("kind", ["SecretList", "", "PartialObjectMetadata"])
def test_secrets_in_any_other_form_are_refused(kind: str) -> None:
    body = a_page(a_tree(data={"password": "aHVudGVyMg=="}), kind=kind)
    with pytest.raises(Unanswered, match="metadata of secrets") as raised:
        read(Secret, body)
    assert "aHVudGVyMg" not in str(raised.value)


def test_what_is_not_even_json_is_refused_as_metadata_too() -> None:
    with pytest.raises(Unanswered, match="something unreadable"):
        read(Secret, b"<html>")


def test_pages_to_keep_lose_their_annotations() -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}
    tree = {"metadata": {"name": "creds", "annotations": applied, "managedFields": [{"a": {}}]}}
    kept = decode.without_annotations(bare(tree, {"metadata": None}, None, 7))
    assert b"hunter2" not in kept
    assert json.loads(kept)["items"][0] == {
        "metadata": {"name": "creds", "managedFields": [{"a": {}}]}
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_read_and_shared(kind: type[Object]) -> None:
    form = "PartialObjectMetadataList" if kind.api.metadata_only else f"{kind.api.kind}List"
    (one,) = read(kind, a_page(a_tree(spec={}, status={}), kind=form)).objects
    assert one.ref.name == "web"


def test_optional_fields_are_told_from_empty_ones() -> None:
    unset, empty = read(
        Claim, a_page(a_tree(spec={}), a_tree(spec={"storageClassName": ""}))
    ).objects
    assert (unset.spec.storage_class_name, empty.spec.storage_class_name) == (None, "")


def test_defaults_stand_for_what_was_not_sent() -> None:
    (deployment,) = read(Deployment, a_page(a_tree())).objects
    assert deployment.spec.replicas == 1


@pytest.mark.parametrize("body", [b"", b"oops", b"[]", b'{"message":7}'])
def test_an_error_that_is_no_status_says_nothing(body: bytes) -> None:
    assert decode.error_status(body).message is None

from datetime import timedelta

import pytest

from holdfast.model.kinds import Claim, Pod, Secret
from holdfast.model.objects import Ref
from holdfast.model.snapshot import State
from holdfast.testing.documents import Json
from holdfast.testing.resources import Resource
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import LAST_APPLIED, SimulatedCluster
from holdfast.testing.status import StatusError


def a_config(name: str = "settings", **metadata: object) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"colour": "blue"},
    }


def a_story(seed: int) -> SimulatedCluster:
    cluster = SimulatedCluster(seed=seed)
    cluster.create(a_config("a"))
    generated = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "web-"}}
    cluster.create(generated)
    cluster.patch("configmaps", "a", {"data": {"colour": "red"}}, namespace="default")
    cluster.clock.advance(timedelta(minutes=3))
    cluster.create(a_config("b"))
    cluster.delete("configmaps", "a", namespace="default")
    return cluster


def test_the_same_seed_tells_the_same_story_byte_by_byte() -> None:
    assert a_story(7).dump() == a_story(7).dump()


def test_another_seed_gives_other_uids_and_other_names() -> None:
    one, other = a_story(7), a_story(8)
    assert not set(uids(one)) & set(uids(other))
    assert one.page("configmaps")["items"][1] != other.page("configmaps")["items"][1]


def uids(cluster: SimulatedCluster) -> list[str]:
    items = cluster.page("configmaps", namespace="default")["items"]
    return [item["metadata"]["uid"] for item in items]


def test_no_uid_is_given_twice() -> None:
    cluster = a_shop()
    given = [d["metadata"]["uid"] for _, d in cluster.server.store.everything()]
    assert len(set(given)) == len(given)


def test_a_rehearsal_leaves_no_trace_in_the_state() -> None:
    cluster = SimulatedCluster()
    made = cluster.create(a_config())
    before = cluster.dump()
    cluster.create(a_config("other"), dry_run=True)
    cluster.replace({**made, "data": {}}, dry_run=True)
    cluster.patch("configmaps", "settings", {"data": {"a": "b"}}, dry_run=True)
    cluster.delete("configmaps", "settings", dry_run=True)
    assert before == cluster.dump()


def test_a_rehearsed_birth_does_not_move_the_dice() -> None:
    one, other = SimulatedCluster(), SimulatedCluster()
    one.create(a_config("rehearsed"), dry_run=True)
    assert one.create(a_config()) == other.create(a_config())


def test_what_is_handed_out_is_not_what_is_kept() -> None:
    cluster = SimulatedCluster()
    made = cluster.create(a_config())
    made["data"]["colour"] = "red"
    assert "blue" == cluster.fetch("configmaps", "settings")["data"]["colour"]


def test_what_was_handed_in_is_not_what_is_kept() -> None:
    cluster = SimulatedCluster()
    manifest = a_config()
    cluster.create(manifest)
    manifest["data"]["colour"] = "red"
    assert "blue" == cluster.fetch("configmaps", "settings")["data"]["colour"]


def test_births_are_dated_by_the_frozen_clock() -> None:
    cluster = SimulatedCluster()
    cluster.clock.advance(timedelta(hours=1))
    made = cluster.create(a_config())
    assert "2026-03-02T13:00:00Z" == made["metadata"]["creationTimestamp"]


def test_a_resource_goes_by_any_name_that_kubectl_knows() -> None:
    cluster = a_shop()
    names = ("deployments.apps", "deployments", "deployment", "deploy", "Deployment")
    found = {cluster.fetch(name, "web", namespace="shop")["metadata"]["uid"] for name in names}
    assert 1 == len(found)


def test_preconditions_guard_a_deletion() -> None:
    cluster = SimulatedCluster()
    made = cluster.create(a_config())
    with pytest.raises(StatusError, match="does not match the UID in record"):
        cluster.delete("configmaps", "settings", uid="another")
    metadata = made["metadata"]
    cluster.delete(
        "configmaps",
        "settings",
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
    )
    with pytest.raises(StatusError, match='configmaps "settings" not found'):
        cluster.fetch("configmaps", "settings")


def test_orphans_stay() -> None:
    cluster = SimulatedCluster()
    owner = cluster.create(a_config("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
    owned = [{**reference, "uid": owner["metadata"]["uid"]}]
    cluster.create(a_config("owned", ownerReferences=owned))
    cluster.delete("configmaps", "owner", orphan=True)
    assert "ownerReferences" not in cluster.fetch("configmaps", "owned")["metadata"]


def test_removing_a_workload_takes_its_pods_along() -> None:
    cluster = a_shop()
    cluster.delete("deployments", "web", namespace="shop")
    left = cluster.page("pods", namespace="shop", labelSelector="app=web")["items"]
    assert 3 == len(left)
    assert all("deletionTimestamp" in pod["metadata"] for pod in left)  # their kubelets' turn
    assert [] == cluster.page("replicasets", namespace="shop", labelSelector="app=web")["items"]


def test_applying_creates_what_is_not_there_and_stamps_it() -> None:
    cluster = SimulatedCluster()
    (made,) = cluster.apply_manifest(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: red}\n"
    )
    stamp = made["metadata"]["annotations"][LAST_APPLIED]
    assert stamp.startswith('{"apiVersion":"v1","data":{"colour":"red"}')


def test_applying_changes_what_is_there() -> None:
    cluster = SimulatedCluster()
    cluster.apply_manifest(a_config())
    (changed,) = cluster.apply_manifest({**a_config(), "data": {"colour": "red"}})
    assert {"colour": "red"} == changed["data"]


def test_applying_takes_several_documents_and_lists() -> None:
    cluster = SimulatedCluster()
    listing = {"apiVersion": "v1", "kind": "List", "items": [a_config("a"), a_config("b")]}
    cluster.apply_manifest([listing, a_config("c")])
    assert ["a", "b", "c"] == [
        item["metadata"]["name"]
        for item in cluster.page("configmaps", namespace="default")["items"]
    ]


async def test_another_user_sees_the_same_cluster_with_other_eyes() -> None:
    cluster = SimulatedCluster()
    reader = cluster.as_user("reader")
    assert State.FORBIDDEN is (await reader.list(Pod)).state
    assert State.CAPTURED is (await cluster.list(Pod)).state


async def test_the_driver_is_held_to_the_same_rights() -> None:
    reader = SimulatedCluster().as_user("reader")
    with pytest.raises(StatusError, match="cannot create resource"):
        reader.create(a_config())


async def test_a_kind_that_is_no_longer_served_is_absent() -> None:
    cluster = SimulatedCluster()
    cluster.unserve("persistentvolumeclaims")
    assert State.ABSENT is (await cluster.list(Claim)).state


async def test_a_resource_can_be_registered_without_a_definition() -> None:
    cluster = SimulatedCluster()
    cluster.register(Resource(group="example.com", kind="Widget", plural="widgets"))
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    made = cluster.create(widget)
    assert made == cluster.fetch("widgets", "w")


async def test_every_request_is_audited_with_who_asked_and_what_came_of_it() -> None:
    cluster = SimulatedCluster()
    reader = cluster.as_user("reader")
    cluster.create(a_config(), dry_run=True)
    await reader.list(Pod, "shop")
    rehearsed, refused = cluster.audit[-2:]
    assert ("create", "configmaps", "admin", 201, True) == (
        rehearsed.verb,
        rehearsed.resource,
        rehearsed.user,
        rehearsed.code,
        rehearsed.dry_run,
    )
    assert ("list", "pods", "shop", "reader", 403) == (
        refused.verb,
        refused.resource,
        refused.namespace,
        refused.user,
        refused.code,
    )


async def test_looking_at_a_kind_is_one_request_however_many_objects_there_are() -> None:
    cluster = a_shop()
    before = len(cluster.audit)
    seen = await cluster.list(Pod)
    assert 16 == len(seen.objects)
    assert ["list"] == [each.verb for each in cluster.audit[before:]]


async def test_a_secret_is_seen_as_metadata_alone() -> None:
    cluster = SimulatedCluster()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"p": "YQ=="},
    }
    cluster.apply_manifest(secret)
    (seen,) = (await cluster.list(Secret)).objects
    assert Ref(
        api_version="v1", kind="Secret", namespace="default", name="s", uid=seen.ref.uid
    ) == (seen.ref)
    assert "YQ==" not in repr(seen)


async def test_the_identity_is_the_uid_of_kube_system() -> None:
    cluster = SimulatedCluster()
    home = cluster.fetch("namespaces", "kube-system")
    assert home["metadata"]["uid"] == (await cluster.identity()).uid

"""What a reader sees of a cluster at one moment."""

import asyncio
from datetime import timedelta

import pytest

from holdfast.errors import Unanswered
from holdfast.model.kinds import Claim, Deployment, Namespace, Pod, Secret, StorageClass
from holdfast.model.snapshot import Capture, State
from holdfast.ports import Cluster, Unseen
from tests.contracts.driver import Driver, a_claim, a_deployment, a_gadget, a_pod, a_secret
from tests.contracts.gadgets import gadgets_of, group_of, serve_gadgets
from tests.contracts.ways import Way, a_namespace, eventually


def names(capture: Capture[Claim]) -> list[str]:
    return [each.metadata.name for each in capture.objects]


async def test_lists_what_is_there(reader: Cluster, driver: Driver) -> None:
    made = await driver.create("pods", a_pod())
    seen = await reader.list(Pod, driver.namespace)
    assert [made["metadata"]["uid"]] == [pod.metadata.uid for pod in seen.objects]


async def test_a_kind_of_which_there_is_nothing_is_captured_and_empty(
    reader: Cluster, driver: Driver
) -> None:
    seen = await reader.list(Claim, driver.namespace)
    assert (State.CAPTURED, (), "") == (seen.state, seen.objects, seen.why)


async def test_lists_every_namespace_when_none_is_named(reader: Cluster, driver: Driver) -> None:
    other = f"{driver.namespace}-b"
    await driver.create("namespaces", a_namespace(other))
    await driver.create("persistentvolumeclaims", a_claim())
    await driver.create("persistentvolumeclaims", a_claim(), namespace=other)
    seen = await reader.list(Claim)
    found = {c.metadata.namespace for c in seen.objects}
    assert {driver.namespace, other} <= found
    assert seen.namespaces is None


async def test_lists_one_namespace_alone_when_it_is_named(reader: Cluster, driver: Driver) -> None:
    other = f"{driver.namespace}-b"
    await driver.create("namespaces", a_namespace(other))
    await driver.create("persistentvolumeclaims", a_claim("here"))
    await driver.create("persistentvolumeclaims", a_claim("there"), namespace=other)
    seen = await reader.list(Claim, driver.namespace)
    assert (["here"], (driver.namespace,)) == (names(seen), seen.namespaces)


async def test_a_namespace_that_is_not_there_holds_nothing(reader: Cluster, driver: Driver) -> None:
    seen = await reader.list(Claim, f"{driver.namespace}-missing")
    assert (State.CAPTURED, ()) == (seen.state, seen.objects)


async def test_a_kind_without_namespaces_is_listed_whole_wherever_one_looks(
    reader: Cluster, driver: Driver
) -> None:
    seen = await reader.list(Namespace, driver.namespace)
    found = {n.metadata.name for n in seen.objects}
    assert {"kube-system", driver.namespace} <= found
    assert seen.namespaces is None


async def test_sees_the_fields_that_rules_read(reader: Cluster, driver: Driver) -> None:
    await driver.create(
        "storageclasses",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": driver.namespace},
            "provisioner": "disks.example.com",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
    )
    seen = await reader.list(StorageClass)
    found = next(c for c in seen.objects if c.metadata.name == driver.namespace)
    told = (found.provisioner, found.volume_binding_mode)
    assert ("disks.example.com", "WaitForFirstConsumer") == told


async def test_a_new_claim_is_pending(reader: Cluster, driver: Driver) -> None:
    await driver.create("persistentvolumeclaims", a_claim())
    found = await reader.get(Claim, driver.namespace, "data")
    assert isinstance(found, Claim)
    assert "Pending" == found.status.phase


async def test_sees_the_defaults_that_the_server_fills_in(reader: Cluster, driver: Driver) -> None:
    manifest = a_deployment()
    del manifest["spec"]["replicas"]
    manifest["spec"]["paused"] = True
    await driver.create("deployments", manifest)
    found = await reader.get(Deployment, driver.namespace, "web")
    assert isinstance(found, Deployment)
    assert (1, 600) == (found.spec.replicas, found.spec.progress_deadline_seconds)


async def test_pages_of_two_come_to_the_same_list(way: Way, driver: Driver) -> None:
    for name in ("a", "b", "c", "d", "e"):
        await driver.create("persistentvolumeclaims", a_claim(name))
    reader = await way.reader(page_size=2)
    seen = await reader.list(Claim, driver.namespace)
    assert ["a", "b", "c", "d", "e"] == names(seen)
    assert State.CAPTURED is seen.state


async def test_lists_are_ordered_by_the_bytes_of_names(reader: Cluster, driver: Driver) -> None:
    for name in ("b", "a-b", "a.b", "a", "a0"):
        await driver.create("persistentvolumeclaims", a_claim(name))
    assert ["a", "a-b", "a.b", "a0", "b"] == names(await reader.list(Claim, driver.namespace))


async def test_a_list_says_of_which_version_it_is(reader: Cluster, driver: Driver) -> None:
    before = await reader.list(Claim, driver.namespace)
    await driver.create("persistentvolumeclaims", a_claim())
    after = await reader.list(Claim, driver.namespace)
    assert int(before.resource_version) < int(after.resource_version)


async def test_gets_one_object_with_its_labels(reader: Cluster, driver: Driver) -> None:
    await driver.create("pods", a_pod(labels={"app": "web", "example.com/tier": ""}))
    found = await reader.get(Pod, driver.namespace, "web")
    assert isinstance(found, Pod)
    assert {"app": "web", "example.com/tier": ""} == found.metadata.labels


async def test_sees_owners_by_uid(reader: Cluster, driver: Driver) -> None:
    owner = await driver.create("deployments", a_deployment())
    uid = owner["metadata"]["uid"]
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "uid": uid,
        "controller": True,
    }
    await driver.create("pods", a_pod("owned", ownerReferences=[reference]))
    found = await reader.get(Pod, driver.namespace, "owned")
    assert isinstance(found, Pod)
    assert found.controller is not None
    assert (uid, "Deployment") == (found.controller.uid, found.controller.kind)


async def test_an_object_that_is_not_there_is_absent(reader: Cluster, driver: Driver) -> None:
    found = await reader.get(Pod, driver.namespace, "nothing")
    assert Unseen(state=State.ABSENT, why='pods "nothing" not found') == found


async def test_an_object_in_a_namespace_that_is_not_there_is_absent(
    reader: Cluster, driver: Driver
) -> None:
    found = await reader.get(Deployment, f"{driver.namespace}-missing", "web")
    assert Unseen(state=State.ABSENT, why='deployments.apps "web" not found') == found


async def test_an_object_that_waits_for_its_finalizers_is_seen_going(
    reader: Cluster, driver: Driver
) -> None:
    await driver.create("pods", a_pod(finalizers=["example.com/wait"]))
    await driver.delete("pods", "web")
    found = await reader.get(Pod, driver.namespace, "web")
    await driver.patch("pods", "web", {"metadata": {"finalizers": None}})
    assert isinstance(found, Pod)
    assert found.metadata.deletion_timestamp is not None


async def test_a_kind_that_is_not_served_is_absent(way: Way, reader: Cluster) -> None:
    seen = await reader.list(gadgets_of(way))
    why = f"the API server does not serve gadgets.{group_of(way)}"
    assert (State.ABSENT, why) == (seen.state, seen.why)


async def test_an_object_of_a_kind_that_is_not_served_is_absent(way: Way, reader: Cluster) -> None:
    found = await reader.get(gadgets_of(way), way.namespace, "gizmo")
    assert isinstance(found, Unseen)
    assert State.ABSENT is found.state


async def test_a_kind_that_is_brought_later_is_seen_from_then_on(
    way: Way, reader: Cluster, driver: Driver
) -> None:
    kind = gadgets_of(way)
    before = await reader.list(kind, way.namespace)
    resource = await serve_gadgets(way)
    await driver.create(resource, a_gadget(group_of(way), size=3))
    after = await reader.list(kind, way.namespace)
    assert (State.ABSENT, State.CAPTURED) == (before.state, after.state)
    assert [3] == [gadget.spec.size for gadget in after.objects]


async def test_a_null_field_says_the_same_as_a_missing_one(
    way: Way, reader: Cluster, driver: Driver
) -> None:
    resource = await serve_gadgets(way)
    await driver.create(resource, a_gadget(group_of(way), size=None, tags=["x", None]))
    found = await reader.get(gadgets_of(way), way.namespace, "gizmo")
    assert not isinstance(found, Unseen)
    assert (1, ("x",)) == (found.spec.size, found.spec.tags)


async def test_an_object_that_cannot_be_read_costs_itself_and_no_other(
    way: Way, reader: Cluster, driver: Driver
) -> None:
    resource = await serve_gadgets(way)
    await driver.create(resource, a_gadget(group_of(way), "good", size=2))
    await driver.create(resource, a_gadget(group_of(way), "odd", size="huge"))
    seen = await reader.list(gadgets_of(way), way.namespace)
    assert ["good"] == [gadget.metadata.name for gadget in seen.objects]
    assert [("odd", way.namespace)] == [(u.name, u.namespace) for u in seen.unreadable]
    assert "$.spec.size" in seen.unreadable[0].why


async def test_one_object_that_cannot_be_read_is_no_answer(
    way: Way, reader: Cluster, driver: Driver
) -> None:
    resource = await serve_gadgets(way)
    await driver.create(resource, a_gadget(group_of(way), "odd", size="huge"))
    with pytest.raises(Unanswered, match="Gadget odd"):
        await reader.get(gadgets_of(way), way.namespace, "odd")


async def test_a_cluster_is_known_by_the_uid_of_kube_system(
    reader: Cluster, driver: Driver
) -> None:
    home = await driver.get("namespaces", "kube-system")
    assert home["metadata"]["uid"] == (await reader.identity()).uid


async def test_a_cluster_says_its_version(reader: Cluster) -> None:
    assert (await reader.identity()).version.startswith("v1.36.")


async def test_a_reader_without_the_right_to_see_kube_system_does_not_know_the_cluster(
    way: Way,
) -> None:
    reader = await way.reader(way.somebody)
    assert "" == (await reader.identity()).uid


async def test_time_is_the_time_of_the_clock_that_wrote_the_timestamps(
    reader: Cluster, driver: Driver
) -> None:
    await driver.create("persistentvolumeclaims", a_claim())
    found = await reader.get(Claim, driver.namespace, "data")
    assert isinstance(found, Claim)
    age = await reader.now() - found.born
    assert timedelta(seconds=-2) < age < timedelta(seconds=5)


async def test_a_secret_is_seen_by_its_name_and_labels(reader: Cluster, driver: Driver) -> None:
    await driver.create("secrets", a_secret(labels={"app": "web"}))
    seen = await reader.list(Secret, driver.namespace)
    assert [("credentials", {"app": "web"})] == [
        (s.metadata.name, s.metadata.labels) for s in seen.objects
    ]


async def test_nothing_of_a_secret_leaves_the_reader_not_even_what_was_applied(
    reader: Cluster, driver: Driver
) -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"password":"hunter2-canary"}'}
    await driver.create("secrets", a_secret(annotations=applied))
    listed = await reader.list(Secret, driver.namespace)
    one = await reader.get(Secret, driver.namespace, "credentials")
    assert "credentials" in repr(listed)
    assert "credentials" in repr(one)
    assert "canary" not in repr(listed) + repr(one)


async def test_may_say_yes_to_the_admin(reader: Cluster) -> None:
    assert await reader.may("list", Pod)


async def test_may_say_no_to_somebody(way: Way) -> None:
    reader = await way.reader(way.somebody)
    assert not await reader.may("list", Pod)


async def test_may_tell_one_namespace_from_all(way: Way) -> None:
    await way.grant("pods", "list", kind="Role")
    reader = await way.reader(way.somebody)
    await eventually(lambda: reader.may("list", Pod, way.namespace), bool)
    elsewhere, everywhere = await asyncio.gather(
        reader.may("list", Pod, "default"), reader.may("list", Pod)
    )
    assert (False, False) == (elsewhere, everywhere)


async def test_may_tell_one_verb_from_another(way: Way) -> None:
    await way.grant("pods", "list", kind="Role")
    reader = await way.reader(way.somebody)
    await eventually(lambda: reader.may("list", Pod, way.namespace), bool)
    assert not await reader.may("delete", Pod, way.namespace)


@pytest.mark.parametrize(
    "kind", [Claim, Deployment, Namespace, Pod, StorageClass], ids=lambda kind: kind.__name__
)
async def test_every_kind_that_rules_read_is_served(reader: Cluster, kind: type[Pod]) -> None:
    assert State.CAPTURED is (await reader.list(kind)).state

"""What becomes of a deletion: preconditions, finalizers, what goes along, what waits."""

from datetime import datetime, timedelta

from holdfast.testing.documents import Json
from tests.contracts.driver import Driver, a_config, a_pod, a_policy
from tests.contracts.ways import Way, a_namespace, eventually

WAIT = "example.com/wait"


async def is_there(driver: Driver, name: str = "settings", **more: str) -> bool:
    return (await driver.send("get", "configmaps", name, **more)).code == 200


async def release(driver: Driver, name: str = "settings", **more: str) -> Json:
    return await driver.patch("configmaps", name, {"metadata": {"finalizers": None}}, **more)


def owned_by(owner: Json) -> list[Json]:
    metadata = owner["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": metadata["name"]}
    return [{**reference, "uid": metadata["uid"]}]


async def test_what_is_deleted_is_gone_and_the_answer_says_what_it_was(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    answer = await driver.delete("configmaps", "settings")
    assert (200, "Success") == (answer.code, answer.body["status"])
    uid = made["metadata"]["uid"]
    assert {"name": "settings", "kind": "configmaps", "uid": uid} == answer.body["details"]
    assert not await is_there(driver)


async def test_what_is_not_there_cannot_be_deleted(driver: Driver) -> None:
    answer = await driver.delete("configmaps", "settings")
    assert (404, "NotFound") == (answer.code, answer.body["reason"])
    assert 'configmaps "settings" not found' == answer.body["message"]


async def test_the_wrong_uid_is_a_conflict(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    answer = await driver.delete("configmaps", "settings", preconditions={"uid": "another"})
    assert (409, "Conflict") == (answer.code, answer.body["reason"])
    said = answer.body["message"]
    assert said.startswith("Operation cannot be fulfilled on ")
    assert (
        f"the UID in the precondition (another) does not match the UID in record ({uid_of(made)})"
        in said
    )
    assert await is_there(driver)


def uid_of(document: Json) -> str:
    return str(document["metadata"]["uid"])


async def test_the_wrong_version_is_a_conflict(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    old = made["metadata"]["resourceVersion"]
    changed = await driver.patch("configmaps", "settings", {"data": {"colour": "red"}})
    new = changed["metadata"]["resourceVersion"]
    answer = await driver.delete("configmaps", "settings", preconditions={"resourceVersion": old})
    assert (409, "Conflict") == (answer.code, answer.body["reason"])
    said = answer.body["message"]
    assert f"the ResourceVersion in the precondition ({old}) does not match" in said
    assert f"in record ({new})" in said
    assert await is_there(driver)


async def test_the_right_uid_and_version_are_let_through(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    right = {"uid": uid_of(made), "resourceVersion": made["metadata"]["resourceVersion"]}
    answer = await driver.delete("configmaps", "settings", preconditions=right)
    assert 200 == answer.code
    assert not await is_there(driver)


async def test_an_object_made_anew_is_safe_from_who_meant_the_old_one(driver: Driver) -> None:
    old = await driver.create("configmaps", a_config())
    await driver.delete("configmaps", "settings")
    await driver.create("configmaps", a_config())
    answer = await driver.delete("configmaps", "settings", preconditions={"uid": uid_of(old)})
    assert 409 == answer.code
    assert await is_there(driver)


async def test_a_rehearsed_deletion_deletes_nothing(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    answer = await driver.delete("configmaps", "settings", dryRun=["All"])
    assert 200 == answer.code
    assert await is_there(driver)


async def test_a_rehearsal_asked_for_in_the_query_holds_without_a_body(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    answer = await driver.send("delete", "configmaps", "settings", query={"dryRun": "All"})
    assert 200 == answer.code
    assert await is_there(driver)


async def test_a_rehearsal_asked_for_in_the_query_is_lost_when_there_is_a_body(
    driver: Driver,
) -> None:
    await driver.create("configmaps", a_config())
    body = {"kind": "DeleteOptions", "apiVersion": "v1"}
    await driver.send("delete", "configmaps", "settings", body=body, query={"dryRun": "All"})
    assert not await is_there(driver)


async def test_a_rehearsed_deletion_holds_to_its_preconditions(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    answer = await driver.delete(
        "configmaps", "settings", preconditions={"uid": "another"}, dryRun=["All"]
    )
    assert 409 == answer.code


async def test_finalizers_hold_an_object_that_is_marked_as_going(driver: Driver) -> None:
    await driver.create("configmaps", a_config(finalizers=[WAIT]))
    answer = await driver.delete("configmaps", "settings")
    held = await driver.get("configmaps", "settings")
    await release(driver)
    assert (200, "ConfigMap") == (answer.code, answer.body["kind"])
    assert "deletionTimestamp" in held["metadata"]
    assert 0 == held["metadata"]["deletionGracePeriodSeconds"]


async def test_being_marked_as_going_counts_as_asked_for(driver: Driver) -> None:
    await driver.create("networkpolicies", a_policy(finalizers=[WAIT]))
    await driver.delete("networkpolicies", "walls")
    held = await driver.get("networkpolicies", "walls")
    await driver.patch("networkpolicies", "walls", {"metadata": {"finalizers": None}})
    assert 2 == held["metadata"]["generation"]


async def test_the_last_finalizer_lets_go(driver: Driver) -> None:
    await driver.create("configmaps", a_config(finalizers=[WAIT, "example.com/other"]))
    await driver.delete("configmaps", "settings")
    await driver.patch("configmaps", "settings", {"metadata": {"finalizers": [WAIT]}})
    held = await is_there(driver)
    await release(driver)
    assert (True, False) == (held, await is_there(driver))


async def test_a_second_deletion_changes_nothing(driver: Driver) -> None:
    await driver.create("configmaps", a_config(finalizers=[WAIT]))
    await driver.delete("configmaps", "settings")
    first = await driver.get("configmaps", "settings")
    await driver.delete("configmaps", "settings")
    second = await driver.get("configmaps", "settings")
    await release(driver)
    assert first == second


async def test_what_is_going_takes_no_new_finalizer(driver: Driver) -> None:
    await driver.create("configmaps", a_config(finalizers=[WAIT]))
    await driver.delete("configmaps", "settings")
    late = {"metadata": {"finalizers": [WAIT, "example.com/late"]}}
    answer = await driver.send("patch", "configmaps", "settings", body=late)
    await release(driver)
    assert (422, "Invalid") == (answer.code, answer.body["reason"])
    said = (
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being "
        'deleted, found new finalizers []string{"example.com/late"}'
    )
    assert said in answer.body["message"]


async def test_what_is_going_cannot_be_kept(driver: Driver) -> None:
    await driver.create("configmaps", a_config(finalizers=[WAIT]))
    await driver.delete("configmaps", "settings")
    await driver.patch("configmaps", "settings", {"metadata": {"deletionTimestamp": None}})
    held = await driver.get("configmaps", "settings")
    await release(driver)
    assert "deletionTimestamp" in held["metadata"]


async def test_a_pod_that_no_node_has_goes_at_once(driver: Driver) -> None:
    await driver.create("pods", a_pod())
    await driver.delete("pods", "web")
    assert 404 == (await driver.send("get", "pods", "web")).code


async def test_a_pod_on_a_node_is_given_time(driver: Driver) -> None:
    await driver.create("pods", a_pod(node="nowhere"))
    answer = await driver.delete("pods", "web")
    metadata = answer.body["metadata"]
    assert 30 == metadata["deletionGracePeriodSeconds"]
    going = datetime.fromisoformat(metadata["deletionTimestamp"])
    born = datetime.fromisoformat(metadata["creationTimestamp"])
    assert timedelta(seconds=29) < going - born < timedelta(seconds=40)


async def test_a_pod_on_a_node_goes_at_once_when_told_so(driver: Driver) -> None:
    await driver.create("pods", a_pod(node="nowhere"))
    await driver.delete("pods", "web", gracePeriodSeconds=0)
    assert 404 == (await driver.send("get", "pods", "web")).code


async def test_what_an_object_owned_goes_with_it(driver: Driver) -> None:
    owner = await driver.create("configmaps", a_config("owner"))
    await driver.create("configmaps", a_config("owned", ownerReferences=owned_by(owner)))
    await driver.delete("configmaps", "owner", propagationPolicy="Background")
    await eventually(lambda: is_there(driver, "owned"), lambda there: not there)


async def test_what_an_object_owned_stays_when_it_is_orphaned(driver: Driver) -> None:
    owner = await driver.create("configmaps", a_config("owner"))
    await driver.create("configmaps", a_config("owned", ownerReferences=owned_by(owner)))
    await driver.delete("configmaps", "owner", propagationPolicy="Orphan")
    await eventually(lambda: is_there(driver, "owner"), lambda there: not there)
    orphan = await driver.get("configmaps", "owned")
    assert "ownerReferences" not in orphan["metadata"]


async def test_what_has_another_owner_stays(driver: Driver) -> None:
    one = await driver.create("configmaps", a_config("one"))
    other = await driver.create("configmaps", a_config("other"))
    owners = [*owned_by(one), *owned_by(other)]
    await driver.create("configmaps", a_config("owned", ownerReferences=owners))
    await driver.delete("configmaps", "one", propagationPolicy="Background")

    async def left() -> list[str]:
        owned = await driver.get("configmaps", "owned")
        return [o["name"] for o in owned["metadata"]["ownerReferences"]]

    await eventually(left, lambda names: names == ["other"])


async def test_a_namespace_goes_with_all_that_is_in_it(driver: Driver) -> None:
    there = f"{driver.namespace}-b"
    await driver.create("namespaces", a_namespace(there))
    await driver.create("configmaps", a_config(), namespace=there)
    await driver.delete("namespaces", there)
    await eventually(
        lambda: driver.send("get", "namespaces", there), lambda answer: answer.code == 404
    )
    assert not await is_there(driver, namespace=there)


async def test_a_namespace_waits_for_the_finalizers_of_what_is_in_it(driver: Driver) -> None:
    there = f"{driver.namespace}-b"
    await driver.create("namespaces", a_namespace(there))
    await driver.create("configmaps", a_config(finalizers=[WAIT]), namespace=there)
    await driver.delete("namespaces", there)

    await eventually(
        lambda: driver.get("configmaps", "settings", namespace=there),
        lambda held: "deletionTimestamp" in held["metadata"],
    )
    waiting = await driver.get("namespaces", there)
    await release(driver, namespace=there)
    await eventually(
        lambda: driver.send("get", "namespaces", there), lambda answer: answer.code == 404
    )
    assert "Terminating" == waiting["status"]["phase"]


async def test_nothing_is_born_in_a_namespace_that_is_going(driver: Driver) -> None:
    there = f"{driver.namespace}-b"
    await driver.create("namespaces", a_namespace(there))
    await driver.create("configmaps", a_config(finalizers=[WAIT]), namespace=there)
    await driver.delete("namespaces", there)
    answer = await driver.send("create", "configmaps", body=a_config("late"), namespace=there)
    await release(driver, namespace=there)
    assert (403, "Forbidden") == (answer.code, answer.body["reason"])
    said = (
        f'configmaps "late" is forbidden: unable to create new content in namespace {there} '
        "because it is being terminated"
    )
    assert said == answer.body["message"]


async def test_a_collection_can_be_deleted_by_its_labels(driver: Driver) -> None:
    for name, colour in (("a", "red"), ("b", "blue"), ("c", "red")):
        await driver.create("configmaps", a_config(name, labels={"colour": colour}))
    query = {"labelSelector": "colour=red"}
    answer = await driver.send("deletecollection", "configmaps", query=query)
    assert 200 == answer.code
    assert ["b"] == await driver.names("configmaps", labelSelector="colour")


async def test_a_right_to_change_is_none_to_delete(way: Way) -> None:
    await way.driver.create("configmaps", a_config())
    await way.grant("configmaps", "get update patch", kind="Role")
    somebody = way.as_user(way.somebody)
    await eventually(
        lambda: somebody.send("get", "configmaps", "settings"), lambda answer: answer.code == 200
    )
    answer = await somebody.delete("configmaps", "settings")
    assert 403 == answer.code

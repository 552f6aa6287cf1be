"""What becomes of a write: births, changes, and the preconditions that guard them."""

import re

import pytest

from tests.contracts.driver import (
    Driver,
    a_config,
    a_deployment,
    a_gadget,
    a_pod,
    a_policy,
)
from tests.contracts.gadgets import group_of, serve_gadgets
from tests.contracts.ways import Way, a_namespace

MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


async def test_an_object_is_born_with_uid_version_and_time(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    metadata = made["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["uid"])
    assert int(metadata["resourceVersion"]) > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["creationTimestamp"])
    assert driver.namespace == metadata["namespace"]


async def test_a_birth_cannot_choose_its_uid_or_time(driver: Driver) -> None:
    manifest = a_config(uid="chosen", creationTimestamp="2001-01-01T00:00:00Z")
    made = await driver.create("configmaps", manifest)
    assert "chosen" != made["metadata"]["uid"]
    assert not made["metadata"]["creationTimestamp"].startswith("2001")


async def test_a_kind_that_counts_generations_begins_at_one(driver: Driver) -> None:
    made = await driver.create("networkpolicies", a_policy(generation=9))
    assert 1 == made["metadata"]["generation"]


async def test_a_kind_that_counts_none_keeps_what_it_was_born_with(driver: Driver) -> None:
    await driver.create("configmaps", a_config(generation=9))
    patch = {"metadata": {"generation": 10}, "data": {"colour": "red"}}
    changed = await driver.patch("configmaps", "settings", patch)
    assert 9 == changed["metadata"]["generation"]


async def test_a_name_that_is_taken_is_refused(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    answer = await driver.send("create", "configmaps", body=a_config())
    assert (409, "AlreadyExists") == (answer.code, answer.body["reason"])
    assert 'configmaps "settings" already exists' == answer.body["message"]
    assert {"name": "settings", "kind": "configmaps"} == answer.body["details"]


async def test_nothing_is_born_in_a_namespace_that_is_not_there(driver: Driver) -> None:
    missing = f"{driver.namespace}-missing"
    answer = await driver.send("create", "configmaps", body=a_config(), namespace=missing)
    assert (404, "NotFound") == (answer.code, answer.body["reason"])
    assert f'namespaces "{missing}" not found' == answer.body["message"]


async def test_an_object_cannot_name_another_namespace_than_its_path(driver: Driver) -> None:
    answer = await driver.send("create", "configmaps", body=a_config(namespace="elsewhere"))
    assert (400, "BadRequest") == (answer.code, answer.body["reason"])
    assert answer.body["message"].startswith("the namespace of the provided object does not match")


async def test_an_object_of_another_kind_than_its_path_is_refused(driver: Driver) -> None:
    answer = await driver.send("create", "configmaps", body=a_policy())
    assert (400, "BadRequest") == (answer.code, answer.body["reason"])


async def test_an_object_cannot_be_born_with_a_version(driver: Driver) -> None:
    answer = await driver.send("create", "configmaps", body=a_config(resourceVersion="7"))
    assert "resourceVersion should not be set on objects to be created" in answer.body["message"]
    assert answer.code >= 400


@pytest.mark.parametrize("name", ["Capitals", "under_score", "-dash", "dash-", "ümlaut", "a..b"])
async def test_a_name_outside_dns_1123_is_refused(driver: Driver, name: str) -> None:
    answer = await driver.send("create", "configmaps", body=a_config(name))
    assert (422, "Invalid") == (answer.code, answer.body["reason"])
    said = f'ConfigMap "{name}" is invalid: metadata.name: Invalid value: "{name}": a lowercase'
    assert answer.body["message"].startswith(said)
    cause = answer.body["details"]["causes"][0]
    assert ("metadata.name", "FieldValueInvalid") == (cause["field"], cause["reason"])


async def test_a_name_may_be_253_characters_long(driver: Driver) -> None:
    longest = "a" * 253
    made = await driver.create("configmaps", a_config(longest))
    assert longest == made["metadata"]["name"]


async def test_a_name_of_254_characters_is_refused(driver: Driver) -> None:
    answer = await driver.send("create", "configmaps", body=a_config("a" * 254))
    assert 422 == answer.code
    assert "must be no more than 253 " in answer.body["message"]


async def test_a_namespace_may_not_have_dots(driver: Driver) -> None:
    answer = await driver.send("create", "namespaces", body=a_namespace("a.b"))
    assert (422, "Invalid") == (answer.code, answer.body["reason"])


async def test_a_namespace_of_64_characters_is_refused(driver: Driver) -> None:
    answer = await driver.send("create", "namespaces", body=a_namespace("a" * 64))
    assert 422 == answer.code
    assert "must be no more than 63 " in answer.body["message"]


async def test_a_role_may_be_named_as_no_other_object(driver: Driver) -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "team:Web_1"},
        "rules": [],
    }
    made = await driver.create("roles", role)
    assert "team:Web_1" == made["metadata"]["name"]


async def test_a_name_is_generated_from_its_beginning(driver: Driver) -> None:
    manifest = a_config()
    manifest["metadata"] = {"generateName": "web-"}
    one = await driver.create("configmaps", manifest)
    other = await driver.create("configmaps", manifest)
    names = {one["metadata"]["name"], other["metadata"]["name"]}
    assert 2 == len(names)
    assert all(re.fullmatch(f"web-[{LETTERS}]{{5}}", name) for name in names)
    assert "web-" == one["metadata"]["generateName"]


async def test_the_beginning_of_a_generated_name_is_cut_to_fit(driver: Driver) -> None:
    manifest = a_config()
    manifest["metadata"] = {"generateName": "a" * 80}
    made = await driver.create("configmaps", manifest)
    assert re.fullmatch(f"a+[{LETTERS}]{{5}}", made["metadata"]["name"])
    assert 63 == len(made["metadata"]["name"])


async def test_an_object_without_any_name_is_refused(driver: Driver) -> None:
    manifest = a_config()
    manifest["metadata"] = {}
    answer = await driver.send("create", "configmaps", body=manifest)
    assert (422, "Invalid") == (answer.code, answer.body["reason"])
    assert "name or generateName is required" in answer.body["message"]


@pytest.mark.parametrize("value", ["ünïcode", "with space", "a" * 64, "-"])
async def test_a_label_outside_its_alphabet_is_refused(driver: Driver, value: str) -> None:
    answer = await driver.send("create", "configmaps", body=a_config(labels={"a": value}))
    assert (422, "Invalid") == (answer.code, answer.body["reason"])
    said = f'ConfigMap "settings" is invalid: metadata.labels: Invalid value: "{value}": '
    assert answer.body["message"].startswith(said)


@pytest.mark.parametrize("key", ["ünïcode", "a/b/c", "a" * 64, "Team/x"])
async def test_a_label_key_outside_its_alphabet_is_refused(driver: Driver, key: str) -> None:
    answer = await driver.send("create", "configmaps", body=a_config(labels={key: "x"}))
    assert (422, "Invalid") == (answer.code, answer.body["reason"])


async def test_annotations_and_data_may_hold_any_text(driver: Driver) -> None:
    text = "ünïcode 日本 \u202e \x1b[31m \n"
    manifest = a_config(annotations={"example.com/Note": text})
    manifest["data"] = {"text": text}
    await driver.create("configmaps", manifest)
    seen = await driver.get("configmaps", "settings")
    assert (text, text) == (
        seen["metadata"]["annotations"]["example.com/Note"],
        seen["data"]["text"],
    )


async def test_an_event_is_an_object_as_any_other(driver: Driver) -> None:
    about = {"kind": "Pod", "namespace": driver.namespace, "name": "web", "uid": "u-1"}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web.1"},
        "involvedObject": about,
        "reason": "BackOff",
        "message": "Back-off pulling image",
        "type": "Warning",
        "count": 3,
        "firstTimestamp": "2026-03-02T11:00:00Z",
        "lastTimestamp": "2026-03-02T12:00:00Z",
        "source": {"component": "kubelet", "host": "node-1"},
    }
    await driver.create("events", event)
    (seen,) = (await driver.listing("events", fieldSelector="involvedObject.uid=u-1"))["items"]
    assert {k: event[k] for k in ("reason", "message", "count", "source")} == {
        k: seen[k] for k in ("reason", "message", "count", "source")
    }


async def test_an_event_about_another_namespace_is_refused(driver: Driver) -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web.1"},
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web"},
    }
    answer = await driver.send("create", "events", body=event)
    assert (422, "Invalid") == (answer.code, answer.body["reason"])
    assert "involvedObject.namespace" in answer.body["message"]


async def test_a_change_moves_the_version_and_nothing_else_of_the_metadata(
    driver: Driver,
) -> None:
    made = await driver.create("configmaps", a_config())
    changed = await driver.done("update", "configmaps", "settings", body={**made, "data": {}})
    before, after = made["metadata"], changed["metadata"]
    assert int(before["resourceVersion"]) < int(after["resourceVersion"])
    kept = ("name", "namespace", "uid", "creationTimestamp")
    assert [before[k] for k in kept] == [after[k] for k in kept]


async def test_a_change_from_an_old_version_is_a_conflict(driver: Driver) -> None:
    old = await driver.create("configmaps", a_config())
    await driver.patch("configmaps", "settings", {"data": {"colour": "red"}})
    answer = await driver.send("update", "configmaps", "settings", body=old)
    assert (409, "Conflict") == (answer.code, answer.body["reason"])
    said = f'Operation cannot be fulfilled on configmaps "settings": {MODIFIED}'
    assert said == answer.body["message"]
    assert {"name": "settings", "kind": "configmaps"} == answer.body["details"]


async def test_a_conflict_names_the_group(driver: Driver) -> None:
    old = await driver.create("networkpolicies", a_policy())
    await driver.patch("networkpolicies", "walls", {"metadata": {"labels": {"a": "b"}}})
    answer = await driver.send("update", "networkpolicies", "walls", body=old)
    said = f'Operation cannot be fulfilled on networkpolicies.networking.k8s.io "walls": {MODIFIED}'
    assert said == answer.body["message"]


async def test_a_change_that_names_no_version_is_taken(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    changed = a_config()
    changed["data"] = {"colour": "red"}
    seen = await driver.done("update", "configmaps", "settings", body=changed)
    assert {"colour": "red"} == seen["data"]


async def test_a_change_of_a_custom_object_must_name_the_version(way: Way, driver: Driver) -> None:
    resource = await serve_gadgets(way)
    await driver.create(resource, a_gadget(group_of(way)))
    body = a_gadget(group_of(way), size=2)
    answer = await driver.send("update", resource, "gizmo", body=body)
    assert (422, "Invalid") == (answer.code, answer.body["reason"])
    assert "metadata.resourceVersion" in answer.body["message"]
    assert "must be specified for an update" in answer.body["message"]


async def test_a_change_of_another_uid_is_a_conflict(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    other = {**made, "metadata": {"name": "settings", "uid": "another"}}
    answer = await driver.send("update", "configmaps", "settings", body=other)
    assert (409, "Conflict") == (answer.code, answer.body["reason"])
    assert "Precondition failed: UID in precondition: another" in answer.body["message"]


async def test_what_is_not_there_cannot_be_changed(driver: Driver) -> None:
    answer = await driver.send("update", "configmaps", "settings", body=a_config())
    assert (404, "NotFound") == (answer.code, answer.body["reason"])
    assert 'configmaps "settings" not found' == answer.body["message"]


async def test_a_change_cannot_rename(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    answer = await driver.send("update", "configmaps", "settings", body=a_config("other"))
    assert (400, "BadRequest") == (answer.code, answer.body["reason"])
    said = "the name of the object (other) does not match the name on the URL (settings)"
    assert said == answer.body["message"]


async def test_a_change_that_changes_nothing_keeps_the_version(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    again = await driver.done("update", "configmaps", "settings", body=made)
    assert made["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"]


async def test_a_patch_merges_and_null_removes(driver: Driver) -> None:
    await driver.create("configmaps", a_config(labels={"a": "1", "b": "2"}))
    patch = {"metadata": {"labels": {"a": None, "c": "3"}}, "data": {"size": "7"}}
    seen = await driver.patch("configmaps", "settings", patch)
    assert {"b": "2", "c": "3"} == seen["metadata"]["labels"]
    assert {"colour": "blue", "size": "7"} == seen["data"]


async def test_a_patch_replaces_lists_whole(driver: Driver) -> None:
    await driver.create("configmaps", a_config(finalizers=["a.io/x", "a.io/y"]))
    seen = await driver.patch("configmaps", "settings", {"metadata": {"finalizers": ["a.io/z"]}})
    await driver.patch("configmaps", "settings", {"metadata": {"finalizers": None}})
    assert ["a.io/z"] == seen["metadata"]["finalizers"]


async def test_a_patch_that_names_an_old_version_is_a_conflict(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    await driver.patch("configmaps", "settings", {"data": {"colour": "red"}})
    old = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}}
    answer = await driver.send("patch", "configmaps", "settings", body={**old, "data": {"x": "y"}})
    assert (409, "Conflict") == (answer.code, answer.body["reason"])
    assert answer.body["message"].endswith(MODIFIED)


async def test_what_is_not_there_cannot_be_patched(driver: Driver) -> None:
    answer = await driver.send("patch", "configmaps", "settings", body={"data": {}})
    assert 404 == answer.code


async def test_a_patch_of_a_form_that_nobody_knows_is_refused(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    answer = await driver.send(
        "patch", "configmaps", "settings", body={"data": {}}, patch="application/json"
    )
    assert (415, "UnsupportedMediaType") == (answer.code, answer.body["reason"])


async def test_a_strategic_patch_without_lists_merges_too(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    form = "application/strategic-merge-patch+json"
    seen = await driver.done(
        "patch", "configmaps", "settings", body={"data": {"colour": None, "a": "b"}}, patch=form
    )
    assert {"a": "b"} == seen["data"]


async def test_custom_objects_take_no_strategic_patch(way: Way, driver: Driver) -> None:
    resource = await serve_gadgets(way)
    await driver.create(resource, a_gadget(group_of(way)))
    form = "application/strategic-merge-patch+json"
    answer = await driver.send("patch", resource, "gizmo", body={"spec": {}}, patch=form)
    assert (415, "UnsupportedMediaType") == (answer.code, answer.body["reason"])


async def test_generation_counts_what_was_asked_for(driver: Driver) -> None:
    made = await driver.create("networkpolicies", a_policy())
    patch = {"spec": {"podSelector": {"matchLabels": {"app": "web"}}}}
    changed = await driver.patch("networkpolicies", "walls", patch)
    assert (1, 2) == (made["metadata"]["generation"], changed["metadata"]["generation"])


async def test_generation_does_not_count_labels(driver: Driver) -> None:
    await driver.create("networkpolicies", a_policy())
    changed = await driver.patch("networkpolicies", "walls", {"metadata": {"labels": {"a": "b"}}})
    assert 1 == changed["metadata"]["generation"]


async def test_generation_counts_the_annotations_of_deployments(driver: Driver) -> None:
    manifest = a_deployment()
    manifest["spec"]["paused"] = True
    await driver.create("deployments", manifest)
    patch = {"metadata": {"annotations": {"example.com/a": "b"}}}
    changed = await driver.patch("deployments", "web", patch)
    assert 2 == changed["metadata"]["generation"]


async def test_generation_of_a_custom_object_counts_its_spec_and_not_its_status(
    way: Way, driver: Driver
) -> None:
    resource = await serve_gadgets(way)
    await driver.create(resource, a_gadget(group_of(way)))
    status = {"status": {"phase": "Ready"}}
    told = await driver.patch(resource, "gizmo", status, subresource="status")
    changed = await driver.patch(resource, "gizmo", {"spec": {"size": 2}})
    assert (1, 2) == (told["metadata"]["generation"], changed["metadata"]["generation"])


async def test_a_config_map_has_no_generation(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    assert "generation" not in made["metadata"]


async def test_a_status_write_leaves_the_spec_alone(driver: Driver) -> None:
    made = await driver.create("pods", a_pod())
    patch = {"spec": {"priority": 7}, "status": {"phase": "Running"}}
    told = await driver.patch("pods", "web", patch, subresource="status")
    assert made["spec"] == told["spec"]
    assert "Running" == told["status"]["phase"]


async def test_a_plain_write_leaves_the_status_alone(driver: Driver) -> None:
    await driver.create("pods", a_pod())
    patch = {"metadata": {"labels": {"a": "b"}}, "status": {"phase": "Running"}}
    changed = await driver.patch("pods", "web", patch)
    assert {"a": "b"} == changed["metadata"]["labels"]
    assert "Pending" == changed["status"]["phase"]


async def test_nothing_is_born_with_a_status_of_its_own_choice(driver: Driver) -> None:
    made = await driver.create("pods", {**a_pod(), "status": {"phase": "Succeeded"}})
    assert "Pending" == made["status"]["phase"]


async def test_without_a_status_subresource_status_is_written_like_the_rest(
    way: Way, driver: Driver
) -> None:
    resource = await serve_gadgets(way, status=False)
    manifest = {**a_gadget(group_of(way)), "status": {"phase": "Ready"}}
    made = await driver.create(resource, manifest)
    refused = await driver.send("patch", resource, "gizmo", subresource="status", body={})
    assert ({"phase": "Ready"}, 404) == (made["status"], refused.code)


async def test_a_rehearsed_birth_leaves_nothing_behind(driver: Driver) -> None:
    rehearsed = await driver.create("configmaps", a_config(), query={"dryRun": "All"})
    assert rehearsed["metadata"]["uid"]
    assert {"colour": "blue"} == rehearsed["data"]
    answer = await driver.send("get", "configmaps", "settings")
    assert 404 == answer.code


async def test_a_rehearsed_birth_is_refused_as_the_real_one_would_be(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    answer = await driver.send("create", "configmaps", body=a_config(), query={"dryRun": "All"})
    assert (409, "AlreadyExists") == (answer.code, answer.body["reason"])


async def test_a_rehearsed_patch_shows_what_would_be_and_changes_nothing(
    driver: Driver,
) -> None:
    made = await driver.create("networkpolicies", a_policy())
    patch = {"spec": {"podSelector": {"matchLabels": {"app": "web"}}}}
    shown = await driver.patch("networkpolicies", "walls", patch, query={"dryRun": "All"})
    kept = await driver.get("networkpolicies", "walls")
    assert {"matchLabels": {"app": "web"}} == shown["spec"]["podSelector"]
    assert 2 == shown["metadata"]["generation"]
    assert made == kept


async def test_a_rehearsed_replacement_changes_nothing(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    body = {**made, "data": {"colour": "red"}}
    shown = await driver.done(
        "update", "configmaps", "settings", body=body, query={"dryRun": "All"}
    )
    kept = await driver.get("configmaps", "settings")
    assert ("red", "blue") == (shown["data"]["colour"], kept["data"]["colour"])


async def test_a_rehearsal_of_another_kind_than_all_is_refused(driver: Driver) -> None:
    answer = await driver.send("create", "configmaps", body=a_config(), query={"dryRun": "some"})
    assert answer.code in (400, 422)
    assert "dryRun" in answer.body["message"]
    assert [] == await driver.names("configmaps", fieldSelector="metadata.name=settings")


async def test_rights_are_asked_for_in_a_rehearsal_too(way: Way) -> None:
    answer = await way.as_user(way.somebody).send(
        "create", "configmaps", body=a_config(), query={"dryRun": "All"}
    )
    assert (403, "Forbidden") == (answer.code, answer.body["reason"])

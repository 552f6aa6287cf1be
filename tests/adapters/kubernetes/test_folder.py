"""A folder of any of the three forms, and every way in which one can be broken."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.kubernetes.folder import read
from holdfast.errors import BadSnapshot
from holdfast.model.kinds import Claim, Deployment, Pod, Secret
from holdfast.model.snapshot import State

NOW = "2026-01-01T12:00:00Z"
MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_pod(name: str = "web", namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}"},
        **more,
    }


def a_list(*items: Any, kind: str = "List", api_version: str = "v1") -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {}, "items": list(items)}


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def ours(folder: Path, kinds: Mapping[str, Any], files: Mapping[str, Any]) -> Path:
    manifest = {
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "Snapshot",
        "now": NOW,
        "server": "v1.36.3",
        "kinds": kinds,
    }
    return write(folder, {"manifest.json": manifest, **files})


def pods_entry(**more: Any) -> dict[str, Any]:
    return {"state": "captured", "apiVersion": "v1", "kind": "Pod", "file": "pods.json", **more}


def test_our_own_form_says_when_it_was_taken_and_of_what(tmp_path: Path) -> None:
    folder = ours(tmp_path, {"pods": pods_entry(count=1)}, {"pods.json": a_list(a_pod())})

    snapshot = read(folder, [Pod, Claim])

    assert snapshot.now == MOMENT
    assert snapshot.cluster.version == "v1.36.3"
    assert [pod.metadata.name for pod in snapshot.all(Pod)] == ["web"]
    assert snapshot.capture(Claim).state is State.NOT_CAPTURED


@pytest.mark.parametrize("state", ["forbidden", "absent", "not_captured"])
def test_what_was_not_captured_stays_so(tmp_path: Path, state: str) -> None:
    entry = {"state": state, "apiVersion": "v1", "kind": "Pod", "why": "no right"}

    capture = read(ours(tmp_path, {"pods": entry}, {}), [Pod]).capture(Pod)

    assert (capture.state.value, capture.why) == (state, "no right")


def test_a_list_that_broke_off_is_partial_and_its_objects_count(tmp_path: Path) -> None:
    entry = pods_entry(state="partial", why="the connection was cut")

    capture = read(ours(tmp_path, {"pods": entry}, {"pods.json": a_list(a_pod())}), [Pod]).capture(
        Pod
    )

    assert capture.state is State.PARTIAL
    assert len(capture.objects) == 1


def test_the_namespaces_that_were_asked_for_are_kept(tmp_path: Path) -> None:
    entry = pods_entry(namespaces=["shop"])

    snapshot = read(ours(tmp_path, {"pods": entry}, {"pods.json": a_list(a_pod())}), [Pod])

    assert snapshot.blind([Pod], namespace="bank") != ()


def test_other_files_of_our_own_form_are_ignored(tmp_path: Path) -> None:
    files = {"pods.json": a_list(a_pod()), "notes.json": "{ no json", "logs/shop/web/web.log": "x"}

    assert len(read(ours(tmp_path, {"pods": pods_entry()}, files), [Pod]).all(Pod)) == 1


def test_lists_as_kubectl_prints_them_are_sorted_by_kind(tmp_path: Path) -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    write(tmp_path, {"all.json": a_list(a_pod(), deployment), "more.json": a_list(a_pod("two"))})

    snapshot = read(tmp_path, [Pod, Deployment, Claim])

    assert [pod.metadata.name for pod in snapshot.all(Pod)] == ["web", "two"]
    assert len(snapshot.all(Deployment)) == 1
    assert snapshot.capture(Claim).state is State.NOT_CAPTURED


def test_plain_lists_were_taken_when_their_files_were_written(tmp_path: Path) -> None:
    write(tmp_path, {"pods.json": a_list(a_pod())})
    os.utime(tmp_path / "pods.json", (MOMENT.timestamp(), MOMENT.timestamp()))

    assert read(tmp_path, [Pod]).now == MOMENT


def test_somebody_who_knows_better_says_when(tmp_path: Path) -> None:
    write(tmp_path, {"pods.json": a_list(a_pod())})

    assert read(tmp_path, [Pod], at=MOMENT).now == MOMENT


def test_an_empty_list_is_known_by_its_files_name(tmp_path: Path) -> None:
    write(tmp_path, {"pods.json": a_list(), "deployments.apps.json": a_list()})

    snapshot = read(tmp_path, [Pod, Deployment])

    assert snapshot.sees(Pod)
    assert snapshot.sees(Deployment)


def test_a_cluster_info_dump_covers_the_namespaces_that_it_has_folders_of(tmp_path: Path) -> None:
    bare = {key: value for key, value in a_pod().items() if key == "metadata"}
    write(
        tmp_path,
        {
            "nodes.json": a_list(kind="NodeList"),
            "shop/pods.json": a_list(bare, kind="PodList"),
            "shop/web/logs.txt": "hello",
            "bank/pods.json": a_list(kind="PodList"),
        },
    )

    capture = read(tmp_path, [Pod]).capture(Pod)

    assert capture.namespaces == ("bank", "shop")
    assert [pod.metadata.name for pod in capture.objects] == ["web"]


def test_a_single_object_is_no_list_of_its_kind(tmp_path: Path) -> None:
    write(tmp_path, {"web.json": a_pod()})

    capture = read(tmp_path, [Pod]).capture(Pod)

    assert capture.state is State.PARTIAL
    assert len(capture.objects) == 1


def test_an_object_that_cannot_be_read_is_named_and_the_others_are_there(tmp_path: Path) -> None:
    write(tmp_path, {"pods.json": a_list(a_pod(status={"phase": 3}), a_pod("two", status=None))})

    capture = read(tmp_path, [Pod]).capture(Pod)

    assert [u.name for u in capture.unreadable] == ["web"]
    assert [pod.metadata.name for pod in capture.objects] == ["two"]


def test_the_data_of_secrets_in_a_dump_is_not_read(tmp_path: Path) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/x": "canary"}},
        "data": {"password": "canary"},
    }
    write(tmp_path, {"secrets.json": a_list(secret)})

    assert "canary" not in repr(read(tmp_path, [Secret]).all(Secret))


BROKEN: dict[str, tuple[Mapping[str, Any], str]] = {
    "empty": ({}, "no list of objects"),
    "no list in it": ({"notes.txt": "hello", "package.json": {"name": "x"}}, "no list of objects"),
    "JSON of another sort": ({"array.json": [1, 2]}, "no list of objects"),
    "cut short": ({"pods.json": json.dumps(a_list(a_pod()))[:-9]}, "cut short"),
    "no JSON": ({"pods.json": "apiVersion: v1"}, "no JSON"),
    "manifest of another kind": (
        {"manifest.json": {"apiVersion": "holdfast.dev/v1alpha1", "kind": "Backup"}},
        "of kind Backup",
    ),
    "manifest of another version": (
        {"manifest.json": {"apiVersion": "holdfast.dev/v9", "kind": "Snapshot", "now": NOW}},
        "and not a Snapshot of holdfast.dev/v1alpha1",
    ),
    "manifest cut short": ({"manifest.json": '{"kind": "Snap'}, "cannot be read"),
    "manifest without a time": (
        {"manifest.json": {"apiVersion": "holdfast.dev/v1alpha1", "kind": "Snapshot"}},
        "`now`",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_folder_says_what_is_wrong_with_it(tmp_path: Path, name: str) -> None:
    files, wrong = BROKEN[name]

    with pytest.raises(BadSnapshot) as refused:
        read(write(tmp_path, files), [Pod])

    assert wrong in refused.value.wrong
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("entry", "files", "wrong"),
    [
        (pods_entry(count=2), {"pods.json": a_list(a_pod())}, "holds 1 of 2 pods"),
        (pods_entry(), {}, "pods.json is missing"),
        (pods_entry(), {"pods.json": '{"items": ['}, "cut short"),
        (pods_entry(file="../pods.json"), {}, "lies outside"),
        (pods_entry(file=None), {}, "names no file"),
        (pods_entry(state="seen"), {}, "cannot be read"),
    ],
)
def test_a_manifest_that_the_files_do_not_bear_out_is_refused(
    tmp_path: Path, entry: Any, files: Mapping[str, Any], wrong: str
) -> None:
    with pytest.raises(BadSnapshot, match=wrong):
        read(ours(tmp_path, {"pods": entry}, files), [Pod])


def test_a_folder_that_is_not_there_or_is_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"file": "x"})

    with pytest.raises(BadSnapshot, match="does not exist"):
        read(tmp_path / "nowhere", [Pod])
    with pytest.raises(BadSnapshot, match="is a file"):
        read(tmp_path / "file", [Pod])

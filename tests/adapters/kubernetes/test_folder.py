"""A folder of any of the three forms, and every way in which one can be broken."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.kubernetes.folder import read
from holdfast.errors import BadInput, BadSnapshot
from holdfast.model.kinds import KINDS, Claim, Deployment, Pod, Secret
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

    others = {"secrets": pods_entry(kind="Secret", file="secrets.json")}

    folder = ours(tmp_path, {"pods": entry, **others}, {"secrets.json": a_list()})

    capture = read(folder, [Pod]).capture(Pod)
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


def test_nobody_knows_better_than_a_manifest(tmp_path: Path) -> None:
    folder = ours(tmp_path, {"pods": pods_entry()}, {"pods.json": a_list(a_pod())})

    with pytest.raises(BadInput, match="says itself when it was taken"):
        read(folder, [Pod], at=MOMENT)


def test_no_dump_was_taken_before_what_is_in_it_was_made(tmp_path: Path) -> None:
    pod = a_pod()
    pod["metadata"]["creationTimestamp"] = MOMENT.isoformat()
    write(tmp_path, {"pods.json": a_list(pod)})

    assert read(tmp_path, [Pod], at=MOMENT).now == MOMENT
    with pytest.raises(BadInput, match="Pod shop/web in it was created at"):
        read(tmp_path, [Pod], at=MOMENT - timedelta(seconds=1))


def test_what_says_it_was_made_after_it_was_written_down_proves_nothing(tmp_path: Path) -> None:
    odd, young = a_pod("odd"), a_pod("young")
    odd["metadata"]["creationTimestamp"] = "2999-01-01T00:00:00Z"
    young["metadata"]["creationTimestamp"] = MOMENT.isoformat()
    write(tmp_path, {"pods.json": a_list(odd, young)})

    assert 2 == len(read(tmp_path, [Pod], at=MOMENT).all(Pod))
    with pytest.raises(BadInput, match="Pod shop/young in it was created at"):
        read(tmp_path, [Pod], at=MOMENT - timedelta(seconds=1))


def test_half_a_letter_costs_itself_and_not_the_file(tmp_path: Path) -> None:
    half = a_pod("half", status={"phase": "Pending", "message": "\ud800!"})
    write(tmp_path, {"pods.json": a_list(a_pod(), half)})

    snapshot = read(tmp_path, [Pod])

    assert snapshot.sees(Pod)
    assert ["", "\ufffd!"] == [pod.status.message for pod in snapshot.all(Pod)]


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
    "no list in it": ({"a.json": {"apiVersion": "v1", "kind": "Config"}}, "no list of objects"),
    "JSON of another sort": ({"array.json": [1, 2]}, "array.json"),
    "cut short": ({"pods.json": json.dumps(a_list(a_pod()))[:-9]}, "cut short"),
    "no JSON": ({"pods.json": "apiVersion: v1"}, "no JSON"),
    "manifest of another kind": (
        {"manifest.json": {"apiVersion": "holdfast.dev/v1alpha1", "kind": "Backup"}},
        "of kind 'Backup'",
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


@pytest.mark.parametrize("kinds", [{}, {"pods": {"state": "forbidden", "apiVersion": "v1"}}])
def test_a_folder_in_which_nothing_was_captured_is_refused(
    tmp_path: Path, kinds: dict[str, Any]
) -> None:
    with pytest.raises(BadSnapshot, match="Nothing was captured"):
        read(ours(tmp_path, kinds, {}), KINDS)


def test_namespaces_that_were_not_seen_are_kept_and_what_was_seen_counts(tmp_path: Path) -> None:
    entry = pods_entry(state="forbidden", namespaces=["shop"], unseen=["bank"], why="no right")

    snapshot = read(ours(tmp_path, {"pods": entry}, {"pods.json": a_list(a_pod())}), [Pod])

    (blind,) = snapshot.blind([Pod])
    assert (blind.state, blind.namespaces) == (State.FORBIDDEN, ("bank",))
    assert snapshot.within_namespaces(("shop",)).sees(Pod)


def test_a_list_of_one_namespace_vouches_for_those_of_the_folder_alone(tmp_path: Path) -> None:
    claim = {**a_pod("data", "bank"), "kind": "PersistentVolumeClaim"}
    write(tmp_path, {"pods.json": a_list(a_pod()), "claims.json": a_list(claim)})

    snapshot = read(tmp_path, [Pod, Claim])

    assert snapshot.capture(Pod).namespaces == ("bank", "shop")
    assert snapshot.blind([Pod], namespace="farm") != ()


def test_a_list_of_several_namespaces_is_of_all(tmp_path: Path) -> None:
    write(tmp_path, {"pods.json": a_list(a_pod(), a_pod("web", "bank"))})

    assert read(tmp_path, [Pod]).capture(Pod).namespaces is None


def test_an_empty_list_vouches_for_no_namespace(tmp_path: Path) -> None:
    write(tmp_path, {"pods.json": a_list()})

    assert read(tmp_path, [Pod]).blind([Pod], namespace="shop") != ()


def test_an_object_in_two_files_counts_once(tmp_path: Path) -> None:
    nameless = {**a_pod("other"), "metadata": {"name": "renamed", "uid": "uid-shop-web"}}
    anonymous = {**a_pod(), "metadata": {"name": "web", "namespace": "shop"}}
    write(tmp_path, {"a.json": a_list(a_pod()), "b.json": a_list(a_pod(), anonymous, nameless)})

    assert [pod.metadata.name for pod in read(tmp_path, [Pod]).all(Pod)] == ["web"]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "pods.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(a_list(a_pod())).encode())

    assert len(read(tmp_path, [Pod]).all(Pod)) == 1


def test_a_folder_that_is_called_like_a_list_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, {"pods.json": a_list(a_pod())})
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "up").symlink_to("..")

    assert len(read(tmp_path, [Pod]).all(Pod)) == 1


@pytest.mark.parametrize("name", ["pipe.json", "pipe.yaml", "pipe"])
@pytest.mark.timeout(20)
def test_a_pipe_is_refused_and_nobody_waits_for_what_it_may_give(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"pods.json": a_list(a_pod())})
    os.mkfifo(tmp_path / name)

    with pytest.raises(BadSnapshot, match=f"{name} is no regular file"):
        read(tmp_path, [Pod])


@pytest.mark.parametrize("name", ["zero.json", "zero"])
@pytest.mark.timeout(20)
def test_a_device_is_refused_and_not_read_without_an_end(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"pods.json": a_list(a_pod())})
    (tmp_path / name).symlink_to("/dev/zero")

    with pytest.raises(BadSnapshot, match=f"{name} is no regular file"):
        read(tmp_path, [Pod])


@pytest.mark.parametrize(
    ("leads_to", "wrong"),
    [
        ("nowhere", "No such file"),
        ("link.json", "symbolic link"),
        ("../secret.json", "lies outside"),
    ],
)
def test_a_link_that_leads_astray_is_named(tmp_path: Path, leads_to: str, wrong: str) -> None:
    write(tmp_path, {"secret.json": a_list(a_pod()), "taken/pods.json": a_list(a_pod())})
    (tmp_path / "taken" / "link.json").symlink_to(leads_to)

    with pytest.raises(BadSnapshot, match=wrong) as refused:
        read(tmp_path / "taken", [Pod])
    assert "link.json" in refused.value.wrong


DEEP = '{"a":' * 100_000
TOO_DEEP = (
    '{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"web"},"spec":'
    + '{"a":' * 50_000
    + "1"
    + "}" * 50_000
    + "}]}"
)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (json.dumps(a_list(a_pod())).encode("utf-16"), "UTF-16"),
        (DEEP.encode(), "recursion"),
        (TOO_DEEP.encode(), "recursion"),
        (b'{"kind": "Pod\xff", "items": []}', "utf-8"),
    ],
)
def test_bytes_that_are_no_readable_json_are_refused(
    tmp_path: Path, content: bytes, wrong: str
) -> None:
    (tmp_path / "pods.json").write_bytes(content)

    with pytest.raises(BadSnapshot, match=wrong):
        read(tmp_path, [Pod])


@pytest.mark.parametrize("depth", [100, 300])
def test_an_object_that_is_nested_too_deeply_is_no_crash(tmp_path: Path, depth: int) -> None:
    deep = '{"a":' * depth + "null" + "}" * depth
    pod = f'{{"metadata":{{"name":"web","uid":null}},"status":{{"phase":3}},"spec":{deep}}}'
    write(tmp_path, {"pods.json": f'{{"kind":"PodList","apiVersion":"v1","items":[{pod}]}}'})

    assert len(read(tmp_path, [Pod]).capture(Pod).unreadable) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.yaml", "kind: List"),
        ("b.yml", "kind: List"),
        ("b.txt", json.dumps(a_list(a_pod()))),
        ("b.json.gz", "no matter"),
        ("b", "no matter"),
        ("logs.txt", "no matter"),
        ("shop/b.yaml", "kind: List"),
        ("package.json", {"name": "x"}),
        ("b.json", ["x", 7]),
        ("b.json", "7"),
        ("b.json", {"kind": "PodList", "apiVersion": "v1", "items": "x"}),
        ("b.json", a_list("x", 7)),
    ],
)
def test_a_file_that_is_not_read_is_refused_by_its_name(
    tmp_path: Path, name: str, content: Any
) -> None:
    write(tmp_path, {"a.json": a_list(a_pod()), name: content})

    with pytest.raises(BadSnapshot, match="not read") as refused:
        read(tmp_path, [Pod])

    assert refused.value.wrong.startswith(name)
    assert "-o json" in refused.value.remedy


def test_what_systems_and_kubectl_put_beside_lists_does_no_harm(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.json": a_list(a_pod()),
            ".DS_Store": "x",
            ".git/HEAD": "x",
            "shop/web/logs.txt": "x",
            "endpoints.json": {"kind": "EndpointsList", "apiVersion": "v1", "items": []},
            "config.json": {"apiVersion": "v1", "kind": "Config"},
        },
    )

    assert ["web"] == [pod.metadata.name for pod in read(tmp_path, [Pod]).all(Pod)]


def test_a_bare_array_of_objects_is_a_list(tmp_path: Path) -> None:
    write(tmp_path, {"b.json": [a_pod(), a_pod("two")], "C.JSON": a_list(a_pod("three"))})

    seen = read(tmp_path, [Pod]).capture(Pod)

    assert {"web", "two", "three"} == {pod.metadata.name for pod in seen.objects}
    assert State.CAPTURED is seen.state


@pytest.mark.parametrize(
    "odd", ["x", 7, None, ["x"], {}, {"kind": 7}, {"metadata": {"name": "lost"}}]
)
@pytest.mark.parametrize("file", ["all.json", "pods.json"])
def test_an_item_that_is_no_object_is_counted(tmp_path: Path, file: str, odd: Any) -> None:
    write(tmp_path, {file: a_list(a_pod(), odd)})

    seen = read(tmp_path, [Pod, Claim]).capture(Pod)

    assert ["web"] == [pod.metadata.name for pod in seen.objects]
    assert 1 == len(seen.unreadable)


@pytest.mark.parametrize("metadata", ["garbage", 7, None, {}, {"name": ""}, {"name": 7}])
@pytest.mark.parametrize("form", ["ours", "list", "list of a kind", "single"])
def test_an_object_without_a_proper_name_is_counted_as_unreadable(
    tmp_path: Path, form: str, metadata: Any
) -> None:
    odd = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
    match form:
        case "ours":
            ours(tmp_path, {"pods": pods_entry()}, {"pods.json": a_list(a_pod(), odd)})
        case "list":
            write(tmp_path, {"all.json": a_list(a_pod(), odd)})
        case "list of a kind":
            bare = {"metadata": metadata}
            write(tmp_path, {"all.json": a_list(a_pod(), bare, kind="PodList")})
        case _:
            write(tmp_path, {"all.json": a_list(a_pod()), "one.json": odd})

    seen = read(tmp_path, [Pod]).capture(Pod)

    assert ["web"] == [pod.metadata.name for pod in seen.objects]
    assert [""] == [each.name for each in seen.unreadable]


@pytest.mark.parametrize("form", ["ours", "lists"])
@pytest.mark.parametrize(
    ("metadata", "state", "why"),
    [
        ({"continue": "abc"}, State.PARTIAL, "more follow"),
        ({"continue": "abc", "remainingItemCount": 3}, State.PARTIAL, "and 3 more follow"),
        ({"remainingItemCount": 1}, State.PARTIAL, "and 1 more follow"),
        ({"continue": 7}, State.PARTIAL, "does not properly say"),
        ("garbage", State.PARTIAL, "does not properly say"),
        ({"continue": "", "remainingItemCount": 0}, State.CAPTURED, ""),
        ({"continue": None, "remainingItemCount": None}, State.CAPTURED, ""),
        (None, State.CAPTURED, ""),
    ],
)
def test_a_page_of_a_list_is_not_the_whole(
    tmp_path: Path, form: str, metadata: Any, state: State, why: str
) -> None:
    page = {**a_list(a_pod(), kind="PodList"), "metadata": metadata}
    if form == "ours":
        ours(tmp_path, {"pods": pods_entry()}, {"pods.json": page})
    else:
        write(tmp_path, {"first.json": page})

    seen = read(tmp_path, [Pod]).capture(Pod)

    assert (1, state) == (len(seen.objects), seen.state)
    assert seen.why.endswith(why) or why in seen.why


@pytest.mark.parametrize(
    ("file", "wrong"),
    [
        (".", "no name"),
        ("", "no name"),
        ("a\0b", "no name"),
        ("a" * 300, "too long"),
        ("sub", "is a folder"),
        ("pipe", "no regular file"),
        ("loop", "symbolic link"),
        ("/etc/passwd", "lies outside"),
        ("\x1b[31mnone", "is missing"),
        ("../\x1b[31mnone", "lies outside"),
    ],
)
def test_a_manifest_that_names_no_proper_file_is_refused(
    tmp_path: Path, file: str, wrong: str
) -> None:
    (tmp_path / "sub").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(BadSnapshot, match=wrong) as refused:
        read(ours(tmp_path, {"pods": pods_entry(file=file)}, {}), [Pod])
    assert refused.value.wrong.isprintable()


def test_text_of_a_folder_reaches_no_terminal_as_it_is(tmp_path: Path) -> None:
    evil = {"apiVersion": "\x1b[31m", "kind": "\x1b[2J"}

    with pytest.raises(BadSnapshot) as of_a_manifest:
        read(write(tmp_path / "ours", {"manifest.json": evil}), [Pod])
    with pytest.raises(BadSnapshot) as of_a_name:
        read(write(tmp_path / "lists", {"\x1b[31mevil.json": "{bad"}), [Pod])
    with pytest.raises(BadSnapshot) as of_a_state:
        read(ours(tmp_path / "state", {"pods": pods_entry(state="\x1b[2J")}, {}), [Pod])

    for refused in (of_a_manifest, of_a_name, of_a_state):
        assert refused.value.wrong.isprintable()


def test_a_manifest_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()

    with pytest.raises(BadSnapshot, match="is a folder"):
        read(tmp_path, [Pod])


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_at_the_end_of_time_is_refused(tmp_path: Path, now: str) -> None:
    folder = write(tmp_path, {"pods.json": a_list(a_pod())})

    with pytest.raises(BadSnapshot, match="none of a Kubernetes cluster"):
        read(folder, [Pod], at=datetime.fromisoformat(now))


def test_names_that_no_system_allows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSnapshot, match="too long"):
        read(tmp_path / ("a" * 300), [Pod])

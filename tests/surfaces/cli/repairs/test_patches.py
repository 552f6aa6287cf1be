"""`holdfast propose --from-patch`: an action of ours that answers a fact, or a refusal."""

import asyncio
import json
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.errors import BadInput
from holdfast.model.documents import Document
from holdfast.model.objects import Ref
from holdfast.ports import Unseen
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.testing.clock import NOON
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from tests.surfaces.cli.conftest import Run
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground, previewed, troubles

type Out = pytest.CaptureFixture[str]
type Patched = Callable[..., str]

PULL = "HF-WRK-013"  # what the pods of `checkout` have: a Deployment can be rolled back from it
RESTARTED = "kubectl.kubernetes.io/restartedAt"
STAMP = "2026-03-02T11:00:00Z"
STAMPED = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: STAMP}}}}}
MORE = {"metadata": {"labels": {"a": "b"}}}


def of(name: str, patch: dict[str, Any], **more: str) -> dict[str, Any]:
    """That patch as it stands in a file for `kubectl apply`."""
    who = {"apiVersion": "apps/v1", "kind": "Deployment", **more}
    namespace = who.pop("namespace", "shop")
    metadata = {**patch.get("metadata", {}), "name": name}
    return {**patch, **who, "metadata": metadata | ({"namespace": namespace} if namespace else {})}


@pytest.fixture(scope="module")
def shop() -> SimulatedCluster:
    return a_shop(now=NOON)


@pytest.fixture
def store(shop: SimulatedCluster, home: Path) -> ScriptedStore:
    return ScriptedStore(previewed(), cluster=asyncio.run(shop.identity()).uid)


@pytest.fixture
def alone(
    shop: SimulatedCluster, run: Run, store: ScriptedStore, tmp_path: Path, capsys: Out
) -> Patched:
    """Propose from a patch, and hear what it says."""

    def propose(
        patch: object, *words: str, code: int = NOTHING, cluster: SimulatedCluster = shop
    ) -> str:
        async def look(ref: Ref) -> Document | Unseen:
            found = cluster.fetch(f"{ref.kind.lower()}s.apps", ref.name, namespace=ref.namespace)
            return Document(value=found)

        file = patch if isinstance(patch, Path) else tmp_path / "patch.json"
        if not isinstance(patch, Path):
            file.write_text(patch if isinstance(patch, str) else json.dumps(patch))
        every = ("propose", *words, "--from-patch", str(file))
        assert code == run(*every, cluster=cluster, ground=a_ground(store), look=look)
        told = capsys.readouterr()
        return told.out + told.err

    return propose


@pytest.fixture
def patched(shop: SimulatedCluster, alone: Patched) -> Patched:
    """Propose from a patch for what is wrong with `checkout`, and hear what it says."""
    return lambda patch, *words, **more: alone(patch, troubles(shop)[PULL].id, *words, **more)


def asked(store: ScriptedStore) -> Iterable[tuple[object, ...]]:
    """What was handed to the keeper."""
    names = ("trouble", "code", "action", "params")
    return [tuple(each.body[name] for name in names) for each in store.letters]


def test_a_patch_that_equals_an_action_is_proposed_as_that(
    patched: Patched, store: ScriptedStore
) -> None:
    assert "RolloutRestart of Deployment shop/checkout" in patched(STAMPED)
    assert ["RolloutRestart"] == [each.body["action"] for each in store.letters]
    assert [{"stamp": STAMP}] == [each.body["params"] for each in store.letters]


def test_a_patch_may_come_through_a_pipe(
    patched: Patched, store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(json.dumps(STAMPED)))

    patched(Path("-"))
    assert ["RolloutRestart"] == [each.body["action"] for each in store.letters]


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        (STAMPED | MORE, "The nearest is RolloutRestart"),
        ({"spec": {"replicas": 9}}, "it is ScaleWorkload, which answers nothing of this trouble"),
        ({"spec": {"replicas": 9}}, "The nearest that would: RolloutRestart (trb_"),
        ({"spec": {"paused": True}}, "it equals no action of ours. The nearest is"),
        ({}, "it changes nothing"),
        (
            of("web", STAMPED),
            "that it is for Deployment/shop/web of apps/v1, and what answers",
        ),
        (of("checkout", STAMPED, kind="StatefulSet"), "is done to Deployment/shop/checkout"),
    ],
)
def test_any_other_patch_is_refused_with_the_nearest(
    patched: Patched, store: ScriptedStore, patch: object, says: str
) -> None:
    assert says in patched(patch, code=REFUSED)
    assert [] == store.letters


def test_a_patch_of_another_action_than_is_named_is_refused(
    patched: Patched, store: ScriptedStore
) -> None:
    said = patched(STAMPED, "--action", "RolloutUndo", code=REFUSED)

    assert "it is RolloutRestart, and not RolloutUndo" in said
    assert [] == store.letters


def test_a_patch_is_for_none_that_this_trouble_is_not_about(
    patched: Patched, store: ScriptedStore
) -> None:
    with pytest.raises(BadInput, match="answers this trouble by changing fields"):
        patched(STAMPED, "--target", "Deployment/shop/web")
    assert [] == store.letters


def test_a_patch_that_names_its_object_needs_no_trouble(
    alone: Patched, shop: SimulatedCluster, store: ScriptedStore
) -> None:
    said = alone(of("checkout", STAMPED))

    assert "RolloutRestart of Deployment shop/checkout" in said
    trouble = troubles(shop)[PULL].id
    assert [(trouble, "HF-WRK-010", "RolloutRestart", {"stamp": STAMP})] == asked(store)


def test_a_whole_object_with_one_change_is_the_patch_of_that(
    alone: Patched, shop: SimulatedCluster, store: ScriptedStore
) -> None:
    whole = shop.fetch("deployments.apps", "checkout", namespace="shop")
    del whole["status"]
    whole["spec"]["template"]["metadata"].setdefault("annotations", {})[RESTARTED] = STAMP

    alone(yaml.safe_dump(whole))

    assert [{"stamp": STAMP}] == [each.body["params"] for each in store.letters]


OPERATION = {
    "op": "add",
    "path": "/spec/template/metadata/annotations",
    "value": {RESTARTED: STAMP},
}


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (STAMPED, ("--target", "Deployment/shop/checkout")),
        (of("checkout", STAMPED), ("--target", "Deployment/shop/checkout")),
        (of("checkout", STAMPED), ("--target", "shop/checkout")),
        (of("checkout", STAMPED, namespace=""), ("-n", "shop")),
        (of("checkout", STAMPED, namespace=""), ("--target", "shop/checkout")),
        (STAMPED, ("--target", "checkout", "-n", "shop")),
        (of("checkout", STAMPED), ("--target", "checkout")),
        ([OPERATION], ("--target", "Deployment/shop/checkout", "--patch-type", "json")),
        (of("checkout", STAMPED), ("--action", "RolloutRestart")),
    ],
)
def test_the_object_is_named_by_the_patch_or_with_target(
    alone: Patched, store: ScriptedStore, patch: object, words: tuple[str, ...]
) -> None:
    alone(patch, *words)

    assert ["RolloutRestart"] == [each.body["action"] for each in store.letters]


def test_what_is_listed_alone_is_proposed_by_nobody(alone: Patched, store: ScriptedStore) -> None:
    said = alone(of("checkout", STAMPED), "--list")

    assert "--action RolloutRestart --target Deployment/shop/checkout" in said
    assert [] == store.letters


@pytest.mark.parametrize(
    ("patch", "words", "says"),
    [
        (
            of("web", STAMPED),
            (),
            "none: it is RolloutRestart of Deployment/shop/web, which answers",
        ),
        (of("web", STAMPED), (), "and an action must answer a fact."),
        (of("checkout", {"spec": {"replicas": 9}}), (), "which answers nothing that is found now"),
        (
            of("checkout", {"spec": {"replicas": 9}}),
            (),
            "The nearest that would: RolloutRestart (trb_",
        ),
        (
            of("checkout", STAMPED | MORE),
            (),
            "The nearest is RolloutRestart, which leaves metadata",
        ),
        (
            of("checkout", STAMPED),
            ("--target", "Deployment/shop/web"),
            "of apps/v1, and what is named with --target is Deployment/shop/web",
        ),
        (
            of("checkout", STAMPED, apiVersion="extensions/v1beta1"),
            ("--target", "Deployment/shop/checkout"),
            "it says that it is for Deployment/shop/checkout of extensions/v1beta1, and what is",
        ),
        (
            of("checkout", STAMPED),
            ("--action", "RolloutUndo"),
            "RolloutRestart, and not RolloutUndo",
        ),
        (
            of("reports-0", {"spec": {"nodeName": "a"}}, apiVersion="v1", kind="Pod"),
            (),
            "no action of ours changes fields of a Pod. The nearest is DeletePod, which",
        ),
        (
            of("reports-data", {"spec": {}}, apiVersion="v1", kind="PersistentVolumeClaim"),
            (),
            "no action of ours changes fields of a PersistentVolumeClaim.",
        ),
    ],
)
def test_a_patch_that_answers_nothing_or_is_none_of_ours_is_refused(
    alone: Patched, store: ScriptedStore, patch: object, words: tuple[str, ...], says: str
) -> None:
    assert says in alone(patch, *words, code=REFUSED)
    assert [] == store.letters


@pytest.mark.parametrize(
    ("patch", "words", "says"),
    [
        (STAMPED, (), "Nothing says which object the patch is for"),
        ([OPERATION], ("--patch-type", "json"), "Nothing says which object the patch is for"),
        ({**STAMPED, "metadata": {"name": "checkout"}}, (), "Nothing says which object"),
        (of("none", STAMPED), (), "Deployment/shop/none of apps/v1 is not seen"),
        (of("checkout", STAMPED, namespace="prod"), (), "Deployment/prod/checkout of apps/v1"),
        (of("checkout", STAMPED, apiVersion="apps/v2"), (), "Deployment/shop/checkout of apps/v2"),
        (STAMPED, ("--target", "Deployment/shop/none"), "Deployment/shop/none is not seen there"),
    ],
)
def test_an_object_that_is_not_named_or_not_there_is_said(
    alone: Patched, store: ScriptedStore, patch: object, words: tuple[str, ...], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        alone(patch, *words)
    assert [] == store.letters


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (of("checkout", STAMPED, namespace=""), ()),
        (of("checkout", STAMPED, namespace=""), ("-n", "shop", "-n", "default")),
        (of("checkout", STAMPED, namespace=""), ("--target", "checkout")),
        (STAMPED, ("--target", "checkout")),
    ],
)
def test_a_namespace_that_nobody_has_said_is_never_guessed(
    alone: Patched, store: ScriptedStore, patch: object, words: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput, match=r"which namespace.*Deployment/shop/checkout") as asked_for:
        alone(patch, *words)
    assert "metadata.namespace" in asked_for.value.remedy
    assert "-n" in asked_for.value.remedy
    assert [] == store.letters


def test_another_namespace_than_is_named_with_n_is_not_looked_at(
    alone: Patched, store: ScriptedStore
) -> None:
    with pytest.raises(BadInput, match="Deployment/checkout of apps/v1 is not seen there"):
        alone(of("checkout", STAMPED, namespace=""), "-n", "default")
    assert [] == store.letters


def test_what_lies_in_no_namespace_needs_none(alone: Patched, store: ScriptedStore) -> None:
    namespace = of("shop", MORE, apiVersion="v1", kind="Namespace", namespace="")

    said = alone(namespace, code=REFUSED)
    assert "no action of ours changes fields of a Namespace" in said
    assert [] == store.letters


def a_shop_with_a_second_trouble() -> SimulatedCluster:
    """The shop, in which a pod of the revision of `checkout` that ran well crashes as well."""
    cluster = a_shop(now=NOON)
    pods = cluster.page("pods", namespace="shop")["items"]
    name = next(
        each["metadata"]["name"]
        for each in pods
        if each["metadata"]["name"].startswith("checkout-86f5b7c9d4-")
    )
    pod = cluster.fetch("pods", name, namespace="shop")
    (container,) = pod["status"]["containerStatuses"]
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": "2026-03-02T11:50:00Z"}
    container |= {
        "ready": False,
        "restartCount": 9,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }
    for each in pod["status"]["conditions"]:
        if each["type"] in {"Ready", "ContainersReady"}:
            each |= {"status": "False", "lastTransitionTime": "2026-03-02T11:00:00Z"}
    cluster.update_status(pod)
    return cluster


def test_a_patch_that_answers_several_troubles_says_how_to_choose(
    alone: Patched, store: ScriptedStore
) -> None:
    cluster = a_shop_with_a_second_trouble()
    crashing = troubles(cluster)["HF-WRK-020"]
    patch = of("checkout", STAMPED)

    with pytest.raises(BadInput, match="would answer 2 troubles") as several:
        alone(patch, cluster=cluster)
    assert f"{crashing.id} (HF-WRK-020:Pod/shop/checkout-" in several.value.remedy
    assert troubles(cluster)[PULL].id in several.value.remedy
    assert [] == store.letters

    alone(patch, crashing.id, cluster=cluster)
    assert [(crashing.id, "HF-WRK-020")] == [each[:2] for each in asked(store)]


SECOND = json.dumps(of("checkout", STAMPED))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "a: &b 1\nc: *b",
        "spec: {replicas: 1e1}",
        f"{SECOND}\n---\n{SECOND}",
        f'{SECOND} {{"kind": "ClusterRoleBinding"}}',
        SECOND.replace('"kind": "Deployment"', '"kind": "Deployment", "kind": "Service"'),
        SECOND.replace('"name": "checkout"', '"name": "checkout", "name": "web"'),
        "metadata: &m {name: checkout}\nspec: *m",
        "kind: !!str Deployment",
        '{"k\\u0069nd": "Deployment"}',
    ],
)
@pytest.mark.parametrize("alike", [True, False])
def test_a_patch_that_has_no_one_meaning_is_refused_with_the_line(
    alone: Patched, patched: Patched, store: ScriptedStore, text: str, alike: bool
) -> None:
    with pytest.raises(BadInput, match=r"patch\.json"):
        (patched if alike else alone)(text)
    assert [] == store.letters


def test_a_patch_without_a_file_is_said(alone: Patched, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        alone(tmp_path / "missing")

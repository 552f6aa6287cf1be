"""A patch is one of our actions, or it is none: nothing is left out of it to make it fit."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from holdfast.actions import CLOSED_SET
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.actions.uncordon import Uncordon
from holdfast.conformance.probes import PATCH, probed
from holdfast.conformance.scenes import (
    a_deployment,
    a_node,
    a_revision,
    changed_by,
    raw,
    sight,
    template,
)
from holdfast.diagnosis.patching import action_of
from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.patches import Form
from holdfast.model.paths import differences
from holdfast.model.repairs import Action, Sight
from holdfast.testing.documents import merged
from tests.tally import Count, Tally

STAMP = "2026-01-01T12:00:00Z"
KEY = "kubectl.kubernetes.io/restartedAt"
POINTER = "/spec/template/metadata/annotations"
WEB = changed_by(
    a_deployment(),
    {"spec": {"template": {**template(), "metadata": {"labels": {"app": "web"}}}}},
)
NOTED = changed_by(
    WEB,
    {
        "spec": {
            "template": {
                **template(),
                "metadata": {"labels": {"app": "web"}, "annotations": {"team": "shop", KEY: "x"}},
            }
        }
    },
)
OLD = a_revision("1", 1, "web:0", WEB)
RESTART, SCALE = RolloutRestart(stamp=STAMP), ScaleWorkload(replicas=3, now=2)
UNDO = RolloutUndo(replica_set="web-1", uid="replicaset-web-1")
STAMPED: dict[str, Any] = {"spec": {"template": {"metadata": {"annotations": {KEY: STAMP}}}}}
SCALED: dict[str, Any] = {"spec": {"replicas": 3}}
IMAGE: dict[str, Any] = {
    "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:0"}]}}}
}


def taken(
    patch: Any, form: Form = Form.MERGE, target: Any = None, subresource: str = ""
) -> Action | Refusal:
    text = patch if isinstance(patch, str) else json.dumps(patch)
    seen = sight(target or WEB, OLD, beside=[OLD])
    return action_of(text, "patch", form, seen, subresource)


def op(kind: str, path: str, value: Any) -> dict[str, Any]:
    return {"op": kind, "path": path, "value": value}


ESCAPED = f"{POINTER}/{KEY.replace('/', '~1')}"


@pytest.mark.parametrize(
    ("patch", "form", "target", "action"),
    [
        (STAMPED, Form.MERGE, WEB, RESTART),
        (STAMPED, Form.STRATEGIC, WEB, RESTART),
        (STAMPED, Form.MERGE, NOTED, RESTART),
        ([op("add", POINTER, {KEY: STAMP})], Form.JSON, WEB, RESTART),
        ([op("replace", ESCAPED, STAMP)], Form.JSON, NOTED, RESTART),
        ([op("test", ESCAPED, "x"), op("add", ESCAPED, STAMP)], Form.JSON, NOTED, RESTART),
        (SCALED, Form.MERGE, WEB, SCALE),
        (SCALED, Form.STRATEGIC, WEB, SCALE),
        ([op("replace", "/spec/replicas", 3)], Form.JSON, WEB, SCALE),
        (IMAGE, Form.STRATEGIC, WEB, UNDO),
        ([op("replace", "/spec/template", template("web:0"))], Form.JSON, WEB, UNDO),
        (
            [op("replace", "/spec/template/spec/containers/0/image", "web:0")],
            Form.JSON,
            WEB,
            UNDO,
        ),
        ({**SCALED, "apiVersion": "apps/v1", "kind": "Deployment"}, Form.MERGE, WEB, SCALE),
        ({**SCALED, "metadata": {"name": "web", "namespace": "shop"}}, Form.MERGE, WEB, SCALE),
    ],
)
def test_a_patch_that_is_one_of_our_actions_is_that_action(
    patch: Any, form: Form, target: Any, action: Action
) -> None:
    assert action == taken(patch, form, target)
    assert action == taken(yaml.safe_dump(patch), form, target)


PROBE_AT = "/spec/template/spec/containers/0/livenessProbe"


def of_probes(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [*containers]}}}}


@pytest.mark.parametrize(
    ("patch", "form"),
    [
        (of_probes({"name": "web", "livenessProbe": {"timeoutSeconds": 5}}), Form.STRATEGIC),
        ([op("replace", f"{PROBE_AT}/timeoutSeconds", 5)], Form.JSON),
    ],
)
def test_a_patch_of_the_times_of_a_probe_is_that_action(patch: Any, form: Form) -> None:
    assert PATCH == taken(patch, form, probed())


@pytest.mark.parametrize(
    "probes",
    [
        [{"name": "web", "livenessProbe": {"successThreshold": 2}}],
        [{"name": "web", "livenessProbe": {"httpGet": {"path": "/x"}}}],
        [{"name": "web", "livenessProbe": {"timeoutSeconds": 5, "successThreshold": 2}}],
        [{"name": "web", "livenessProbe": {"timeoutSeconds": 61}}],
        [{"name": "web", "livenessProbe": {"timeoutSeconds": True}}],
        [{"name": each, "livenessProbe": {"timeoutSeconds": 5}} for each in ("web", "log")],
    ],
)
def test_a_patch_of_more_of_a_probe_or_of_two_is_none(probes: Any) -> None:
    assert isinstance(taken(of_probes(*probes), Form.STRATEGIC, probed()), Refusal)


@pytest.mark.parametrize(
    ("patch", "form"),
    [
        ({"spec": {"unschedulable": False}}, Form.MERGE),
        ({"spec": {"unschedulable": False}}, Form.STRATEGIC),
        ([op("replace", "/spec/unschedulable", False)], Form.JSON),
        ([{"op": "remove", "path": "/spec/unschedulable"}], Form.JSON),
    ],
)
def test_a_patch_that_lets_pods_to_a_node_again_is_that_action(patch: Any, form: Form) -> None:
    assert Uncordon() == taken(patch, form, a_node())


def test_a_patch_of_a_node_that_changes_more_is_none() -> None:
    more = {"spec": {"unschedulable": False, "taints": []}}
    no = taken(more, Form.MERGE, a_node())
    assert isinstance(no, Refusal)
    assert "Uncordon" in no.because


def test_a_patch_of_the_scale_is_a_scale_and_no_restart() -> None:
    assert SCALE == taken(SCALED, subresource="scale")
    assert isinstance(taken(STAMPED, subresource="scale"), Refusal)
    assert isinstance(taken(SCALED, subresource="status"), Refusal)


@pytest.mark.parametrize(
    ("patch", "nearest", "what"),
    [
        (merged(STAMPED, SCALED), "RolloutRestart", "spec.replicas"),
        ({"spec": {"template": {"metadata": {"annotations": {KEY: STAMP, "b": "c"}}}}}, "", ".b"),
        ({"spec": {"template": {"metadata": {"annotations": {KEY: "now"}}}}}, "", "no such value"),
        ({"spec": {"replicas": 0}}, "ScaleWorkload", "no such value"),
        ({"spec": {"replicas": "3"}}, "ScaleWorkload", "no such value"),
        ({"metadata": {"labels": {"a": "b"}}}, "", "metadata.labels"),
        ({"metadata": {"annotations": {KEY: STAMP}}}, "", "metadata.annotations"),
        ({**SCALED, "metadata": {"uid": "other"}}, "ScaleWorkload", "metadata.uid"),
        ({**SCALED, "kind": "StatefulSet"}, "ScaleWorkload", "kind"),
        ({**SCALED, "status": {"replicas": 9}}, "ScaleWorkload", "status.replicas"),
        ({"spec": {"template.metadata.annotations": {KEY: STAMP}}}, "", "spec.template.meta"),
    ],
)
def test_what_is_more_or_other_is_refused_and_the_nearest_is_named(
    patch: Any, nearest: str, what: str
) -> None:
    refused = taken(patch)
    assert isinstance(refused, Refusal)
    assert f"The nearest is {nearest}" in refused.because
    assert what in refused.because


def test_a_template_that_no_revision_had_is_no_way_back() -> None:
    free = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "evil:1"}]}}}}
    refused = taken(free, Form.STRATEGIC)
    assert isinstance(refused, Refusal)
    assert "The nearest is RolloutUndo" in refused.because


def test_what_changes_nothing_is_nothing() -> None:
    refused = taken({"spec": {"replicas": 2}})
    assert isinstance(refused, Refusal)
    assert "changes nothing" in refused.because


@pytest.mark.parametrize(
    ("patch", "form"),
    [
        ('{"spec": {"replicas": 3, "replicas": 4}}', Form.MERGE),
        ('{"spec": {"replicas": 3}}\n---\n{"spec": {"replicas": 4}}', Form.MERGE),
        ('{"spec": {"replicas": 3}} {"kind": "ClusterRoleBinding"}', Form.MERGE),
        ('{"sp\\u0065c": {"replicas": 3}}', Form.MERGE),
        ('{"spec": {"replicas": 3e0}}', Form.MERGE),
        ('{"spec": {"replicas": 3, "paused": null}}', Form.MERGE),
        ("spec: {replicas: 3, paused: ~}", Form.MERGE),
        ("spec: &a {replicas: 3}\nstatus: *a", Form.MERGE),
        ({"$patch": "replace", **SCALED}, Form.STRATEGIC),
        ({"$patch": "replace", **SCALED}, Form.MERGE),
        ({"spec": {"$retainKeys": ["replicas"], "replicas": 3}}, Form.STRATEGIC),
        ({"spec": {"template": {"spec": {"$setElementOrder/containers": []}}}}, Form.STRATEGIC),
        ({"spec": {"template": {"spec": {"tolerations": [{"key": "a"}]}}}}, Form.STRATEGIC),
        ({"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}, Form.STRATEGIC),
        (
            {"spec": {"template": {"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}}},
            Form.STRATEGIC,
        ),
        ([SCALED], Form.MERGE),
        (SCALED, Form.JSON),
        ([{"op": "move", "from": "/spec", "path": "/x"}], Form.JSON),
        ([{"op": "copy", "from": "/spec", "path": "/x"}], Form.JSON),
        ([op("Replace", "/spec/replicas", 3)], Form.JSON),
        ([op("replace", "", {"spec": {}})], Form.JSON),
        ([op("replace", "spec/replicas", 3)], Form.JSON),
        ([op("replace", "/spec/re~2plicas", 3)], Form.JSON),
        ([op("replace", "/spec/nothing", 3)], Form.JSON),
        ([op("test", "/spec/replicas", 9), op("replace", "/spec/replicas", 3)], Form.JSON),
        ([op("add", "/spec/template/spec/containers/01", {})], Form.JSON),
        ([op("add", "/spec/template/spec/containers/2", {})], Form.JSON),
        ([op("replace", "/spec/replicas", None)], Form.JSON),
        ([{**op("replace", "/spec/replicas", 3), "from": "/x"}], Form.JSON),
        ([{"op": "replace", "path": "/spec/replicas"}], Form.JSON),
        ("[" * 60 + "]" * 60, Form.JSON),
        ("", Form.MERGE),
    ],
)
def test_what_has_no_one_meaning_is_not_taken(patch: Any, form: Form) -> None:
    with pytest.raises(BadInput):
        taken(patch, form)


def test_an_object_that_nothing_of_ours_patches_says_so() -> None:
    pod = raw("v1", "Pod", "web-1", spec={"nodeName": "a"})
    refused = taken({"spec": {"nodeName": "b"}}, target=pod)
    assert isinstance(refused, Refusal)
    assert "no action of ours changes fields" in refused.because


# Hostile patches, made at random: what is taken is what it says, to the last place.

KEYS = ["spec", "template", "metadata", "annotations", "labels", KEY, "replicas", "paused", "a.b"]
KEYS += ["$patch", "containers", "status", "image", "name", "finalizers", "ownerReferences"]
VALUES: list[Any] = [STAMP, "web:0", 3, 2, 0, True, "", None, [], {}, [{"name": "web"}], "3"]


def _random_value(dice: random.Random, depth: int = 0) -> Any:
    if depth < 4 and dice.random() < 0.6:
        keys = dice.sample(KEYS, dice.randint(1, 2))
        return {key: _random_value(dice, depth + 1) for key in keys}
    return dice.choice(VALUES)


def _twisted(dice: random.Random) -> Any:
    """One of ours, with something laid over it somewhere."""
    patch = json.loads(json.dumps(dice.choice([STAMPED, SCALED, IMAGE])))
    at = patch
    while dice.random() < 0.7:
        below = [each for each in at.values() if isinstance(each, dict)]
        if not below:
            break
        at = dice.choice(below)
    at[dice.choice(KEYS)] = _random_value(dice, 3)
    return patch


MAKERS: tuple[Callable[[random.Random], Any], ...] = (
    _random_value,
    _twisted,
    _twisted,
    lambda dice: json.loads(json.dumps(dice.choice([STAMPED, SCALED]))),
)


@pytest.mark.slow
def test_whatever_is_taken_changes_what_the_patch_changes_and_nothing_else(tally: Tally) -> None:
    dice, taken_ones, n = random.Random(6), 0, 2000
    seen = sight(WEB, OLD, beside=[OLD])
    for _ in range(n):
        patch = dice.choice(MAKERS)(dice)
        form = dice.choice([Form.MERGE, Form.STRATEGIC])
        try:
            found = action_of(json.dumps(patch), "patch", form, seen)
        except BadInput:
            continue
        if isinstance(found, Refusal):
            continue
        taken_ones += 1
        assert type(found) in CLOSED_SET
        assert _wanted(seen, patch, form) == _done(seen, found)
    assert taken_ones > n // 10
    tally(Count("patches, hostile and ours, taken only as what they are", n, seed=6))


def _wanted(seen: Sight, patch: Any, form: Form) -> Any:
    """Restated: our own lists are merged by name, everything else as RFC 7386 says."""
    was: Any = json.loads(json.dumps(seen.document.value))
    made = merged(was, patch)
    if form is Form.STRATEGIC and (found := _containers(patch)):
        made = merged(was, {k: v for k, v in patch.items() if k != "spec"})
        spec = json.loads(json.dumps(patch["spec"]))
        spec["template"]["spec"].pop("containers")
        made = merged(made, {"spec": spec})
        for container in made["spec"]["template"]["spec"]["containers"]:
            for each in found:
                if each.get("name") == container["name"]:
                    container.update(each)
    return list(differences(seen.document.value, made))


def _containers(patch: Any) -> Any:
    at = patch
    for name in ("spec", "template", "spec", "containers"):
        at = at.get(name) if isinstance(at, dict) else None
    return at


def _done(seen: Sight, action: Action) -> Any:
    (step,) = action.steps(seen)
    made: Any = json.loads(json.dumps(seen.document.value))
    for each in step.sets:  # type: ignore[union-attr]
        at = made
        for name in each.path[:-1]:
            at = at.setdefault(name, {})
        at[getattr(each.path[-1], "key", each.path[-1])] = each.value
    return list(differences(seen.document.value, Document(value=made).value))

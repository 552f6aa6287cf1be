"""Acts for the cluster's suites: each kind has one, and what it must not do besides."""

import pytest

from holdfast.conformance import fields
from holdfast.conformance.acts import SPECS, Act, acts, again, dry, patched
from holdfast.grants.names import KINDS
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create


def there(kind: Kind, sort: str, api_version: str) -> dict[str, object]:
    metadata = {"name": "web", "namespace": "a", "uid": "u-1", "labels": {"app": "x"}}
    return {"apiVersion": api_version, "kind": sort, "metadata": metadata, "spec": SPECS[sort]}


def every(kind: Kind) -> list[Act]:
    return [
        act
        for of in kind.targets
        for act in acts(kind, there(kind, of.api.kind, of.api.api_version), "/a/web")
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_has_an_act_on_each_of_its_targets_and_others_that_it_may_not(
    kind: Kind,
) -> None:
    found = every(kind)
    assert len(found) == len(kind.targets) * len(kind.does)
    for act in found:
        assert act.wrong
        assert act.request not in act.wrong
        assert dry(act.request).query["dryRun"] == "All"
    if Create in kind.undoes:
        (of, *_) = kind.targets
        made = again(kind, there(kind, of.api.kind, of.api.api_version), "/a/web")
        assert made.request.path == "/a"
        assert made.wrong


def test_an_operation_at_the_place_of_the_act_stands_alone() -> None:
    (act, *_) = every(next(kind for kind in KINDS if kind.name == "ScaleWorkload"))
    more = {"op": "add", "path": "/metadata/labels/a", "value": "b"}
    other = {"op": "replace", "path": "/spec/replicas", "value": 9}
    own = act.request.body
    assert isinstance(own, list)
    assert [*own, more] == patched(act, more).body
    assert [other] == patched(act, other).body


def test_every_leaf_is_changed_and_taken_away() -> None:
    value = {"a": {"b/c": [1, "x"]}, "d": True}
    assert [("/a/b~1c/0", 1), ("/a/b~1c/1", "x"), ("/d", True)] == [*fields.leaves(value)]
    assert {"op": "replace", "path": "/d", "value": False} in [*fields.changed(value)]
    assert {"op": "remove", "path": "/a/b~1c/1"} in [*fields.changed(value)]

"""One act for each kind of action, as plain requests, and what its lease is given for it.

The requests are written here, and not taken from the adapters that are put to the test.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from holdfast.actions.patch_probe import CONTAINERS
from holdfast.execution.lease_names import Purpose
from holdfast.grants import values
from holdfast.model.documents import Document
from holdfast.model.leases import MANAGER, SHOWING
from holdfast.model.paths import Entry, Item, Path
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step
from holdfast.ports.probing import Try

type Raw = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
AS_OURS: Mapping[str, str] = {"fieldManager": MANAGER}
NOWHERE = {"holdfast.dev/conformance": "no-node-has-this"}
_LABELS = {"app": "conformance"}
_POD: Raw = {
    "nodeSelector": NOWHERE,
    "containers": [
        {
            "name": "web",
            "image": "web:1",
            "env": [{"name": "MODE", "value": "plain"}],
            "resources": {"requests": {"cpu": "10m"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": 80}, "timeoutSeconds": 1},
        }
    ],
}
_STAMP = "kubectl.kubernetes.io/restartedAt"
_TEMPLATE: Raw = {
    "metadata": {"labels": _LABELS, "annotations": {_STAMP: "2025-01-01T00:00:00Z", "a": "kept"}},
    "spec": _POD,
}
_ROLLING: Raw = {"selector": {"matchLabels": _LABELS}, "template": _TEMPLATE}
_CORDONED: Raw = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
_NOBODY: Raw = {"key": "holdfast.dev/conformance", "effect": "NoSchedule"}
_ISSUE: Raw = {"issuerRef": {"name": "nobody"}, "request": "cmVxdWVzdA=="}
SPECS: Mapping[str, Raw] = {
    "Deployment": {**_ROLLING, "replicas": 1},
    "StatefulSet": {**_ROLLING, "replicas": 1, "serviceName": "web"},
    "DaemonSet": _ROLLING,
    "Pod": _POD,
    "Job": {"template": {"spec": {**_POD, "restartPolicy": "Never"}}},
    "ResourceQuota": {"hard": {"count/widgets.example.com": "10"}},
    "Node": {"unschedulable": True, "taints": [_NOBODY, _CORDONED]},
    "CertificateRequest": _ISSUE,
    "Order": _ISSUE,
}
"""What each sort of target is made of; no pod of theirs ever runs."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One request, and what the lease needs that sends it."""

    kind: Kind
    uid: str
    namespace: str
    whole: str  # where the object itself is read
    request: Try
    step: Step
    fresh: Document | None
    value: str = ""
    purpose: Purpose = Purpose.ACT
    wrong: tuple[Try, ...] = ()  # other values, other options

    @property
    def named(self) -> str:
        """For people."""
        return f"{self.kind.name} ({self.purpose.value}) on {self.whole}"


def dry(request: Try) -> Try:
    """The same as a dry run; what reads is the same as it is."""
    if request.method == "GET":
        return request
    return _with(request, query={**request.query, "dryRun": "All"})


def showing(request: Try) -> Try:
    """The same in the words of a preview that is to show what others add."""
    return _with(request, query={**request.query, "fieldManager": SHOWING})


def patched(act: Act, *operations: Raw) -> Try:
    """The act with more in it; alone, where that is at the place that the act itself sets."""
    own: list[Raw] = act.request.body if isinstance(act.request.body, list) else []
    inside = any(each["path"].startswith(own[0]["path"]) for each in operations)
    return _with(act.request, body=[*([] if inside else own), *operations])


def acts(kind: Kind, there: Raw, whole: str) -> Iterator[Act]:
    """What that kind does to that object."""
    for sort in kind.does:
        if sort is Patch:
            yield _patch(kind, there, whole)
        elif sort is Evict:
            yield _eviction(kind, there, whole)
        elif sort is Delete:
            yield _deletion(kind, there, whole)


def again(kind: Kind, there: Raw, whole: str) -> Act:
    """Make it again, after it was deleted."""
    metadata = {name: there["metadata"][name] for name in ("name", "namespace", "labels")}
    body = {**{name: there[name] for name in ("apiVersion", "kind", "spec")}, "metadata": metadata}
    request = Try(method="POST", path=whole.rpartition("/")[0], query=AS_OURS, body=body)
    others: tuple[Raw, ...] = (
        {**body, "metadata": {**metadata, "name": "another"}},
        {**body, "metadata": {**metadata, "labels": {"app": "other"}}},
        {**body, "metadata": {**metadata, "finalizers": ["example.com/held"]}},
    )
    act = _act(kind, there, whole, request, Create(manifest=body))
    return replace(
        act,
        fresh=None,
        purpose=Purpose.UNDO,
        value=values.made_by(body),
        wrong=tuple(_with(request, body=each) for each in others),
    )


def _image(there: Raw, image: str) -> Raw:
    template: Raw = copy.deepcopy(there["spec"]["template"])
    template["spec"]["containers"][0]["image"] = image
    return template


# What a kind sets at the place that it declares: the value, and others that it may not.
SETS: Mapping[str, Callable[[Raw], tuple[Any, ...]]] = {
    "RolloutRestart": lambda _: ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", ""),
    "ScaleWorkload": lambda _: (3, 0, 2, 4, 1000),
    "PatchProbe": lambda _: (5, 6, 1000),
    "Uncordon": lambda _: (None, True),
    "RolloutUndo": lambda there: (_image(there, "web:0"), _image(there, "web:2")),
}

_PLACES: Mapping[str, Path] = {
    "PatchProbe": (*CONTAINERS, Item(by="name", value="web"), "livenessProbe", "timeoutSeconds")
}


def _patch(kind: Kind, there: Raw, whole: str) -> Act:
    place = _PLACES.get(kind.name, kind.touches[0])
    value, *others = SETS[kind.name](there)
    path = f"{whole}/{kind.subresource}" if kind.subresource else whole
    fresh = Document(value=there)
    step = Patch(
        target=fresh.ref,
        sets=(Set(path=place, value=value, was=fresh.at(*place)),),
        subresource=kind.subresource,
    )
    act = _act(kind, there, whole, _replaced(path, place, value), step)
    return replace(
        act,
        value=values.set_by(kind, _set_at(there, place, value)),
        wrong=tuple(_replaced(path, place, each) for each in others),
    )


def _eviction(kind: Kind, there: Raw, whole: str) -> Act:
    metadata = {name: there["metadata"][name] for name in ("name", "namespace")}
    ours: Raw = {"preconditions": {"uid": there["metadata"]["uid"]}}

    def evicted(options: Raw) -> Try:
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        return Try(method="POST", path=f"{whole}/eviction", body={**body, "deleteOptions": options})

    act = _act(kind, there, whole, evicted(ours), Evict(target=Document(value=there).ref))
    others: tuple[Raw, ...] = ({}, {**ours, "gracePeriodSeconds": 0})
    return replace(act, wrong=tuple(map(evicted, others)))


def _deletion(kind: Kind, there: Raw, whole: str) -> Act:
    def deleted(**query: str) -> Try:
        return Try(method="DELETE", path=whole, query=query)

    own = deleted(propagationPolicy="Background")
    act = _act(kind, there, whole, own, Delete(target=Document(value=there).ref))
    orphaned, foreground = (deleted(propagationPolicy=each) for each in ("Orphan", "Foreground"))
    return replace(act, wrong=(orphaned, foreground))


def _act(kind: Kind, there: Raw, whole: str, request: Try, step: Step) -> Act:
    metadata = there["metadata"]
    return Act(
        kind=kind,
        uid=metadata["uid"],
        namespace=metadata.get("namespace", ""),
        whole=whole,
        request=request,
        step=step,
        fresh=Document(value=there),
    )


def _replaced(path: str, place: Path, value: object) -> Try:
    pointer = "".join(f"/{each.replace('~', '~0').replace('/', '~1')}" for each in _names(place))
    body = [{"op": "replace", "path": pointer, "value": value}]
    return Try(method="PATCH", path=path, query=AS_OURS, body=body, content=JSON_PATCH)


def _set_at(there: Raw, place: Path, value: object) -> Raw:
    made = copy.deepcopy(there)
    below: Any = made
    *above, last = _names(place)
    for each in above:
        below = below[0] if isinstance(below, list) else below[each]
    below[last] = value
    return made


def _names(place: Path) -> list[str]:
    """The keys on the way to a place; our targets have one container."""
    return [
        each if isinstance(each, str) else each.key if isinstance(each, Entry) else "0"
        for each in place
    ]


def _with(request: Try, **changed: Any) -> Try:
    return msgspec.structs.replace(request, **changed)

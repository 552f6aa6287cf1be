"""Targets as the API server has them, with what stands around them."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import msgspec

from holdfast.model.documents import Document
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object
from holdfast.model.repairs import Sight
from holdfast.model.snapshot import Capture, Snapshot, State

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
BORN = "2026-01-01T11:00:00Z"

type Raw = dict[str, Any]


def raw(api_version: str, kind: str, name: str, /, **rest: Any) -> Raw:
    """One object of the namespace shop; `metadata` adds to what every object has."""
    metadata: Raw = {
        "name": name,
        "namespace": "shop",
        "uid": f"{kind.lower()}-{name}",
        "resourceVersion": "7",
        "generation": 1,
        "creationTimestamp": BORN,
        **rest.pop("metadata", {}),
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def owned(by: Raw) -> Raw:
    """Metadata that names its controller."""
    owner = {
        "apiVersion": by["apiVersion"],
        "kind": by["kind"],
        "name": by["metadata"]["name"],
        "uid": by["metadata"]["uid"],
        "controller": True,
    }
    return {"ownerReferences": [owner]}


def template(image: str = "web:1", **labels: str) -> Raw:
    """A pod template."""
    return {
        "metadata": {"labels": {"app": "web", **labels}},
        "spec": {"containers": [{"name": "web", "image": image}]},
    }


def a_deployment(**changed: Any) -> Raw:
    """A Deployment of two pods that is through with its rollout."""
    status = {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
    }
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template()}
    return changed_by(raw("apps/v1", "Deployment", "web", spec=spec, status=status), changed)


def a_pod(name: str, by: Raw, *, ready: bool = True, **changed: Any) -> Raw:
    """A pod that somebody made."""
    status = {
        "phase": "Running",
        "conditions": [
            {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T11:30:00Z"}
        ],
    }
    spec = {"nodeName": "node-1", **template()["spec"]}
    made = raw("v1", "Pod", name, metadata=owned(by), spec=spec, status=status)
    return changed_by(made, changed)


def a_node(*, by: str = "kubectl", **changed: Any) -> Raw:
    """A node that does well, and that somebody has cordoned."""
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    wrote = {"manager": by, "operation": "Update", "fieldsType": "FieldsV1"}
    fields: Raw = {"f:spec": {"f:unschedulable": {}}}
    made = raw(
        "v1",
        "Node",
        "node-1",
        metadata={"namespace": "", "managedFields": [{**wrote, "fieldsV1": fields}]},
        spec={"unschedulable": True, "taints": [taint]},
        status={"conditions": [{"type": "Ready", "status": "True"}]},
    )
    return changed_by(made, changed)


def changed_by(given: Raw, changed: Mapping[str, Any]) -> Raw:
    """The same with some parts replaced; `spec={"paused": True}` leaves the rest of the spec."""
    made = deepcopy(given)
    for name, value in changed.items():
        made[name] = {**made.get(name, {}), **value} if isinstance(value, Mapping) else value
    return made


def sight(
    target: Raw,
    *around: Raw,
    beside: Iterable[Raw] = (),
    healthy_before: Iterable[str] = (),
    gone: bool = False,
) -> Sight:
    """What an action sees of that target."""
    there = [*around] if gone else [target, *around]
    return Sight(
        document=Document(value=target),
        around=surroundings(there),
        beside=tuple(Document(value=each) for each in beside),
        healthy_before=frozenset(healthy_before),
    )


_KNOWN = {(version, kind.api.kind): kind for kind in KINDS for version in kind.api.versioned}


def surroundings(there: Iterable[Raw], state: State = State.CAPTURED) -> Snapshot:
    """A snapshot of those objects, in which every kind was seen like that."""
    objects: list[Object] = [
        msgspec.convert(each, _KNOWN[each["apiVersion"], each["kind"]]) for each in there
    ]
    captures = [
        Capture(kind=kind, state=state, objects=tuple(o for o in objects if isinstance(o, kind)))
        for kind in KINDS
    ]
    return Snapshot(now=NOW, captures=captures)


_HARD = {"pods": "4", "requests.cpu": "2"}
QUOTA = raw(
    "v1",
    "ResourceQuota",
    "tight",
    spec={"hard": _HARD},
    status={"hard": _HARD, "used": {"pods": "4", "requests.cpu": "900m"}},
)
"""A quota that is used up."""
BROKEN = a_deployment(spec={"template": template("web:broken")})


def a_revision(code: str, number: int, image: str, of: Raw) -> Raw:
    """A ReplicaSet, as a Deployment's controller makes one for each template."""
    known = {"pod-template-hash": code}
    counted = {"deployment.kubernetes.io/revision": str(number)}
    return raw(
        "apps/v1",
        "ReplicaSet",
        f"{of['metadata']['name']}-{code}",
        metadata={**owned(of), "labels": {"app": "web", **known}, "annotations": counted},
        spec={"replicas": 1, "template": template(image, **known)},
    )


GOOD = a_revision("good", 1, "web:1", BROKEN)
"""A broken release, and the revision before it."""

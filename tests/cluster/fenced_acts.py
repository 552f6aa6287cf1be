"""One act per kind of action on a fresh object, as plain requests, not by our adapters."""

import copy
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from holdfast.execution.lease_names import Purpose
from holdfast.grants import values
from holdfast.grants.names import KINDS
from holdfast.model.leases import MANAGER
from holdfast.model.repairs import Kind
from lab.client import Answer, Client
from tests.cluster.fencing import DRY, JSON_PATCH, Fenced, Lease, Raw, said

STAMP = "2026-01-01T00:00:00Z"
OLD_STAMP = "2025-01-01T00:00:00Z"
_STAMP_AT = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt"
_PROBE_AT = "/spec/template/spec/containers/0/livenessProbe"
BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}
SOON = 10.0
ODD = 'a"b\\\n\té\u200b\x07\x7f\u2028 <&> 😀'


@dataclass(frozen=True, kw_only=True)
class Act:
    """One request, as its lease sends it, and what the lease is given for it."""

    action: str
    uid: str
    namespace: str
    method: str
    path: str
    body: Any
    whole: str  # where the object itself is read
    kind: str = "application/json"
    query: dict[str, str | int] = field(default_factory=dict)
    value: str | None = None
    purpose: Purpose = Purpose.ACT
    wrong: tuple[Any, ...] = ()  # bodies that set other values, or give other options
    wrong_queries: tuple[dict[str, str | int], ...] = ()

    def send(self, client: Client, *, dry: bool = True, **other: Any) -> Answer:
        """The request; `other` changes a part of it."""
        asked: dict[str, Any] = {"body": self.body, "kind": self.kind, "query": self.query} | other
        if self.method in ("PATCH", "POST") and not self.path.endswith("/eviction"):
            asked["query"] = {"fieldManager": MANAGER, **asked["query"]}
        path = asked.pop("path", self.path)
        asked["query"] = {**asked["query"], **(DRY if dry else {})}
        return client.send(self.method, path, **asked)

    def lease(self, fenced: Fenced, purpose: Purpose | None = None) -> Lease:
        """A lease for it, ready to be used."""
        made = fenced.lease(
            self.action,
            self.uid,
            self.namespace,
            purpose=purpose or self.purpose,
            value=self.value,
        )
        deadline = time.monotonic() + SOON
        while not (answer := self.send(made.client)).ok:  # a binding and a value take a moment
            assert time.monotonic() < deadline, f"{self.action} {self.path}: {said(answer)}"
            time.sleep(0.05)
        return made


def acts(fenced: Fenced, namespace: str) -> Iterator[Act]:
    """A fresh object for each kind, of each sort that it may be done to, and the way back."""
    for plural in ("deployments", "statefulsets", "daemonsets"):
        yield restart(fenced, namespace, plural)
    for plural in ("deployments", "statefulsets"):
        yield scale(fenced, namespace, plural)
    yield roll_back(fenced, namespace)
    for plural in ("deployments", "daemonsets"):
        yield patch_probe(fenced, namespace, plural)
    yield evict(fenced, namespace)
    yield delete_job(fenced, namespace)
    yield delete_quota(fenced, namespace)
    yield make_quota_again(fenced, namespace)
    yield delete_request(fenced, namespace)
    yield delete_order(fenced, namespace)
    yield uncordon(fenced)


def restart(fenced: Fenced, namespace: str, plural: str, known: str = "") -> Act:
    """Of one that is there already, or of a new one."""
    path, there = _workload(fenced, namespace, plural)
    if known:
        path, there = known, fenced.admin.get(known).json()
    ops = _replaced(_STAMP_AT, STAMP)
    return Act(
        action="RolloutRestart",
        uid=there["metadata"]["uid"],
        namespace=namespace,
        method="PATCH",
        path=path,
        body=ops,
        kind=JSON_PATCH,
        whole=path,
        value=values.set_by(BY_NAME["RolloutRestart"], _after(fenced, path, ops)),
        wrong=(_replaced(_STAMP_AT, "2026-01-01T00:00:01Z"), _replaced(_STAMP_AT, "")),
    )


def scale(fenced: Fenced, namespace: str, plural: str) -> Act:
    path, there = _workload(fenced, namespace, plural)
    return Act(
        action="ScaleWorkload",
        uid=there["metadata"]["uid"],
        namespace=namespace,
        method="PATCH",
        path=f"{path}/scale",
        body=_replaced("/spec/replicas", 3),
        kind=JSON_PATCH,
        whole=f"{path}/scale",
        value=values.set_by(BY_NAME["ScaleWorkload"], {"spec": {"replicas": 3}}),
        wrong=tuple(_replaced("/spec/replicas", each) for each in (0, 2, 4, 1000)),
    )


def roll_back(fenced: Fenced, namespace: str) -> Act:
    path, there = _workload(fenced, namespace, "deployments")
    template = copy.deepcopy(there["spec"]["template"])
    template["spec"]["containers"][0]["image"] = "web:0"
    template["metadata"]["annotations"]["odd"] = ODD
    ops = _replaced("/spec/template", template)
    other = copy.deepcopy(template)
    other["spec"]["containers"][0]["image"] = "web:2"
    return Act(
        action="RolloutUndo",
        uid=there["metadata"]["uid"],
        namespace=namespace,
        method="PATCH",
        path=path,
        body=ops,
        kind=JSON_PATCH,
        whole=path,
        value=values.set_by(BY_NAME["RolloutUndo"], _after(fenced, path, ops)),
        wrong=(_replaced("/spec/template", other),),
    )


def patch_probe(fenced: Fenced, namespace: str, plural: str) -> Act:
    path, there = _workload(fenced, namespace, plural)
    ops = _replaced(f"{_PROBE_AT}/timeoutSeconds", 5)
    others = (
        _replaced(f"{_PROBE_AT}/timeoutSeconds", 6),
        _replaced(f"{_PROBE_AT}/periodSeconds", 11),
        [*ops, {"op": "add", "path": f"{_PROBE_AT}/initialDelaySeconds", "value": 30}],
        [*ops, *_replaced(f"{_PROBE_AT.replace('/0/', '/1/')}/timeoutSeconds", 5)],
        _replaced(f"{_PROBE_AT.replace('/0/', '/1/')}/timeoutSeconds", 5),
    )
    return Act(
        action="PatchProbe",
        uid=there["metadata"]["uid"],
        namespace=namespace,
        method="PATCH",
        path=path,
        body=ops,
        kind=JSON_PATCH,
        whole=path,
        value=values.set_by(BY_NAME["PatchProbe"], _after(fenced, path, ops)),
        wrong=others,
    )


def evict(fenced: Fenced, namespace: str) -> Act:
    path, there = _made(fenced, f"/api/v1/namespaces/{namespace}/pods", _template()["spec"])
    uid, name = there["metadata"]["uid"], there["metadata"]["name"]

    def eviction(**options: Any) -> Raw:
        return {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": options,
        }

    ours = {"preconditions": {"uid": uid}}
    return Act(
        action="DeletePod",
        uid=uid,
        namespace=namespace,
        method="POST",
        path=f"{path}/eviction",
        body=eviction(**ours),
        whole=path,
        wrong=(
            eviction(),
            eviction(**ours, gracePeriodSeconds=0),
            eviction(**ours, propagationPolicy="Orphan"),
        ),
    )


def delete_job(fenced: Fenced, namespace: str) -> Act:
    template = _template()
    template["spec"]["restartPolicy"] = "Never"
    path, there = _made(
        fenced, f"/apis/batch/v1/namespaces/{namespace}/jobs", {"template": template}
    )
    return _deletion("DeleteJob", namespace, path, there)


def delete_quota(fenced: Fenced, namespace: str) -> Act:
    return _deletion("DeleteResourceQuota", namespace, *_quota(fenced, namespace))


def make_quota_again(fenced: Fenced, namespace: str) -> Act:
    path, there = _quota(fenced, namespace)
    kept = {k: v for k, v in there["metadata"].items() if k in ("name", "namespace", "labels")}
    again = {**{k: there[k] for k in ("apiVersion", "kind", "spec")}, "metadata": kept}
    assert fenced.admin.send("DELETE", path).ok
    fenced.lab.wait(lambda: fenced.admin.get(path).code == 404, what="the quota to be gone")
    labelled = {**again, "metadata": {**kept, "labels": {"app": "other"}}}
    held = {**again, "metadata": {**kept, "finalizers": ["example.com/held"]}}
    return Act(
        action="DeleteResourceQuota",
        uid=there["metadata"]["uid"],
        namespace=namespace,
        method="POST",
        path=path.rpartition("/")[0],
        body=again,
        whole=path,
        value=values.made_by(again),
        purpose=Purpose.UNDO,
        wrong=(
            {**again, "spec": {"hard": {"pods": "100"}}},
            {**again, "metadata": {**kept, "name": "another"}},
            labelled,
            held,
        ),
    )


def delete_request(fenced: Fenced, namespace: str) -> Act:
    made = _of_an_issue(fenced, namespace, "cert-manager.io/v1", "CertificateRequest")
    return _deletion("DeleteCertificateRequest", namespace, *made)


def delete_order(fenced: Fenced, namespace: str) -> Act:
    made = _of_an_issue(fenced, namespace, "acme.cert-manager.io/v1", "Order")
    return _deletion("DeleteACMEOrder", namespace, *made)


def uncordon(fenced: Fenced) -> Act:
    nobody = {"key": "lab.holdfast.dev/nobody", "effect": "NoSchedule"}
    spec = {"unschedulable": True, "taints": [nobody]}
    path, there = _made(fenced, "/api/v1/nodes", spec)
    fenced.clears(path)
    ops = _replaced("/spec/unschedulable", None)
    return Act(
        action="Uncordon",
        uid=there["metadata"]["uid"],
        namespace="",
        method="PATCH",
        path=path,
        body=ops,
        kind=JSON_PATCH,
        whole=path,
        value=values.set_by(BY_NAME["Uncordon"], _after(fenced, path, ops)),
        wrong=(_replaced("/spec/unschedulable", True), [*ops, *_replaced("/spec/taints", [])]),
    )


def _of_an_issue(fenced: Fenced, namespace: str, version: str, kind: str) -> tuple[str, Raw]:
    fenced.serve("cert-manager")
    spec = {"issuerRef": {"name": "ca"}, "request": "cmVxdWVzdA=="}
    path = f"/apis/{version}/namespaces/{namespace}/{kind.lower()}s"
    return _made(fenced, path, spec, apiVersion=version, kind=kind)


def _deletion(action: str, namespace: str, path: str, there: Raw) -> Act:
    return Act(
        action=action,
        uid=there["metadata"]["uid"],
        namespace=namespace,
        method="DELETE",
        path=path,
        body=None,
        whole=path,
        query={"propagationPolicy": "Background"},
        wrong_queries=({"propagationPolicy": "Orphan"}, {"propagationPolicy": "Foreground"}, {}),
    )


def _workload(fenced: Fenced, namespace: str, plural: str) -> tuple[str, Raw]:
    own = {"app": f"web-{secrets.token_hex(3)}"}  # or controllers would adopt each other's pods
    template = _template()
    template["metadata"]["labels"] = own
    spec: Raw = {"selector": {"matchLabels": own}, "template": template}
    if plural != "daemonsets":
        spec["replicas"] = 1
    if plural == "statefulsets":
        spec["serviceName"] = "web"
    return _made(fenced, f"/apis/apps/v1/namespaces/{namespace}/{plural}", spec)


def _quota(fenced: Fenced, namespace: str) -> tuple[str, Raw]:
    hard = {"count/widgets.example.com": "10"}
    return _made(fenced, f"/api/v1/namespaces/{namespace}/resourcequotas", {"hard": hard})


def _template() -> Raw:
    container = {
        "name": "web",
        "image": "web:1",
        "env": [{"name": "MODE", "value": "plain"}],
        "resources": {"requests": {"cpu": "10m"}},
        "livenessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10},
    }
    beside = {**container, "name": "log", "image": "log:1"}
    return {
        "metadata": {
            "labels": {"app": "web"},
            "annotations": {"kubectl.kubernetes.io/restartedAt": OLD_STAMP, "other": "kept"},
        },
        "spec": {"containers": [container, beside]},
    }


def _made(fenced: Fenced, path: str, spec: Raw, **head: str) -> tuple[str, Raw]:
    name = f"{path.rpartition('/')[2]}-{secrets.token_hex(3)}"
    metadata = {"name": name, "labels": {"app": "web"}, "annotations": {"example.com/a": "b"}}
    done = fenced.admin.send("POST", path, body={**head, "metadata": metadata, "spec": spec})
    assert done.ok, done.body
    return f"{path}/{name}", done.json()


def _after(fenced: Fenced, path: str, ops: list[Raw]) -> Raw:
    """What the API server would make of it."""
    done = fenced.admin.send("PATCH", path, body=ops, kind=JSON_PATCH, query=DRY)
    assert done.ok, done.body
    after: Raw = done.json()
    return after


def _replaced(path: str, value: object) -> list[Raw]:
    return [{"op": "replace", "path": path, "value": value}]

"""Managed fields as the API server keeps them: who wrote which field of a pod. Often its most."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

CONDITIONS = ("ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready")


def managed_fields(pod: Mapping[str, Any], last: datetime) -> list[dict[str, Any]]:
    """The controller wrote the spec when the pod was created, and the kubelet its status since."""
    metadata, spec = pod["metadata"], pod["spec"]
    by_controller = {
        "f:metadata": {
            "f:annotations": _names(metadata["annotations"]),
            "f:generateName": {},
            "f:labels": _names(metadata["labels"]),
            "f:ownerReferences": _keyed("uid", metadata["ownerReferences"]),
        },
        "f:spec": _pod_spec(spec),
    }
    created = metadata["creationTimestamp"]
    writers = [_writer("kube-controller-manager", created, by_controller)]
    if "nodeName" not in spec:
        unplaced = {
            "f:status": {"f:conditions": _conditions(("PodScheduled",), "message", "reason")}
        }
        return [*writers, _writer("kube-scheduler", created, unplaced) | {"subresource": "status"}]
    by_kubelet = {
        "f:status": {
            "f:conditions": _conditions(CONDITIONS),
            "f:containerStatuses": {},
            "f:hostIP": {},
            "f:hostIPs": {},
            "f:phase": {},
            "f:podIP": {},
            "f:podIPs": _keyed("ip", pod["status"]["podIPs"]),
            "f:startTime": {},
        }
    }
    return [*writers, _writer("kubelet", written(last), by_kubelet) | {"subresource": "status"}]


def of_workload(
    spec: Mapping[str, Any], labels: Iterable[str], applied: datetime, last: datetime
) -> list[dict[str, Any]]:
    """Helm wrote what was asked for, and the controller its status since."""
    template = {"f:metadata": {"f:labels": _names(labels)}, "f:spec": _pod_spec(spec)}
    asked = {"f:replicas": {}, "f:selector": {}, "f:strategy": {}, "f:template": template}
    fields = {"f:metadata": {"f:labels": _names(labels)}, "f:spec": asked}
    status = {"f:status": {"f:conditions": _conditions(("Available", "Progressing"))}}
    return [
        _writer("helm", written(applied), fields),
        _writer("kube-controller-manager", written(last), status) | {"subresource": "status"},
    ]


def of_fields(
    manager: str, when: datetime, fields: Mapping[str, Iterable[str]]
) -> list[dict[str, Any]]:
    """One manager wrote those fields, each of them by the names in it."""
    tree = {f"f:{name}": _names(within) for name, within in fields.items()}
    return [_writer(manager, written(when), tree)]


def written(when: datetime) -> str:
    """A moment as Kubernetes writes it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _pod_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "f:containers": {
            f'k:{{"name":"{each["name"]}"}}': _container(each) for each in spec["containers"]
        },
        "f:dnsPolicy": {},
        "f:enableServiceLinks": {},
        "f:restartPolicy": {},
        "f:schedulerName": {},
        "f:securityContext": _names(spec["securityContext"]),
        "f:serviceAccount": {},
        "f:serviceAccountName": {},
        "f:terminationGracePeriodSeconds": {},
        "f:volumes": _keyed("name", spec["volumes"], also=("configMap", "projected")),
    }


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    probes = {f"f:{each}": _probe() for each in ("livenessProbe", "readinessProbe")}
    return {
        ".": {},
        "f:env": _keyed("name", container["env"], also=("value",)),
        "f:image": {},
        "f:imagePullPolicy": {},
        "f:name": {},
        "f:ports": {
            ".": {},
            'k:{"containerPort":8080,"protocol":"TCP"}': _names(("containerPort", "protocol")),
        },
        "f:resources": {
            ".": {},
            "f:limits": _names(container["resources"]["limits"]),
            "f:requests": _names(container["resources"]["requests"]),
        },
        "f:terminationMessagePath": {},
        "f:terminationMessagePolicy": {},
        "f:volumeMounts": _keyed("mountPath", container["volumeMounts"], also=("name",)),
    } | probes


def _conditions(types: Iterable[str], *more: str) -> dict[str, Any]:
    each = ("lastProbeTime", "lastTransitionTime", "status", "type", *more)
    return {f'k:{{"type":"{type_}"}}': _names(each) for type_ in types}


def _probe() -> dict[str, Any]:
    times = ("failureThreshold", "periodSeconds", "successThreshold", "timeoutSeconds")
    return _names(times) | {"f:httpGet": _names(("path", "port", "scheme"))}


def _names(names: Iterable[str]) -> dict[str, Any]:
    return {".": {}} | {f"f:{name}": {} for name in names}


def _keyed(
    key: str, items: Iterable[Mapping[str, Any]], *, also: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The items of a list that is merged by that key."""
    each = (key, *also)
    return {".": {}} | {f'k:{{"{key}":"{item[key]}"}}': _names(each) for item in items}


def _writer(manager: str, when: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": when,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }

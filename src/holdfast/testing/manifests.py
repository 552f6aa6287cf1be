"""Manifests as plain JSON, and the statuses that controllers and a kubelet would write to them.

Reasons, messages and conditions are worded as Kubernetes 1.36 words them.
"""

from datetime import datetime
from typing import Any

from holdfast.testing.documents import Json, rfc3339

NAMESPACE = "shop"


def manifest(
    api_version: str, kind: str, name: str, *, namespace: str | None = NAMESPACE, **rest: Any
) -> Json:
    """Any object; metadata in `rest` joins its name and namespace."""
    metadata: Json = {"name": name, **rest.pop("metadata", {})}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def owner(document: Json) -> Json:
    """A reference to the controller of an object."""
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "name": document["metadata"]["name"],
        "uid": document["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def template(app: str, image: str, *, claim: str = "") -> Json:
    """A pod template with one container of the app's name."""
    container: Json = {
        "name": app,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "resources": {},
    }
    spec: Json = {
        "containers": [container],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
    }
    if claim:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    return {"metadata": {"labels": {"app": app}}, "spec": spec}


def deployment(name: str, image: str, replicas: int) -> Json:
    """A Deployment as the API server shows it, defaults included."""
    return manifest(
        "apps/v1",
        "Deployment",
        name,
        metadata={
            "labels": {"app": name},
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            "template": template(name, image),
        },
    )


def replica_set(owned_by: Json, code: str, image: str, replicas: int, number: int = 1) -> Json:
    """The ReplicaSet of one revision of a Deployment; the code is its template's hash."""
    app = owned_by["metadata"]["name"]
    labels = {"app": app, "pod-template-hash": code}
    wanted = template(app, image)
    wanted["metadata"]["labels"] = labels
    return manifest(
        "apps/v1",
        "ReplicaSet",
        f"{app}-{code}",
        metadata={
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "ownerReferences": [owner(owned_by)],
        },
        spec={"replicas": replicas, "selector": {"matchLabels": labels}, "template": wanted},
    )


def pod_of(owned_by: Json, name: str, image: str, *, claim: str = "", node: str = "") -> Json:
    """A pod that a controller made."""
    labels = dict(owned_by["spec"].get("selector", {}).get("matchLabels", {}))
    app = labels.get("app", owned_by["metadata"]["name"])
    spec = template(app, image, claim=claim)["spec"]
    if node:
        spec["nodeName"] = node
    metadata = {"labels": {"app": app, **labels}, "ownerReferences": [owner(owned_by)]}
    return manifest("v1", "Pod", name, metadata=metadata, spec=spec)


def condition(kind: str, status: str, since: datetime, reason: str = "", message: str = "") -> Json:
    """A condition with its moment."""
    told = {"reason": reason, "message": message}
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": rfc3339(since),
        **{k: v for k, v in told.items() if v},
    }


def pod_conditions(scheduled: datetime, *, ready: datetime | None, app: str = "") -> list[Json]:
    """The conditions of a scheduled pod, ready since that moment or not ready since scheduled."""
    since = ready or scheduled
    status = "False" if ready is None else "True"
    because = (
        ("ContainersNotReady", f"containers with unready status: [{app}]")
        if ready is None
        else ("", "")
    )
    return [
        condition("PodReadyToStartContainers", "True", scheduled),
        condition("Initialized", "True", scheduled),
        condition("Ready", status, since, *because),
        condition("ContainersReady", status, since, *because),
        condition("PodScheduled", "True", scheduled),
    ]


def container_status(pod: Json, state: Json, *, ready: bool) -> Json:
    """What the kubelet says of the pod's only container."""
    container = pod["spec"]["containers"][0]
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": f"{container['image']}@sha256:{'1d' * 32}" if ready else "",
        "ready": ready,
        "started": ready,
        "restartCount": 0,
        "state": state,
        "lastState": {},
    }


def running_status(pod: Json, since: datetime) -> Json:
    """The status of a pod that runs and is ready."""
    state = {"running": {"startedAt": rfc3339(since)}}
    return {
        "phase": "Running",
        "qosClass": "BestEffort",
        "startTime": rfc3339(since),
        "conditions": pod_conditions(since, ready=since),
        "containerStatuses": [container_status(pod, state, ready=True)],
    }


def waiting_status(pod: Json, since: datetime, reason: str, message: str = "") -> Json:
    """The status of a pod whose container has not started."""
    app = pod["spec"]["containers"][0]["name"]
    waiting = {"reason": reason, **({"message": message} if message else {})}
    return {
        "phase": "Pending",
        "qosClass": "BestEffort",
        "startTime": rfc3339(since),
        "conditions": pod_conditions(since, ready=None, app=app),
        "containerStatuses": [container_status(pod, {"waiting": waiting}, ready=False)],
    }


def completed_status(pod: Json, started: datetime, ended: datetime) -> Json:
    """The status of a pod whose only container ended as it should."""
    state = {
        "terminated": {
            "exitCode": 0,
            "reason": "Completed",
            "startedAt": rfc3339(started),
            "finishedAt": rfc3339(ended),
        }
    }
    reason = "PodCompleted"
    return {
        "phase": "Succeeded",
        "qosClass": "BestEffort",
        "startTime": rfc3339(started),
        "conditions": [
            condition("PodReadyToStartContainers", "False", ended),
            condition("Initialized", "True", started, reason),
            condition("Ready", "False", ended, reason),
            condition("ContainersReady", "False", ended, reason),
            condition("PodScheduled", "True", started),
        ],
        "containerStatuses": [container_status(pod, state, ready=False)],
    }


def unpulled(image: str) -> str:
    """What a kubelet with containerd says while it backs off from an image that is not there."""
    return (
        f'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound desc = '
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": '
        f"{image}: not found"
    )


def event(about: Json, moment: datetime, reason: str, message: str, **more: Any) -> Json:
    """An event of the core group."""
    metadata = about["metadata"]
    first = more.get("first", moment)
    return manifest(
        "v1",
        "Event",
        f"{metadata['name']}.{reason.lower()}",
        namespace=metadata["namespace"],
        involvedObject={
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        type=more.get("type", "Warning"),
        reason=reason,
        message=message,
        source={"component": more.get("component", "kubelet")},
        reportingComponent=more.get("component", "kubelet"),
        reportingInstance="",
        count=more.get("count", 1),
        firstTimestamp=rfc3339(first),
        lastTimestamp=rfc3339(moment),
        eventTime=None,
    )

"""What stands around the pods of one app: its Deployment, what makes its pods, what they use."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from bench.managed_fields import of_fields, of_workload, written
from bench.pods import NOW, App

type Thing = tuple[str, dict[str, Any]]
"""Where the API server lists an object, and the object."""

OLD_REVISIONS = 2  # ReplicaSets that a Deployment keeps without pods
EVENTS = 5  # for two apps, on average
HOURLY = timedelta(hours=1)  # an API server forgets events after that


def around(app: App) -> Iterator[Thing]:
    """The app whole, its pods included."""
    pods = [*app.pods()]
    yield from (("/api/v1/pods", pod) for pod in pods)
    ready = 0 if app.state != "running" else len(pods)
    ready += sum(number % 10 == 1 for number in range(len(pods))) if not ready else 0
    yield "/apis/apps/v1/deployments", _deployment(app, ready)
    for revision in range(OLD_REVISIONS + 1):
        yield "/apis/apps/v1/replicasets", _replica_set(app, revision, ready)
    yield from _used(app)
    yield from _network(app, pods)
    if app.number % 5 == 0:
        yield "/apis/autoscaling/v2/horizontalpodautoscalers", _autoscaler(app)
    if app.number % 3 == 0:
        yield "/apis/policy/v1/poddisruptionbudgets", _budget(app, ready)
    if app.number % 8 == 0:
        yield from _volume(app)
    yield from (("/api/v1/events", each) for each in _events(app, pods))


def meta(app: App, name: str, **more: Any) -> dict[str, Any]:
    """The metadata of an object of that app."""
    return {
        "name": name,
        "namespace": app.namespace,
        "uid": app.new_uid(),
        "resourceVersion": str(30_000_000 + app.number),
        "creationTimestamp": written(app.born),
        "labels": app.labels,
        "annotations": {
            "meta.helm.sh/release-name": app.name,
            "meta.helm.sh/release-namespace": app.namespace,
        },
    } | more


def _selector(app: App) -> dict[str, str]:
    return {"app.kubernetes.io/instance": app.name}


def _template(app: App, image: str = "") -> dict[str, Any]:
    """The template of its pods, of an older revision if an image is named."""
    spec = app.spec()
    if image:
        first, *others = spec["containers"]
        spec["containers"] = [first | {"image": image}, *others]
    return {"metadata": {"labels": app.labels}, "spec": spec}


def _deployment(app: App, ready: int) -> dict[str, Any]:
    fields = of_workload(app.spec(), app.labels, app.born, NOW - HOURLY)
    metadata = meta(app, app.name, uid=app.uid, generation=3, managedFields=fields)
    metadata["annotations"] |= {"deployment.kubernetes.io/revision": str(OLD_REVISIONS + 1)}
    well = ready == app.replicas
    since = written(app.born + timedelta(minutes=1))
    return {
        "metadata": metadata,
        "spec": {
            "replicas": app.replicas,
            "selector": {"matchLabels": _selector(app)},
            "template": _template(app),
            "strategy": {"type": "RollingUpdate"},
            "progressDeadlineSeconds": 600,
        },
        "status": {
            "observedGeneration": 3,
            "replicas": app.replicas,
            "updatedReplicas": app.replicas,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": [
                {
                    "type": "Available",
                    "status": "True" if well else "False",
                    "reason": "MinimumReplicasAvailable" if well else "MinimumReplicasUnavailable",
                    "lastTransitionTime": since,
                },
                {
                    "type": "Progressing",
                    "status": "True",
                    "reason": "NewReplicaSetAvailable",
                    "lastTransitionTime": since,
                },
            ],
        },
    }


def _replica_set(app: App, revision: int, ready: int) -> dict[str, Any]:
    newest = revision == OLD_REVISIONS
    reference = app.reference
    name = str(reference["name"]) if newest else f"{app.name}-{app.word(10)}"
    owner = reference | {"kind": "Deployment", "name": app.name, "uid": app.uid}
    wanted = app.replicas if newest else 0
    fields = of_workload(app.spec(), app.labels, app.born, NOW - HOURLY)
    born = app.born - timedelta(days=OLD_REVISIONS - revision)
    metadata = meta(
        app,
        name,
        creationTimestamp=written(born),
        ownerReferences=[owner],
        generation=1,
        managedFields=fields,
    )
    if newest:
        metadata["uid"] = reference["uid"]
    return {
        "metadata": metadata,
        "spec": {
            "replicas": wanted,
            "selector": {"matchLabels": _selector(app)},
            "template": _template(
                app, "" if newest else f"{app.containers[0]['image']}-{revision}"
            ),
        },
        "status": {
            "observedGeneration": 1,
            "replicas": wanted,
            "readyReplicas": min(wanted, ready),
            "availableReplicas": min(wanted, ready),
        },
    }


def _used(app: App) -> Iterator[Thing]:
    """What its pods mount and run as; one app in four hundred lost its ConfigMap."""
    config = of_fields("helm", app.born, {"data": ("app.yaml", "log.yaml")})
    if app.number % 400 != 7:
        name = f"{app.name}-config"
        yield "/api/v1/configmaps", {"metadata": meta(app, name, managedFields=config)}
    secret = of_fields("helm", app.born, {"data": app.keys()})
    name = f"{app.name}-secrets"
    yield "/api/v1/secrets", {"metadata": meta(app, name, managedFields=secret)}
    yield "/api/v1/serviceaccounts", {"metadata": meta(app, app.name)}


def _network(app: App, pods: Sequence[dict[str, Any]]) -> Iterator[Thing]:
    """A service of each, an ingress of some; one service in four hundred selects nobody."""
    lost = app.number % 400 == 11
    ports = [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]
    fields = of_fields("helm", app.born, {"spec": ("ports", "selector", "type")})
    yield (
        "/api/v1/services",
        {
            "metadata": meta(app, app.name, managedFields=fields),
            "spec": {
                "type": "ClusterIP",
                "clusterIP": f"10.96.{app.number // 250 % 250}.{app.number % 250}",
                "selector": {"app.kubernetes.io/instance": "nobody"} if lost else _selector(app),
                "ports": ports,
            },
        },
    )
    reference = {"apiVersion": "v1", "kind": "Service", "name": app.name, "uid": app.new_uid()}
    labels = app.labels | {"kubernetes.io/service-name": app.name}
    metadata = meta(app, f"{app.name}-{app.word(5)}", ownerReferences=[reference], labels=labels)
    yield (
        "/apis/discovery.k8s.io/v1/endpointslices",
        {
            "metadata": metadata,
            "addressType": "IPv4",
            "endpoints": []
            if lost
            else [_endpoint(pod) for pod in pods if "podIP" in pod["status"]],
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        },
    )
    if app.number % 4 == 0:
        service = {"service": {"name": app.name, "port": {"number": 80}}}
        path = {"path": "/", "pathType": "Prefix", "backend": service}
        host = f"{app.name}.{app.namespace}.shop.example"
        yield (
            "/apis/networking.k8s.io/v1/ingresses",
            {
                "metadata": meta(app, app.name),
                "spec": {
                    "ingressClassName": "nginx",
                    "rules": [{"host": host, "http": {"paths": [path]}}],
                },
                "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}},
            },
        )


def _endpoint(pod: dict[str, Any]) -> dict[str, Any]:
    ready = pod["status"]["containerStatuses"][0]["ready"]
    metadata = pod["metadata"]
    named = {each: metadata[each] for each in ("namespace", "name", "uid")}
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod"} | named,
    }


def _autoscaler(app: App) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": app.name}
    return {
        "metadata": meta(app, app.name),
        "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 30},
        "status": {
            "currentReplicas": app.replicas,
            "desiredReplicas": app.replicas,
            "conditions": [
                {"type": each, "status": "True", "lastTransitionTime": written(app.born)}
                for each in ("AbleToScale", "ScalingActive")
            ],
        },
    }


def _budget(app: App, ready: int) -> dict[str, Any]:
    return {
        "metadata": meta(app, app.name, generation=1),
        "spec": {"selector": {"matchLabels": _selector(app)}, "maxUnavailable": 1},
        "status": {
            "observedGeneration": 1,
            "disruptionsAllowed": int(ready == app.replicas),
            "currentHealthy": ready,
            "desiredHealthy": app.replicas - 1,
            "expectedPods": app.replicas,
        },
    }


def _volume(app: App) -> Iterator[Thing]:
    name = f"pvc-{app.new_uid()}"
    metadata = meta(app, f"{app.name}-data")
    size = {"storage": "10Gi"}
    yield (
        "/api/v1/persistentvolumeclaims",
        {
            "metadata": metadata,
            "spec": {
                "storageClassName": "fast",
                "volumeName": name,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": size},
            },
            "status": {"phase": "Bound", "capacity": size},
        },
    )
    claim = {key: metadata[key] for key in ("namespace", "name", "uid")}
    yield (
        "/api/v1/persistentvolumes",
        {
            "metadata": meta(app, name) | {"namespace": ""},
            "spec": {
                "claimRef": claim,
                "storageClassName": "fast",
                "persistentVolumeReclaimPolicy": "Delete",
                "capacity": size,
            },
            "status": {"phase": "Bound"},
        },
    )


def _events(app: App, pods: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What its kubelets had to say: good news, unless it is unwell."""
    reason, message = {
        "crashing": ("BackOff", f"Back-off restarting failed container main in pod {app.name}"),
        "pulling": ("Failed", "Failed to pull image: not found"),
        "pending": ("FailedScheduling", "0/400 nodes are available: 388 Insufficient memory."),
    }.get(app.state, ("Pulled", "Container image already present on machine"))
    for number in range(EVENTS // 2 + app.number % 2):
        about = pods[number % len(pods)]["metadata"]
        first = NOW - timedelta(seconds=app.dice.randint(60, 3_500))
        yield {
            "metadata": meta(app, f"{about['name']}.{app.hex(16)}", labels={}, annotations={}),
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "fieldPath": "spec.containers{main}",
            }
            | {each: about[each] for each in ("namespace", "name", "uid")},
            "reason": reason,
            "message": message,
            "type": "Normal" if reason == "Pulled" else "Warning",
            "count": 1 + number,
            "firstTimestamp": written(first),
            "lastTimestamp": written(NOW - timedelta(seconds=app.dice.randint(5, 59))),
            "source": {"component": "kubelet", "host": app.node()},
            "reportingComponent": "kubelet",
        }

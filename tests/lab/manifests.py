"""Objects for the real lab, as short as a test can say them."""

import json
from collections.abc import Mapping
from typing import Any

from lab.control_plane import Lab

IMAGE = "registry.example/app:1"
Json = dict[str, Any]


def create(lab: Lab, namespace: str, *objects: Json) -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    lab.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(whole))


def container(name: str = "app", image: str = IMAGE, **more: Any) -> Json:
    return {"name": name, "image": image} | more


def shell(script: str, **more: Any) -> Json:
    return container(command=["sh", "-c", script], **more)


def template(*containers: Json, annotations: Mapping[str, str] | None = None, **spec: Any) -> Json:
    return {
        "metadata": {"labels": {"app": "web"}, "annotations": dict(annotations or {})},
        "spec": {"containers": list(containers) or [container()]} | spec,
    }


def deployment(pods: Json, *, replicas: int = 1, deadline: int = 600) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": deadline,
            "selector": {"matchLabels": {"app": "web"}},
            "template": pods,
        },
    }


def pod(pods: Json, name: str = "web") -> Json:
    metadata = pods["metadata"] | {"name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pods["spec"]}


def waiting_reason(lab: Lab, namespace: str, *, of: str = "containerStatuses") -> str:
    """Of the first container of the newest pod; empty when it does not wait."""
    pods = lab.get("pods", "-n", namespace, "--sort-by=.metadata.creationTimestamp")["items"]
    statuses = pods[-1]["status"].get(of, []) if pods else []
    return str(statuses[0]["state"].get("waiting", {}).get("reason", "")) if statuses else ""


def ready(lab: Lab, namespace: str) -> int:
    return int(lab.get("deployment", "web", "-n", namespace)["status"].get("readyReplicas", 0))


def events(lab: Lab, namespace: str, reason: str) -> list[Json]:
    found = lab.get("events", "-n", namespace, f"--field-selector=reason={reason}")
    return list(found["items"])

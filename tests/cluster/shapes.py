"""Manifests for tests on the lab."""

import random
from collections.abc import Mapping

type Manifest = dict[str, object]


def workload(
    kind: str,
    name: str,
    namespace: str,
    *,
    dice: random.Random | None = None,
    pod: Mapping[str, object] | None = None,
    **spec: object,
) -> Manifest:
    """One workload of one container; with dice it starts as slowly as real programs do."""
    slow = {"lab.holdfast.dev/slow-start": f"{dice.randint(30, 120)}s"} if dice else {}
    template: dict[str, object] = {
        "metadata": {"labels": {"app": name}, "annotations": slow},
        "spec": {"containers": [{"name": "app", "image": f"{name}:1"}], **(pod or {})},
    }
    if kind == "Job":
        template["spec"] = {**template["spec"], "restartPolicy": "Never"}  # type: ignore[dict-item]
        selector: dict[str, object] = {}
    else:
        selector = {"selector": {"matchLabels": {"app": name}}}
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**selector, "template": template, **spec},
    }


def plain(api_version: str, kind: str, name: str, namespace: str = "", **rest: object) -> Manifest:
    """Any other object."""
    where = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, **where},
        **rest,
    }


def namespace(name: str, **labels: str) -> Manifest:
    """A namespace."""
    made = plain("v1", "Namespace", name)
    made["metadata"] = {"name": name, "labels": labels}
    return made


def claim(name: str, namespace: str, storage_class: str) -> Manifest:
    """A volume claim of one gibibyte."""
    return plain(
        "v1",
        "PersistentVolumeClaim",
        name,
        namespace,
        spec={
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    )


def service(name: str, namespace: str, app: str, port: int = 80) -> Manifest:
    """A service of the pods of a workload."""
    spec = {"selector": {"app": app}, "ports": [{"port": port}]}
    return plain("v1", "Service", name, namespace, spec=spec)

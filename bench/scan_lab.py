"""A scan of a real API server with two thousand pods, beside what a person would type instead.

The comparison is with `kubectl get` of the kinds that a scan reads, and of the few kinds that
people look at first. All three are whole processes, TLS and JSON included, with the same
credential; kubectl's discovery cache is warm.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.children import CouldNotMeasure, Took, environment, watch
from bench.figures import MIB, Entry, Figure, ratio
from bench.workbench import Workbench
from holdfast.facts import kinds_read
from lab.control_plane import Lab
from lab.errors import LabError
from lab.parts import Options

NAME = "scan-lab"
WHAT = "scan a lab of 2,000 pods, beside kubectl get"
NAMESPACES = 20
DEPLOYMENTS = 10  # in each
REPLICAS = 10  # of each
CLAIMS = 2  # in each namespace
AT_ONCE = 4  # namespaces that are made side by side
PODS = NAMESPACES * DEPLOYMENTS * REPLICAS
PATIENCE = 300.0  # seconds until all of them run


def run(bench: Workbench) -> Entry:
    """In a lab of its own."""
    home = bench.place(NAME)
    try:
        # Without the kubelets' good news: events only make kubectl's work longer.
        with Lab.start(Options(quiet=True, audit=False), folder=home / "lab") as lab:
            fill(lab)
            return _compared(lab, bench.installed.holdfast, home, bench.rounds(7))
    except LabError as why:
        raise CouldNotMeasure(str(why)) from None


def fill(lab: Lab, namespaces: int = NAMESPACES, patience: float = PATIENCE) -> None:
    """Create everything, and wait until every pod is ready."""

    def create(number: int) -> None:
        everything = {"apiVersion": "v1", "kind": "List", "items": [*objects(number)]}
        lab.kubectl("create", "-f", "-", stdin=json.dumps(everything))

    lab.kubeconfig()  # written once, before several want it at once
    with ThreadPoolExecutor(AT_ONCE) as several:
        for _ in several.map(create, range(namespaces)):
            pass
    wanted = namespaces * DEPLOYMENTS * REPLICAS
    with closing(lab.client()) as client:

        def ready() -> bool:
            there = client.get("/apis/apps/v1/deployments").json()["items"]
            return bool(sum(each["status"].get("readyReplicas", 0) for each in there) == wanted)

        lab.wait(ready, within=patience, what=f"{wanted:,} ready pods")


def _compared(lab: Lab, holdfast: Path, home: Path, rounds: int) -> Entry:
    """Scan and list in turns; the first round, which fills caches, does not count."""
    get = (lab.kubectl_path, "get", "-A", "-o", "json")
    served = set(lab.kubectl("api-resources", "-o", "name").split())
    names = (kind.api.resource for kind in kinds_read())
    read = ",".join(name for name in names if name in served)
    programs: dict[str, list[str | Path]] = {
        "scan": [holdfast, "scan"],
        "kubectl": [*get, "pods,deploy,rs,svc,pvc,events"],
        "same": [*get, read],
    }
    env = environment(HOME=str(home), KUBECONFIG=str(lab.kubeconfig()))
    took: dict[str, list[Took]] = {name: [] for name in programs}
    for turn in range(rounds + 1):
        for name, program in programs.items():
            one = watch(program, env=env, cwd=home)  # a scan that finds nothing exits 0
            if turn > 0:
                took[name].append(one)
    wall = {name: tuple(one.wall for one in each) for name, each in took.items()}
    cpu = {name: tuple(one.cpu for one in each) for name, each in took.items()}
    peak = {name: tuple(one.peak / MIB for one in each) for name, each in took.items()}
    return Entry(
        name=NAME,
        what=WHAT,
        n=PODS,
        figures=(
            Figure(what="holdfast scan: wall", unit="s", values=wall["scan"]),
            Figure(what="kubectl get: wall", unit="s", values=wall["kubectl"]),
            ratio("scan / kubectl get: wall", wall["scan"], wall["kubectl"], at_most=1),
            ratio(
                "scan / kubectl get of the same kinds: wall", wall["scan"], wall["same"], at_most=1
            ),
            Figure(what="holdfast scan: CPU", unit="s", values=cpu["scan"]),
            Figure(what="kubectl get: CPU", unit="s", values=cpu["kubectl"]),
            Figure(what="holdfast scan: peak", unit="MiB", values=peak["scan"]),
            Figure(what="kubectl get: peak", unit="MiB", values=peak["kubectl"]),
            ratio("scan / kubectl get: peak", peak["scan"], peak["kubectl"], at_most=1 / 4),
            ratio("scan / kubectl get of the same kinds: peak", peak["scan"], peak["same"]),
        ),
        notes=(
            f"{PODS:,} pods of {NAMESPACES * DEPLOYMENTS} Deployments in {NAMESPACES} namespaces; "
            + sizes(lab),
            f"kubectl get pods,deploy,rs,svc,pvc,events -A -o json; the same kinds: {read}",
        ),
    )


def sizes(lab: Lab) -> str:
    """How big its pods are, and how many events it has."""
    with closing(lab.client()) as client:
        pods = client.get("/api/v1/pods")
        events = client.get("/api/v1/events")
    per_pod = len(pods.body) / len(pods.json()["items"])
    return f"{per_pod:,.0f} bytes a pod, {len(events.json()['items']):,} events"


def objects(number: int) -> Iterator[dict[str, Any]]:
    """What a namespace is filled with; the cluster makes ReplicaSets, pods and events of it."""
    namespace = f"team-{number:02}"
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    for c in range(CLAIMS):
        yield _claim(f"data-{c}", namespace)
    for d in range(DEPLOYMENTS):
        yield _deployment(f"app-{d}", namespace)
        yield _service(f"app-{d}", namespace)


def _deployment(name: str, namespace: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": namespace}
    container = {
        "name": "main",
        "image": f"registry.shop.example/{namespace}/{name}:1.4.2",
        "ports": [{"containerPort": 8080}],
        "env": [{"name": f"SETTING_{n}", "value": f"{name}.{namespace}:{n}"} for n in range(8)],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def _service(name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"app.kubernetes.io/name": name},
            "ports": [{"port": 80, "targetPort": 8080}],
        },
    }


def _claim(name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "storageClassName": "lab-immediate",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }

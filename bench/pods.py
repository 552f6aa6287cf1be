"""Pods as a busy cluster holds them, made from a seed: managed fields, probes, conditions and all.

Everything is made up. What a pod carries follows what an API server sends: most of them run, a few
do not, and those of one owner have their labels, image and variables in common.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.managed_fields import managed_fields, written

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEAMS = ("billing", "search", "checkout", "stock", "mail", "media", "fraud", "login", "maps", "ads")
PARTS = ("api", "worker", "cache", "gateway", "indexer", "cron", "web", "sync")
STATES = ("running",) * 93 + ("crashing",) * 3 + ("pulling",) * 2 + ("pending",) + ("done",)
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
MESH = "registry.shop.example/platform/mesh-proxy:1.24.3"
WITH_MESH = 0.05  # of the owners give their pods a second container


def pods(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """That many pods, ten to an owner on average."""
    dice = random.Random(seed)
    made = 0
    while made < count:
        owner = _Owner(dice)
        for _ in range(min(dice.randint(1, 19), count - made)):
            made += 1
            yield owner.pod(made)


class _Owner:
    """A ReplicaSet: what its pods have in common."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        team, part = dice.choice(TEAMS), dice.choice(PARTS)
        self.app = f"{team}-{part}"
        self.namespace = f"{team}-{dice.choice(('blue', 'green', 'live', 'test'))}"
        template = self.word(10)
        self.reference = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": f"{self.app}-{template}",
            "uid": self.uid(),
            "controller": True,
            "blockOwnerDeletion": True,
        }
        version = f"{dice.randint(1, 9)}.{dice.randint(0, 30)}.{dice.randint(0, 12)}"
        self.labels = {
            "app.kubernetes.io/component": part,
            "app.kubernetes.io/instance": self.app,
            "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/name": part,
            "app.kubernetes.io/version": version,
            "pod-template-hash": template,
            "shop.example/team": team,
        }
        self.annotations = {"checksum/config": self.hex(64), "prometheus.io/scrape": "true"}
        self.containers = [self.container("main", f"registry.shop.example/{team}/{part}:{version}")]
        if dice.random() < WITH_MESH:
            self.containers.append(self.container("mesh", MESH))
        self.digests = {each["image"]: f"sha256:{self.hex(64)}" for each in self.containers}
        self.born = NOW - timedelta(seconds=dice.randint(3_600, 40 * 86_400))

    def pod(self, number: int) -> dict[str, Any]:
        state = self.dice.choice(STATES)
        created = self.born + timedelta(seconds=self.dice.randint(0, 3_000))
        last = NOW - timedelta(seconds=self.dice.randint(20, 280))
        metadata: dict[str, Any] = {
            "name": f"{self.reference['name']}-{self.word(5)}",
            "generateName": f"{self.reference['name']}-",
            "namespace": self.namespace,
            "uid": self.uid(),
            "resourceVersion": str(40_000_000 + number * 7),
            "creationTimestamp": written(created),
            "labels": self.labels,
            "annotations": self.annotations,
            "ownerReferences": [self.reference],
        }
        pod = {
            "metadata": metadata,
            "spec": self.spec() | ({} if state == "pending" else {"nodeName": self.node()}),
            "status": self.status(state, created, last),
        }
        metadata["managedFields"] = managed_fields(pod, last)
        return pod

    def container(self, name: str, image: str) -> dict[str, Any]:
        variables = [self.variable(n) for n in range(self.dice.randint(6, 10))]
        return {
            "name": name,
            "image": image,
            "ports": [{"containerPort": 8080, "protocol": "TCP"}],
            "env": variables,
            "resources": {
                "limits": {"memory": "512Mi"},
                "requests": {"cpu": "100m", "memory": "256Mi"},
            },
            "volumeMounts": [
                {"name": "config", "mountPath": "/etc/app", "readOnly": True},
                {
                    "name": "kube-api-access",
                    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                    "readOnly": True,
                },
            ],
            "livenessProbe": _probe("/alive", 10),
            "readinessProbe": _probe("/ready", 5),
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
            "securityContext": {"capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True},
        }

    def variable(self, n: int) -> dict[str, Any]:
        name = f"{self.dice.choice(('DB', 'QUEUE', 'CACHE', 'FEATURE', 'HTTP'))}_SETTING_{n}"
        if self.dice.random() < 0.3:
            key = {"name": f"{self.app}-secrets", "key": name.lower()}
            return {"name": name, "valueFrom": {"secretKeyRef": key}}
        return {"name": name, "value": f"{self.word(8)}.{self.namespace}.svc:{n + 8000}"}

    def spec(self) -> dict[str, Any]:
        gone = ("not-ready", "unreachable")
        return {
            "volumes": [
                {"name": "config", "configMap": {"name": f"{self.app}-config", "defaultMode": 420}},
                {"name": "kube-api-access", "projected": _projected()},
            ],
            "containers": self.containers,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": self.app,
            "serviceAccount": self.app,
            "securityContext": {"runAsNonRoot": True, "fsGroup": 10001},
            "imagePullSecrets": [{"name": "registry-pull"}],
            "schedulerName": "default-scheduler",
            "tolerations": [
                {
                    "key": f"node.kubernetes.io/{each}",
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }
                for each in gone
            ],
            "priority": 0,
            "enableServiceLinks": True,
            "preemptionPolicy": "PreemptLowerPriority",
        }

    def status(self, state: str, created: datetime, last: datetime) -> dict[str, Any]:
        if state == "pending":
            why = (
                "0/400 nodes are available: 12 node(s) had untolerated taint "
                "{node-role.kubernetes.io/control-plane: }, 388 Insufficient memory. preemption: "
                "0/400 nodes are available: 12 Preemption is not helpful for scheduling, "
                "388 No preemption victims found for incoming pod."
            )
            unplaced = {"reason": "Unschedulable", "message": why}
            placed = _condition("PodScheduled", created, holds=False) | unplaced
            return {"phase": "Pending", "conditions": [placed], "qosClass": "Burstable"}
        well = state == "running"
        ready = created + timedelta(seconds=self.dice.randint(3, 40))
        since = ready if well else last
        third, fourth = self.dice.randint(0, 255), self.dice.randint(1, 254)
        return {
            "phase": {"pulling": "Pending", "done": "Succeeded"}.get(state, "Running"),
            "conditions": [
                _condition("PodReadyToStartContainers", created, holds=True),
                _condition("Initialized", created, holds=True),
                _condition("Ready", since, holds=well),
                _condition("ContainersReady", since, holds=well),
                _condition("PodScheduled", created, holds=True),
            ],
            "hostIP": f"10.8.{third}.{fourth}",
            "hostIPs": [{"ip": f"10.8.{third}.{fourth}"}],
            "podIP": f"10.32.{third}.{fourth}",
            "podIPs": [{"ip": f"10.32.{third}.{fourth}"}],
            "startTime": written(created),
            "containerStatuses": [
                self.container_status(each["name"], each["image"], state, since)
                for each in self.containers
            ],
            "qosClass": "Burstable",
        }

    def container_status(
        self, name: str, image: str, state: str, since: datetime
    ) -> dict[str, Any]:
        container_id = f"containerd://{self.hex(64)}"
        ended = {
            "startedAt": written(since - timedelta(seconds=9)),
            "finishedAt": written(since),
            "containerID": container_id,
        }
        now: dict[str, dict[str, Any]] = {"running": {"startedAt": written(since)}}
        last: dict[str, Any] = {}
        restarts = 0
        match state:
            case "crashing":
                why = f"back-off 5m0s restarting failed container={name} pod={self.app}"
                now = {"waiting": {"reason": "CrashLoopBackOff", "message": why}}
                last = {"terminated": {"exitCode": 1, "reason": "Error"} | ended}
                restarts = self.dice.randint(4, 900)
            case "pulling":
                why = f'Back-off pulling image "{image}"'
                now = {"waiting": {"reason": "ImagePullBackOff", "message": why}}
            case "done":
                now = {"terminated": {"exitCode": 0, "reason": "Completed"} | ended}
        return {
            "name": name,
            "state": now,
            "lastState": last,
            "ready": state == "running",
            "restartCount": restarts,
            "image": image,
            "imageID": f"{image.rpartition(':')[0]}@{self.digests[image]}",
            "containerID": container_id,
            "started": state == "running",
        }

    def node(self) -> str:
        return f"node-{self.dice.randint(1, 400):03}.rack.shop.example"

    def word(self, length: int) -> str:
        return "".join(self.dice.choices(LETTERS, k=length))

    def hex(self, length: int) -> str:
        return f"{self.dice.getrandbits(4 * length):0{length}x}"

    def uid(self) -> str:
        raw = self.hex(32)
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def _probe(path: str, period: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": 8080, "scheme": "HTTP"},
        "timeoutSeconds": 2,
        "periodSeconds": period,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def _projected() -> dict[str, Any]:
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    ca: dict[str, Any] = {"key": "ca.crt", "path": "ca.crt"}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [ca]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
        ],
        "defaultMode": 420,
    }


def _condition(type_: str, since: datetime, *, holds: bool) -> dict[str, Any]:
    return {
        "type": type_,
        "status": "True" if holds else "False",
        "lastProbeTime": None,
        "lastTransitionTime": written(since),
    }

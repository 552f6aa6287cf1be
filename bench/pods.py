"""The pods of one Deployment as a busy cluster holds them, made from a seed.

Everything is made up. What a pod carries follows what an API server sends, managed fields, probes
and conditions and all: those of one owner have their labels, image and variables in common, and
most of them run.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.managed_fields import managed_fields, written

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PARTS = ("api", "worker", "cache", "gateway", "indexer", "cron", "web", "sync")
STATES = ("running",) * 95 + ("crashing",) * 2 + ("pulling",) * 2 + ("pending",)
"""How an owner's pods do, most of them: of twenty owners, one is unwell."""
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
MESH = "registry.shop.example/platform/mesh-proxy:1.24.3"
WITH_MESH = 0.05  # of the owners give their pods a second container


class App:
    """A Deployment and its ReplicaSet: what its pods have in common, and the pods.

    It has dice of its own, so that each is the same whatever was made before it.
    """

    def __init__(self, seed: int, number: int, namespace: str, replicas: int, nodes: int) -> None:
        self.dice = dice = random.Random(f"{seed}/{number}")
        self.number, self.namespace, self.replicas, self.nodes = number, namespace, replicas, nodes
        self.state = dice.choice(STATES)
        part = dice.choice(PARTS)
        team = namespace.partition("-")[0]
        self.name = f"{part}-{number}"
        self.uid = self.new_uid()
        self.template = self.word(10)
        self.reference = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": f"{self.name}-{self.template}",
            "uid": self.new_uid(),
            "controller": True,
            "blockOwnerDeletion": True,
        }
        version = f"{dice.randint(1, 9)}.{dice.randint(0, 30)}.{dice.randint(0, 12)}"
        self.labels = {
            "app.kubernetes.io/component": part,
            "app.kubernetes.io/instance": self.name,
            "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/name": part,
            "app.kubernetes.io/version": version,
            "shop.example/team": team,
        }
        self.annotations = {"checksum/config": self.hex(64), "prometheus.io/scrape": "true"}
        self.containers = [self.container("main", f"registry.shop.example/{team}/{part}:{version}")]
        if dice.random() < WITH_MESH:
            self.containers.append(self.container("mesh", MESH))
        self.digests = {each["image"]: f"sha256:{self.hex(64)}" for each in self.containers}
        self.born = NOW - timedelta(seconds=dice.randint(7_200, 40 * 86_400))

    def pods(self) -> Iterator[dict[str, Any]]:
        """As many as it has replicas; those of an app that is unwell are so but for one in ten."""
        for number in range(self.replicas):
            yield self.pod(number, self.state if number % 10 != 1 else "running")

    def pod(self, number: int, state: str) -> dict[str, Any]:
        """One of them, in that state."""
        created = self.born + timedelta(seconds=self.dice.randint(0, 3_000))
        last = NOW - timedelta(seconds=self.dice.randint(20, 280))
        metadata: dict[str, Any] = {
            "name": f"{self.reference['name']}-{self.word(5)}",
            "generateName": f"{self.reference['name']}-",
            "namespace": self.namespace,
            "uid": self.new_uid(),
            "resourceVersion": str(40_000_000 + self.number * 7_000 + number * 7),
            "creationTimestamp": written(created),
            "labels": self.labels | {"pod-template-hash": self.template},
            "annotations": self.annotations,
            "ownerReferences": [self.reference],
        }
        pod = {
            "metadata": metadata,
            "spec": self.with_token(self.spec())
            | ({} if state == "pending" else {"nodeName": self.node()}),
            "status": self.status(state, created, last),
        }
        metadata["managedFields"] = managed_fields(pod, last)
        return pod

    def container(self, name: str, image: str) -> dict[str, Any]:
        """One of its containers, as asked for."""
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
            ],
            "livenessProbe": _probe("/alive", 10),
            "readinessProbe": _probe("/ready", 5),
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
            "securityContext": {"capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True},
        }

    def variable(self, n: int) -> dict[str, Any]:
        """A variable of a container; some come from the app's Secret."""
        name = f"{self.dice.choice(('DB', 'QUEUE', 'CACHE', 'FEATURE', 'HTTP'))}_SETTING_{n}"
        if self.dice.random() < 0.3:
            key = {"name": f"{self.name}-secrets", "key": name.lower()}
            return {"name": name, "valueFrom": {"secretKeyRef": key}}
        return {"name": name, "value": f"{self.word(8)}.{self.namespace}.svc:{n + 8000}"}

    def keys(self) -> list[str]:
        """The keys of its Secret that its containers ask for."""
        sources = (each.get("valueFrom") for one in self.containers for each in one["env"])
        return sorted({source["secretKeyRef"]["key"] for source in sources if source})

    def spec(self) -> dict[str, Any]:
        """What is asked of each of its pods, but for the node."""
        gone = ("not-ready", "unreachable")
        return {
            "volumes": [
                {"name": "config", "configMap": {"name": f"{self.name}-config"}},
            ],
            "containers": self.containers,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": self.name,
            "serviceAccount": self.name,
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

    def with_token(self, spec: dict[str, Any]) -> dict[str, Any]:
        """What admission makes of it: the account's token, in a volume that no other pod names."""
        name = f"kube-api-access-{self.word(5)}"
        path = "/var/run/secrets/kubernetes.io/serviceaccount"
        mount = {"name": name, "mountPath": path, "readOnly": True}
        containers = [
            each | {"volumeMounts": [*each["volumeMounts"], mount]} for each in spec["containers"]
        ]
        volumes = [*spec["volumes"], {"name": name, "projected": _projected()}]
        return spec | {"containers": containers, "volumes": volumes}

    def status(self, state: str, created: datetime, last: datetime) -> dict[str, Any]:
        """What became of one of them."""
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
            "phase": "Pending" if state == "pulling" else "Running",
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
        """What the kubelet says of one container."""
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
                why = f"back-off 5m0s restarting failed container={name} pod={self.name}"
                now = {"waiting": {"reason": "CrashLoopBackOff", "message": why}}
                last = {"terminated": {"exitCode": 1, "reason": "Error"} | ended}
                restarts = self.dice.randint(4, 900)
            case "pulling":
                why = f'Back-off pulling image "{image}"'
                now = {"waiting": {"reason": "ImagePullBackOff", "message": why}}
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
        """Any of the nodes."""
        return node_name(self.dice.randrange(self.nodes))

    def word(self, length: int) -> str:
        """Letters as generated names have them."""
        return "".join(self.dice.choices(LETTERS, k=length))

    def hex(self, length: int) -> str:
        """A digest."""
        return f"{self.dice.getrandbits(4 * length):0{length}x}"

    def new_uid(self) -> str:
        """A uid that nobody else has."""
        raw = self.hex(32)
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def node_name(number: int) -> str:
    """What that node is called."""
    return f"node-{number:04}.rack.shop.example"


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

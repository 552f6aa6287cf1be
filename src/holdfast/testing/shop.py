"""A small broken shop: three faults, and the healthy things that look like them.

| looks broken | is |
|---|---|
| claim `reports-data`, Pending: its provisioner does not answer | a fault; pod `reports-0` waits |
| pods of `checkout`, ImagePullBackOff: the image does not exist | a fault |
| Deployment `checkout`, 3 of 4 available, rollout past its deadline | a fault, by the one above |
| claim `archive`, Pending | healthy: binds late, and nobody mounts it yet |
| Deployment `cart`, 3 of 4 available, containers being created | healthy: a rollout that moves |
| Deployment `legacy`, nothing available | healthy: scaled to zero |
| pod `migrate-x7k2p`, not ready | healthy: its Job is done |
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from holdfast.testing import manifests
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.documents import Json
from holdfast.testing.manifests import condition, manifest
from holdfast.testing.simulated import SimulatedCluster

NAMESPACE = manifests.NAMESPACE
LENGTH = timedelta(days=3)  # from the first object to now
_OLD = ("b7x2f", "b7x2g", "b7x2h", "b7x2k")  # how pods of first revisions end
_BROKEN = "registry.example.com/shop/checkout:2.4.1"


def a_shop(*, now: datetime = NOON, seed: int = 0) -> SimulatedCluster:
    """A cluster with the broken shop in it, whose clock stands at that moment."""
    cluster = SimulatedCluster(seed=seed, clock=FrozenClock(now - LENGTH))
    broken_shop(cluster)
    return cluster


def a_well_shop(*, now: datetime = NOON, seed: int = 0) -> SimulatedCluster:
    """The same shop on a good day: nothing is broken, and all that looks like it is there."""
    cluster = SimulatedCluster(seed=seed, clock=FrozenClock(now - LENGTH))
    story = _Story(cluster)
    story.open()
    story.wait(timedelta(days=2))
    story.ask_for_an_archive()
    story.wait(timedelta(days=1, seconds=-40))
    story.begin_a_rollout()
    story.wait(timedelta(seconds=40))
    return cluster


def broken_shop(cluster: SimulatedCluster) -> None:
    """Tell the shop's last three days; the cluster's clock moves on by as much."""
    story = _Story(cluster)
    story.open()
    story.wait(timedelta(days=2))
    story.ask_for_an_archive()
    story.wait(timedelta(days=1) - timedelta(minutes=42))
    story.break_reports()
    story.wait(timedelta(minutes=25))
    story.break_checkout()
    story.wait(timedelta(minutes=16, seconds=20))
    story.begin_a_rollout()
    story.wait(timedelta(seconds=40))


class _Story:
    """Writes what people, controllers and kubelets would have written, when they would have."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster

    def wait(self, span: timedelta) -> None:
        self._cluster.clock.advance(span)

    @property
    def _now(self) -> datetime:
        return self._cluster.clock.now()

    def _create(self, document: Json, status: Json | None = None) -> Json:
        made = self._cluster.create(document)
        return made if status is None else self._tell(made, status)

    def _tell(self, document: Json, status: Json) -> Json:
        return self._cluster.update_status({**document, "status": status})

    def open(self) -> None:
        """The shop as it was: everything runs."""
        self._create(manifest("v1", "Namespace", NAMESPACE, namespace=None))
        for name in ("node-1", "node-2"):
            node = manifest("v1", "Node", name, namespace=None, spec={})
            reason, message = "KubeletReady", "kubelet is posting ready status"
            ready = condition("Ready", "True", self._now, reason, message)
            self._create(node, {"conditions": [ready]})
        for name, provisioner, binding in (
            ("standard", "disks.csi.example.com", "Immediate"),
            ("replicated", "block.csi.example.com", "Immediate"),
            ("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"),
        ):
            self._create(
                manifest(
                    "storage.k8s.io/v1",
                    "StorageClass",
                    name,
                    namespace=None,
                    provisioner=provisioner,
                    reclaimPolicy="Delete",
                    volumeBindingMode=binding,
                )
            )
        self._whole("web", "7d4b9c6f58", "registry.example.com/shop/web:5.2", 3)
        self._whole("cart", "5f6c8d9b77", "registry.example.com/shop/cart:1.9", 4)
        self._whole("checkout", "86f5b7c9d4", "registry.example.com/shop/checkout:2.4.0", 4)
        self._whole("legacy", "6c7d5f8b49", "registry.example.com/shop/legacy:0.3", 0)
        self._keep_books()
        self._migrate()

    def _whole(self, name: str, code: str, image: str, replicas: int) -> None:
        """A Deployment that has everything that it wants."""
        wanted = self._create(manifests.deployment(name, image, replicas))
        replica_set = self._create(manifests.replica_set(wanted, code, image, replicas))
        for n in range(replicas):
            pod = self._pod(replica_set, f"{replica_set['metadata']['name']}-{_OLD[n]}", image, n)
            self._tell(pod, manifests.running_status(pod, self._now))
        counts = {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}
        there = {k: v for k, v in counts.items() if v}
        self._tell(replica_set, {"observedGeneration": 1, "replicas": replicas, **there})
        reason, message = "MinimumReplicasAvailable", "Deployment has minimum availability."
        done = f'ReplicaSet "{name}-{code}" has successfully progressed.'
        conditions = [
            condition("Available", "True", self._now, reason, message),
            condition("Progressing", "True", self._now, "NewReplicaSetAvailable", done),
        ]
        updated = {"updatedReplicas": replicas} if replicas else {}
        status = {"observedGeneration": 1, **there, **updated, "conditions": conditions}
        self._tell(wanted, status)

    def _pod(self, owner: Json, name: str, image: str, n: int, *, claim: str = "") -> Json:
        node = f"node-{n % 2 + 1}"
        return self._create(manifests.pod_of(owner, name, image, claim=claim, node=node))

    def _claim(self, name: str, storage_class: str) -> Json:
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "20Gi"}},
            "storageClassName": storage_class,
        }
        return self._create(manifest("v1", "PersistentVolumeClaim", name, spec=spec))

    def _stateful_set(self, name: str, image: str, claim: str) -> Json:
        spec = {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": manifests.template(name, image, claim=claim),
        }
        selector = {"clusterIP": "None", "selector": {"app": name}, "ports": [{"port": 5432}]}
        self._create(manifest("v1", "Service", name, spec=selector))
        return self._create(manifest("apps/v1", "StatefulSet", name, spec=spec))

    def _keep_books(self) -> None:
        """A database whose claim is bound."""
        image = "registry.example.com/shop/ledger:16.4"
        claim = self._claim("ledger-data", "standard")
        volume = manifest(
            "v1",
            "PersistentVolume",
            f"pvc-{claim['metadata']['uid']}",
            namespace=None,
            spec={"capacity": {"storage": "20Gi"}, "storageClassName": "standard"},
        )
        self._create(volume, {"phase": "Bound"})
        name = volume["metadata"]["name"]
        bound = self._cluster.patch(
            "persistentvolumeclaims",
            "ledger-data",
            {"spec": {"volumeName": name}},
            namespace=NAMESPACE,
        )
        self._tell(bound, {"phase": "Bound", "capacity": {"storage": "20Gi"}})
        ledger = self._stateful_set("ledger", image, "ledger-data")
        pod = self._pod(ledger, "ledger-0", image, 0, claim="ledger-data")
        self._tell(pod, manifests.running_status(pod, self._now))
        counts = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}
        self._tell(ledger, {"observedGeneration": 1, **counts})

    def _migrate(self) -> None:
        """A Job that is done."""
        image = "registry.example.com/shop/migrate:5.2"
        spec = {"template": manifests.template("migrate", image), "backoffLimit": 6}
        job = self._create(manifest("batch/v1", "Job", "migrate", spec=spec))
        pod = self._pod(job, "migrate-x7k2p", image, 1)
        ended = self._now + timedelta(seconds=21)
        self._tell(pod, manifests.completed_status(pod, self._now, ended))
        complete = condition("Complete", "True", ended, "CompletionsReached")
        self._tell(job, {"succeeded": 1, "conditions": [complete]})

    def ask_for_an_archive(self) -> None:
        """A claim that may wait: it binds when the first pod comes."""
        claim = self._claim("archive", "local")
        message = "waiting for first consumer to be created before binding"
        self._event(claim, "WaitForFirstConsumer", message, component="persistentvolume-controller")

    def break_reports(self) -> None:
        """A claim that nobody provisions, and the pod that cannot start without it."""
        image = "registry.example.com/shop/reports:3.1"
        claim = self._claim("reports-data", "replicated")
        message = (
            "Waiting for a volume to be created either by the external provisioner "
            "'block.csi.example.com' or manually by the system administrator. If volume creation "
            "is delayed, please verify that the provisioner is running and correctly registered."
        )
        self._event(claim, "ExternalProvisioning", message, component="persistentvolume-controller")
        reports = self._stateful_set("reports", image, "reports-data")
        pod = self._create(manifests.pod_of(reports, "reports-0", image, claim="reports-data"))
        message = (
            "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. "
            "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        )
        unscheduled = condition("PodScheduled", "False", self._now, "Unschedulable", message)
        self._tell(pod, {"phase": "Pending", "qosClass": "BestEffort", "conditions": [unscheduled]})
        self._event(pod, "FailedScheduling", message, component="default-scheduler", warn=True)
        self._tell(reports, {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1})

    def break_checkout(self) -> None:
        """A rollout to an image that does not exist; it passes its deadline ten minutes later."""
        wanted, new = self._roll_out("checkout", "7b98d6f5c4", _BROKEN, old="86f5b7c9d4")
        for pod in self._first_pods(new, _BROKEN, ("m4kq8", "tz6wd")):
            message = manifests.unpulled(_BROKEN)
            status = manifests.waiting_status(pod, self._now, "ImagePullBackOff", message)
            told = self._tell(pod, status)
            self._event(told, "BackOff", message.partition(": ")[0], warn=True)
        late = f'ReplicaSet "{new["metadata"]["name"]}" has timed out progressing.'
        deadline = self._now + timedelta(minutes=10)
        stuck = condition("Progressing", "False", deadline, "ProgressDeadlineExceeded", late)
        self._half_way(wanted, new, stuck)

    def begin_a_rollout(self) -> None:
        """A rollout that moves: the pods of the new revision are on their way."""
        image = "registry.example.com/shop/cart:1.10"
        wanted, new = self._roll_out("cart", "848d9c7f6b", image, old="5f6c8d9b77")
        for pod in self._first_pods(new, image, ("q9rjs", "wl2vn")):
            self._tell(pod, manifests.waiting_status(pod, self._now, "ContainerCreating"))
        message = f'ReplicaSet "{new["metadata"]["name"]}" is progressing.'
        moving = condition("Progressing", "True", self._now, "ReplicaSetUpdated", message)
        self._half_way(wanted, new, moving)

    def _first_pods(self, new: Json, image: str, letters: Sequence[str]) -> Iterator[Json]:
        """The pods of a new ReplicaSet, one on each node."""
        for n, each in enumerate(letters):
            yield self._pod(new, f"{new['metadata']['name']}-{each}", image, n)

    def _half_way(self, wanted: Json, new: Json, progressing: Json) -> None:
        """What their controllers say of a rollout that has two new pods and keeps three old."""
        self._tell(new, {"observedGeneration": 1, "replicas": 2})
        available = wanted["status"]["conditions"][0]
        self._tell(wanted, _mid_rollout([available, progressing]))

    def _roll_out(self, name: str, code: str, image: str, *, old: str) -> tuple[Json, Json]:
        """A new revision of four: the old ReplicaSet shrinks to three, a new one of two appears.

        That is as far as a quarter more and a quarter less go.
        """
        keep = 3
        wanted = self._cluster.patch(
            "deployments.apps",
            name,
            {
                "metadata": {"annotations": {"deployment.kubernetes.io/revision": "2"}},
                "spec": {"template": manifests.template(name, image)},
            },
            namespace=NAMESPACE,
        )
        shrunk = f"{name}-{old}"
        last = f"{shrunk}-{_OLD[keep]}"
        self._cluster.delete("pods", last, namespace=NAMESPACE, grace_seconds=0)
        before = self._cluster.patch(
            "replicasets.apps", shrunk, {"spec": {"replicas": keep}}, namespace=NAMESPACE
        )
        counts = {"replicas": keep, "readyReplicas": keep, "availableReplicas": keep}
        self._tell(before, {"observedGeneration": 2, **counts})
        return wanted, self._create(manifests.replica_set(wanted, code, image, 2, number=2))

    def _event(
        self,
        about: Json,
        reason: str,
        message: str,
        *,
        component: str = "kubelet",
        warn: bool = False,
    ) -> None:
        kind = "Warning" if warn else "Normal"
        self._create(
            manifests.event(about, self._now, reason, message, component=component, type=kind)
        )


def _mid_rollout(conditions: list[Json]) -> Json:
    return {
        "observedGeneration": 2,
        "replicas": 5,
        "updatedReplicas": 2,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "unavailableReplicas": 2,
        "conditions": conditions,
    }

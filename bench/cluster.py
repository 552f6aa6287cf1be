"""A whole cluster, made from a seed: so many pods, and everything else in proportion to them.

For 20,000 pods that is 2,000 Deployments with three ReplicaSets each, 200 namespaces, 400 nodes and
5,000 events. One app in twenty is unwell, and of the rest a little is broken here and there.
"""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.apps import Thing, around
from bench.managed_fields import of_fields, written
from bench.pods import NOW, App, node_name

PODS_PER_APP = 10  # on average: from 1 to 19
APPS_PER_NAMESPACE = 10
PODS_PER_NODE = 50
TEAMS = ("billing", "search", "checkout", "stock", "mail", "media", "fraud", "login", "maps", "ads")
LONG_AGO = NOW - timedelta(days=200)


def apps(pods: int, seed: int) -> Iterator[App]:
    """The Deployments that have that many pods between them."""
    dice = random.Random(seed)
    nodes = max(1, pods // PODS_PER_NODE)
    left, number, owed = pods, 0, 0
    while left:
        # Two and two have twenty pods, so that the number of apps is known.
        replicas = min(left, owed or dice.randint(1, 2 * PODS_PER_APP - 1))
        owed = 0 if owed else 2 * PODS_PER_APP - replicas
        yield App(seed, number, namespace_name(number // APPS_PER_NAMESPACE), replicas, nodes)
        left -= replicas
        number += 1


def pods(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """The pods alone."""
    for app in apps(count, seed):
        yield from app.pods()


def objects(count: int, seed: int) -> Iterator[Thing]:
    """Everything that a cluster of that many pods holds, with where it is listed."""
    dice = random.Random(seed)
    for number in range(max(1, count // PODS_PER_NODE)):
        yield from _node(number, dice)
    yield from _settings(dice)
    namespace = ""
    for app in apps(count, seed):
        if app.namespace != namespace:
            namespace = app.namespace
            yield from _namespace(namespace, dice)
        yield from around(app)


def namespace_name(number: int) -> str:
    """What that namespace is called."""
    return f"{TEAMS[number % len(TEAMS)]}-{number // len(TEAMS)}"


def _meta(name: str, dice: random.Random, namespace: str = "", **more: Any) -> dict[str, Any]:
    raw = f"{dice.getrandbits(128):032x}"
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}",
        "resourceVersion": "20000000",
        "creationTimestamp": written(LONG_AGO),
        "labels": {"kubernetes.io/metadata.name": name},
    } | more


def _node(number: int, dice: random.Random) -> Iterator[Thing]:
    """A node and its lease; one in four hundred does not answer."""
    name = node_name(number)
    lost = number % 400 == 13
    last = NOW - timedelta(minutes=20) if lost else NOW - timedelta(seconds=dice.randint(1, 9))
    conditions = [("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False")]
    conditions.append(("Ready", "Unknown" if lost else "True"))
    room = {"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    images = [
        {"names": [f"registry.shop.example/{team}/api@sha256:{dice.getrandbits(256):064x}"]}
        for team in TEAMS
    ]
    since = written(last if lost else LONG_AGO)
    yield (
        "/api/v1/nodes",
        {
            "metadata": _meta(name, dice, managedFields=of_fields("kubelet", last, {"status": ()})),
            "spec": {"podCIDR": f"10.32.{number % 250}.0/24"},
            "status": {
                "conditions": [
                    {"type": type_, "status": status, "lastTransitionTime": since}
                    for type_, status in conditions
                ],
                "allocatable": room,
                "capacity": room,
                "images": images,
                "nodeInfo": {"kubeletVersion": "v1.36.3"},
            },
        },
    )
    renewed = last.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": renewed}
    lease = {"metadata": _meta(name, dice, "kube-node-lease"), "spec": spec}
    yield "/apis/coordination.k8s.io/v1/leases", lease


def _settings(dice: random.Random) -> Iterator[Thing]:
    """What a cluster has once, however big it is."""
    for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
        yield "/api/v1/namespaces", {"metadata": _meta(name, dice), "status": {"phase": "Active"}}
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    yield (
        "/apis/storage.k8s.io/v1/storageclasses",
        {"metadata": _meta("fast", dice, annotations=default), "provisioner": "csi.shop.example"},
    )
    nginx = {"metadata": _meta("nginx", dice), "spec": {"controller": "shop.example/nginx"}}
    yield "/apis/networking.k8s.io/v1/ingressclasses", nginx
    for number in range(70):
        rule = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}
        role = {"metadata": _meta(f"system:part-{number}", dice), "rules": [rule]}
        yield "/apis/rbac.authorization.k8s.io/v1/clusterroles", role


def _namespace(name: str, dice: random.Random) -> Iterator[Thing]:
    """A namespace and what each has in it; one quota in a hundred is used up."""
    yield "/api/v1/namespaces", {"metadata": _meta(name, dice), "status": {"phase": "Active"}}
    keys = of_fields("kube-controller-manager", LONG_AGO, {"data": ("ca.crt",)})
    authority = _meta("kube-root-ca.crt", dice, name, managedFields=keys)
    yield "/api/v1/configmaps", {"metadata": authority}
    keys = of_fields("helm", LONG_AGO, {"data": (".dockerconfigjson",)})
    yield "/api/v1/secrets", {"metadata": _meta("registry-pull", dice, name, managedFields=keys)}
    yield "/api/v1/serviceaccounts", {"metadata": _meta("default", dice, name)}
    hard = {"pods": "200", "requests.memory": "200Gi"}
    used = hard if dice.random() < 0.01 else {"pods": "100", "requests.memory": "50Gi"}
    quota = {"spec": {"hard": hard}, "status": {"hard": hard, "used": used}}
    yield "/api/v1/resourcequotas", {"metadata": _meta("team", dice, name)} | quota
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]}
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    yield f"{rbac}/roles", {"metadata": _meta("reader", dice, name), "rules": [rule]}
    yield (
        f"{rbac}/rolebindings",
        {
            "metadata": _meta("reader", dice, name),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": name}],
        },
    )

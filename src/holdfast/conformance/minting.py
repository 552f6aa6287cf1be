"""What a keeper tries that was taken over: to bind, mint, write and unfence what is not its own."""

from collections.abc import Iterator
from typing import Any

from holdfast.conformance.acts import SPECS
from holdfast.grants.names import KEEPER, LEASES, OURS, RBAC, VALUES
from holdfast.ports.probing import Try

type Raw = dict[str, Any]

_ACCOUNTS = f"/api/v1/namespaces/{LEASES}/serviceaccounts"
_VALUES = f"/api/v1/namespaces/{LEASES}/configmaps"
_CLUSTER_BINDINGS = f"/apis/{RBAC}/v1/clusterrolebindings"
_ROLES = f"/apis/{RBAC}/v1/clusterroles"
_POLICIES = "/apis/admissionregistration.k8s.io/v1"


def somebodys(namespace: str) -> tuple[str, Raw]:
    """A binding that is none of the keeper's business."""
    body = _binding("somebodys", [{"kind": "ServiceAccount", "name": "x", "namespace": namespace}])
    return _bindings(namespace), {**body, "roleRef": _role("view")}


def early(namespace: str) -> tuple[Try, Try, Try]:
    """What fences refuse whether or not a lease is there: a Secret beside leases, an account that
    the keeper makes and is no lease, and a binding that nobody but the keeper makes.
    """
    own: list[Raw] = [{"kind": "ServiceAccount", "name": "early", "namespace": LEASES}]
    free = {"metadata": {"name": "early"}}
    return (
        _post(f"/api/v1/namespaces/{LEASES}/secrets", free),
        _post(_ACCOUNTS, free),
        _post(_bindings(namespace), _binding("early", own)),
    )


def tries(lease: str, workload: str, namespace: str) -> Iterator[Try]:
    """Each of them, with a lease of a restart that is there."""
    own: list[Raw] = [{"kind": "ServiceAccount", "name": lease, "namespace": LEASES}]
    keeper: list[Raw] = [{"kind": "ServiceAccount", "name": KEEPER, "namespace": OURS}]
    here = _bindings(namespace)
    good = _binding(lease, own)
    for subjects in (
        keeper,
        [*own, *keeper],
        [],
        [{"kind": "Group", "name": "system:authenticated", "apiGroup": RBAC}],
        [{"kind": "User", "name": "mallory", "apiGroup": RBAC}],
    ):
        yield _post(here, _binding(lease, subjects))
    free = f"{lease}0"  # as a lease is named, and bound to nothing yet
    spare: list[Raw] = [{**own[0], "name": free}]
    for role in ("holdfast-action-scaleworkload", "cluster-admin", "edit", "view", KEEPER):
        yield _post(here, {**_binding(free, spare), "roleRef": _role(role)})
    yield _post(here, _binding("another", own))
    yield _post(here, {**good, "metadata": {"name": lease, "finalizers": ["example.com/a"]}})
    for floor in ("kube-system", OURS, LEASES):
        yield _post(_bindings(floor), good)
    yield _post(_CLUSTER_BINDINGS, good)
    yield from _everywhere(lease, own, keeper, namespace)
    yield _delete(f"{here}/somebodys")
    yield _delete(f"{_CLUSTER_BINDINGS}/cluster-admin")
    for seconds, account in (
        (601, f"{_ACCOUNTS}/{lease}"),
        (86400, f"{_ACCOUNTS}/{lease}"),
        (600, f"{_ACCOUNTS}/default"),
        (600, f"/api/v1/namespaces/{namespace}/serviceaccounts/default"),
    ):
        yield _post(f"{account}/token", {"spec": {"expirationSeconds": seconds}})
    for path in (_ACCOUNTS, _VALUES):
        yield _post(path, {"metadata": {"name": "free"}})
    for kind in ("serviceaccounts", "configmaps", "secrets"):
        yield _post(f"/api/v1/namespaces/{namespace}/{kind}", {"metadata": {"name": "free"}})
    pod = {"metadata": {"name": "free"}, "spec": SPECS["Pod"]}
    yield _post(f"/api/v1/namespaces/{namespace}/pods", pod)
    yield _delete(f"{_ACCOUNTS}/default")
    yield _delete(f"{_VALUES}/{VALUES}")
    yield _merge(workload, {"spec": {"replicas": 0}})
    yield _delete(workload)
    yield _merge(f"{_ROLES}/{KEEPER}", {"rules": []})
    yield _delete(f"{_ROLES}/holdfast-action-rolloutrestart")
    yield _delete(f"{_POLICIES}/validatingadmissionpolicies/holdfast-lease")
    yield _delete(f"{_POLICIES}/validatingadmissionpolicybindings/holdfast-lease")
    yield _delete(f"/api/v1/namespaces/{LEASES}")
    yield Try(method="GET", path=f"/api/v1/namespaces/{namespace}/secrets")


def _everywhere(lease: str, own: list[Raw], keeper: list[Raw], here: str) -> Iterator[Try]:
    """A role that may be bound for the whole cluster, to others than its own lease, or elsewhere;
    and roles that may not.
    """
    node = "act.uncordon.00000000-0000-0000-0000-000000000000.1"
    its: list[Raw] = [{"kind": "ServiceAccount", "name": node, "namespace": LEASES}]
    role = _role("holdfast-action-uncordon")
    for name, subjects in (
        (lease, own),
        (node, own),
        (lease, its),
        (node, keeper),
        (node, [*its, *keeper]),
        (node, []),
        (node, [{"kind": "Group", "name": "system:authenticated", "apiGroup": RBAC}]),
        (node, [{**its[0], "namespace": here}]),
    ):
        yield _post(_CLUSTER_BINDINGS, {**_binding(name, subjects), "roleRef": role})
    for other in ("holdfast-action-rolloutrestart", "cluster-admin", "view", KEEPER):
        yield _post(_CLUSTER_BINDINGS, {**_binding(node, its), "roleRef": _role(other)})
    held = {"name": node, "finalizers": ["example.com/a"]}
    yield _post(_CLUSTER_BINDINGS, {**_binding(node, its), "roleRef": role, "metadata": held})
    for namespace in (here, "kube-system"):
        yield _post(_bindings(namespace), {**_binding(node, its), "roleRef": role})


def _bindings(namespace: str) -> str:
    return f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings"


def _binding(name: str, subjects: list[Raw]) -> Raw:
    role = _role("holdfast-action-rolloutrestart")
    return {"metadata": {"name": name}, "roleRef": role, "subjects": subjects}


def _role(name: str) -> Raw:
    return {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}


def _post(path: str, body: Raw) -> Try:
    return Try(method="POST", path=path, body=body)


def _merge(path: str, body: Raw) -> Try:
    return Try(method="PATCH", path=path, body=body, content="application/merge-patch+json")


def _delete(path: str) -> Try:
    return Try(method="DELETE", path=path)

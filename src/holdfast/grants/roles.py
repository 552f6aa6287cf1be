"""Who may do what: one role per kind of action, and the keeper's, which cannot write a workload.

- A lease's role is what its kind declares and nothing more; policies narrow it to one object.
- The keeper binds those roles by name, makes and removes lease accounts and their tokens, and
  writes the one parameter object and the one with checkpoints. Of everything else it reads.
- Nobody reads Secrets.
"""

from collections.abc import Iterable, Iterator, Sequence

from holdfast.facts import kinds_read
from holdfast.grants.names import (
    CHECKPOINTS,
    KEEPER,
    KINDS,
    LABELS,
    LEASES,
    OURS,
    RBAC,
    READER,
    SERVE,
    VALUES,
    Manifest,
    role_of,
)
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Namespace, Pod
from holdfast.model.objects import Object
from holdfast.model.repairs import Kind

POLICIES = ("validatingadmissionpolicies", "validatingadmissionpolicybindings")


def action_role(kind: Kind) -> Manifest:
    """What a lease of that kind is bound to, in the namespace of its target if it lies in one."""
    granted: dict[tuple[str, str], list[str]] = {}
    for right in kind.rights():
        granted.setdefault((right.group, right.verb), []).append(right.resource)
    rules = [_rule(group, names, [verb]) for (group, verb), names in granted.items()]
    return _role("ClusterRole", role_of(kind), rules)


def keeper_role(policies: Iterable[str]) -> Manifest:
    """What the keeper may do all over the cluster; `policies` are those that it compares."""
    roles, fences = [role_of(kind) for kind in KINDS], sorted(policies)
    rules = [
        *_looks(),
        _rule(
            RBAC,
            ["clusterrolebindings", "rolebindings"],
            ["get", "list", "create", "delete"],
        ),
        _rule(RBAC, ["clusterroles"], ["bind", "get"], named=roles),
        _rule("admissionregistration.k8s.io", POLICIES, ["get"], fences),
    ]
    return _role("ClusterRole", KEEPER, rules)


def minting_role() -> Manifest:
    """What the keeper may do in the namespace of the leases."""
    rules = [
        _rule("", ["serviceaccounts"], ["get", "list", "create", "delete"]),
        _rule("", ["serviceaccounts/token"], ["create"]),
        _rule("", ["configmaps"], ["get", "update", "patch"], named=[VALUES]),
    ]
    return _role("Role", KEEPER, rules, namespace=LEASES)


def checkpoints_role() -> Manifest:
    """What the keeper keeps signed checkpoints of the audit record with, away from the database."""
    rules = [_rule("", ["configmaps"], ["get", "patch"], named=[CHECKPOINTS])]
    return _role("Role", CHECKPOINTS, rules, namespace=OURS)


def places() -> Sequence[Manifest]:
    """The two namespaces, the accounts of the two processes, and the two objects with values."""
    return [
        *(_made("v1", "Namespace", name) for name in (OURS, LEASES)),
        *(_made("v1", "ServiceAccount", name, namespace=OURS) for name in (KEEPER, SERVE)),
        _made("v1", "ConfigMap", CHECKPOINTS, namespace=OURS),
        _made("v1", "ConfigMap", VALUES, namespace=LEASES),
    ]


def roles(policies: Iterable[str]) -> Sequence[Manifest]:
    """Every role, and who has it from the beginning: leases have none."""
    return [
        *(action_role(kind) for kind in KINDS),
        {**reader_role(), **_made(f"{RBAC}/v1", "ClusterRole", READER)},
        keeper_role(policies),
        minting_role(),
        checkpoints_role(),
        _binding("ClusterRole", READER, f"{SERVE}-reads", SERVE),
        _binding("ClusterRole", READER, f"{KEEPER}-reads", KEEPER),
        _binding("ClusterRole", KEEPER, KEEPER, KEEPER),
        _binding("Role", KEEPER, KEEPER, KEEPER, namespace=LEASES),
        _binding("Role", CHECKPOINTS, CHECKPOINTS, KEEPER, namespace=OURS),
    ]


def _looks() -> Iterator[Manifest]:
    """Fresh reads, one by one, of targets, of what owns them, and of what stands around them; and
    the last logs.
    """
    plurals: dict[str, set[str]] = {}
    for kind in _seen():
        plurals.setdefault(kind.api.group, set()).add(kind.api.plural)
    for group, names in sorted(plurals.items()):
        yield _rule(group, sorted(names), ["get"])
    yield _rule(Pod.api.group, [f"{Pod.api.plural}/log"], ["get"])


def _seen() -> Iterator[type[Object]]:
    """Whatever owns a target says who keeps it, and may be of any kind that we know. The role of
    the reader lists them all, which shows as much.
    """
    kinds: set[type[Object]] = {Namespace, *kinds_read()}
    for each in KINDS:
        kinds |= {*each.targets, *each.sees}
    yield from (kind for kind in kinds if not kind.api.sensitive)


def _rule(
    group: str, resources: Sequence[str], verbs: Sequence[str], named: Sequence[str] = ()
) -> Manifest:
    rule: Manifest = {"apiGroups": [group], "resources": [*resources], "verbs": [*verbs]}
    return {**rule, "resourceNames": [*named]} if named else rule


def _role(kind: str, name: str, rules: Sequence[Manifest], namespace: str = "") -> Manifest:
    return {**_made(f"{RBAC}/v1", kind, name, namespace=namespace), "rules": [*rules]}


def _binding(kind: str, role: str, name: str, account: str, namespace: str = "") -> Manifest:
    return {
        **_made(f"{RBAC}/v1", f"{kind}Binding", name, namespace=namespace),
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": OURS}],
    }


def _made(api_version: str, kind: str, name: str, *, namespace: str = "") -> Manifest:
    metadata: Manifest = {"name": name, "labels": dict(LABELS)}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}

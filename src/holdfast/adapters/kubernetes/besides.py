"""What stands beside the fences and should not: what another version left, and rights of others.

Only what names us is found: a right that everybody has, our accounts have as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.discovery import part
from holdfast.adapters.kubernetes.lease_requests import Marks
from holdfast.adapters.kubernetes.left_over import Listed, listed
from holdfast.adapters.kubernetes.manifests import (
    ADMISSION,
    POLICY,
    POLICY_BINDING,
    Manifest,
    all_of,
    where,
)
from holdfast.model.access import Process

_RBAC = "rbac.authorization.k8s.io/v1"
_LABELLED = (
    (ADMISSION, POLICY_BINDING),
    (ADMISSION, POLICY),
    (_RBAC, "ClusterRoleBinding"),
    (_RBAC, "ClusterRole"),
    (_RBAC, "Role"),
)
_BINDINGS = ((_RBAC, "ClusterRoleBinding"), (_RBAC, "RoleBinding"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is made, and what of it is special; from where the fences are generated."""

    manifests: Sequence[Manifest]  # in the order of making
    protects: Manifest  # the binding of the policy that keeps the others standing
    ours: str  # the namespace of the two processes
    accounts: Mapping[Process, str]
    marks: Marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One thing too many."""

    path: str
    says: str
    ours: bool  # it carries our label: another version of us made it


async def besides_of(asker: Asker, plan: Plan) -> Sequence[Beside]:
    """All of it."""
    made = {where(each) for each in plan.manifests}
    label = ",".join(f"{name}={value}" for name, value in plan.marks.labels.items())
    found: dict[str, Beside] = {}
    for version, kind in _LABELLED:
        for each in await listed(asker, all_of(version, kind), labelSelector=label):
            if each.role_ref.name in plan.marks.roles:
                continue  # a lease, which somebody may hold now
            path = _path(version, kind, each)
            says = f"{kind} {each.metadata.name} is left of another version."
            found[path] = Beside(path=path, says=says, ours=True)
    for version, kind in _BINDINGS:
        for each in await listed(asker, all_of(version, kind)):
            path = _path(version, kind, each)
            for account in _given(each, plan):
                says = f"{kind} {each.metadata.name} gives {account} rights besides its own."
                found.setdefault(path, Beside(path=path, says=says, ours=False))
    return [each for path, each in found.items() if path not in made]


async def lease_bindings(asker: Asker, marks: Marks) -> Sequence[str]:
    """Where each binding of a role of leases is."""
    return [
        _path(version, kind, each)
        for version, kind in _BINDINGS
        for each in await listed(asker, all_of(version, kind))
        if each.role_ref.name in marks.roles
    ]


def _given(binding: Listed, plan: Plan) -> Iterator[str]:
    """Which of our two accounts it gives something to."""
    for each in binding.subjects or ():
        ours = each.kind == "ServiceAccount" and each.namespace == plan.ours
        if ours and each.name in plan.accounts.values():
            yield each.name


def _path(version: str, kind: str, each: Listed) -> str:
    return f"{all_of(version, kind, each.metadata.namespace)}/{part(each.metadata.name)}"

"""Roles and bindings: who made them, who has them, and what their rules amount to.

Kubernetes' own are known by what they say of themselves: the label with which the API server makes
them good at each start, the aggregation that a controller fills, the namespaces of the control
plane. Nobody keeps a list of their names.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from holdfast.model.kinds import (
    ClusterRole,
    ClusterRoleBinding,
    Role,
    RoleBinding,
    ServiceAccount,
)
from holdfast.model.kinds.control import PolicyRule, RoleSubject
from holdfast.model.names import few
from holdfast.model.namespaces import CONTROL_PLANE
from holdfast.model.objects import Object
from holdfast.model.rules import Severity
from holdfast.model.snapshot import Snapshot

READ: tuple[type[Object], ...] = (Role, ClusterRole, RoleBinding, ClusterRoleBinding)
"""What a rule about rights must declare; all read the same, so that bindings are sorted once."""

type AnyRole = Role | ClusterRole
type AnyBinding = RoleBinding | ClusterRoleBinding

ALL = "*"
SHOWN = 5  # holders that a line names


def roles(cluster: Snapshot) -> Iterator[AnyRole]:
    """Roles that are not Kubernetes' own."""
    every: tuple[AnyRole, ...] = (*cluster.all(Role), *cluster.all(ClusterRole))
    for role in every:
        summed = isinstance(role, ClusterRole) and role.aggregation_rule is not None
        if not summed and not role.leaving and not _own(role):
            yield role


def bindings(cluster: Snapshot) -> Iterator[AnyBinding]:
    """Bindings that are not Kubernetes' own."""
    every: tuple[AnyBinding, ...] = (
        *cluster.all(RoleBinding),
        *cluster.all(ClusterRoleBinding),
    )
    for binding in every:
        if not binding.leaving and not _own(binding):
            yield binding


def _own(each: AnyRole | AnyBinding) -> bool:
    metadata = each.metadata
    label = metadata.labels.get("kubernetes.io/bootstrapping")
    return label == "rbac-defaults" or metadata.namespace in CONTROL_PLANE


def manager(each: AnyRole | AnyBinding) -> str:
    """Who keeps it, if it says so: a chart, an operator; empty for people."""
    metadata = each.metadata
    if metadata.annotations.helm_release:
        return f"Helm release {metadata.annotations.helm_release}"
    if each.controller is not None:
        return f"{each.controller.kind} {each.controller.name}"
    return metadata.labels.get("app.kubernetes.io/managed-by") or metadata.labels.get(
        "olm.owner", ""
    )


def granted(cluster: Snapshot, binding: AnyBinding) -> AnyRole | None:
    """The role that a binding gives, if it was seen."""
    of = binding.role_ref
    if of.kind == ClusterRole.api.kind:
        return cluster.find(ClusterRole, "", of.name)
    return cluster.find(Role, binding.metadata.namespace, of.name)


def holders(cluster: Snapshot, role: AnyRole) -> Sequence[str]:
    """Who has a role, and where; empty when no binding of it was seen."""
    key = (role.api.kind, role.metadata.namespace, role.metadata.name)
    return cluster.once(_holders).get(key, ())


def held(cluster: Snapshot, role: AnyRole) -> tuple[dict[str, str], Severity | None]:
    """Who has a role and who keeps it; it weighs less when nobody has it, or a chart brought it."""
    who, keeper = holders(cluster, role), manager(role)
    unbound = not who and not cluster.blind((RoleBinding, ClusterRoleBinding))
    names = "nobody" if unbound else few(who, SHOWN)
    seen = {"held by": names, "managed by": keeper}
    light = Severity.INFO if unbound or keeper else None
    return {key: value for key, value in seen.items() if value}, light


def name_of(subject: RoleSubject) -> str:
    """A subject for people."""
    where = f"{subject.namespace}/" if subject.namespace else ""
    return f"{subject.kind} {where}{subject.name}"


def allows_everything(rule: PolicyRule) -> bool:
    """Every verb on every resource."""
    return ALL in rule.verbs and ALL in rule.resources and ALL in rule.api_groups


def names_any(of: Sequence[str], *names: str) -> frozenset[str]:
    """Which of those names are named, or meant by a wildcard."""
    return frozenset(names) if ALL in of else frozenset(names) & frozenset(of)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to do."""

    verb: str
    group: str
    resource: str  # with its subresource: `pods/log`
    namespace: str  # empty: everywhere


def may(cluster: Snapshot, account: ServiceAccount, wish: Wish) -> bool:
    """Whether any binding that was seen lets a service account do that."""
    local = cluster.within(RoleBinding, wish.namespace) if wish.namespace else ()
    every: tuple[AnyBinding, ...] = (*cluster.all(ClusterRoleBinding), *local)
    for binding in every:
        if any(_means(subject, account) for subject in binding.subjects):
            role = granted(cluster, binding)
            if role is not None and any(_allows(rule, wish) for rule in role.rules):
                return True
    return False


def _means(subject: RoleSubject, account: ServiceAccount) -> bool:
    name, namespace = account.metadata.name, account.metadata.namespace
    match subject.kind:
        case "ServiceAccount":
            return (subject.namespace, subject.name) == (namespace, name)
        case "User":
            return subject.name == f"system:serviceaccount:{namespace}:{name}"
        case "Group":
            accounts = "system:serviceaccounts"
            return subject.name in (accounts, f"{accounts}:{namespace}", "system:authenticated")
        case _:
            return False


def _allows(rule: PolicyRule, wish: Wish) -> bool:
    """Whether a rule allows it, of one object at least."""
    _, slash, part = wish.resource.partition("/")
    resources = {ALL, wish.resource} | ({f"{ALL}/{part}"} if slash else set())
    return (
        bool({ALL, wish.verb} & {*rule.verbs})
        and bool({ALL, wish.group} & {*rule.api_groups})
        and bool(resources & {*rule.resources})
    )


def _holders(cluster: Snapshot) -> Mapping[tuple[str, str, str], Sequence[str]]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for binding in cluster.all(ClusterRoleBinding):
        key = (ClusterRole.api.kind, "", binding.role_ref.name)
        found.setdefault(key, []).extend(name_of(s) for s in binding.subjects)
    for local in cluster.all(RoleBinding):
        here, of = local.metadata.namespace, local.role_ref
        key = (of.kind, here if of.kind == Role.api.kind else "", of.name)
        found.setdefault(key, []).extend(f"{name_of(s)} in {here}" for s in local.subjects)
    return found

"""A role allows more than anybody has thought about: everything, or all that a wildcard means."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ClusterRole
from holdfast.model.kinds.control import PolicyRule
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.rights import ALL, READ, AnyRole, allows_everything, held, roles

READING = frozenset({"get", "list", "watch"})


@fact(
    code="HF-SEC-001",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a role that is tried out for a moment
    reads=READ,
    next_step="Name the verbs and resources that are needed: kubectl get role {name} "
    "-n {namespace} -o yaml",
)
def role_grants_everything(cluster: Snapshot) -> Iterator[Found]:
    """A role that is not Kubernetes' own allows everything, every resource of the core group, or
    every verb on some of the core group's. Wildcards on the kinds of other groups, such as an
    operator's own, are not meant. It is information when it only reads, when nobody has the role,
    or when a chart or an operator keeps it.
    """
    for role in roles(cluster):
        worst = max((_breadth(rule) for rule in role.rules), default=0)
        if not worst:
            continue  # healthy: it says what it allows
        rule = next(rule for rule in role.rules if _breadth(rule) == worst)
        seen, light = held(cluster, role)
        yield Found(
            about=role.ref,
            since=role.born,
            says=f"allows {_WORDS[worst]}{_where(role)}",
            seen={
                "verbs": ", ".join(rule.verbs),
                "resources": ", ".join(rule.resources),
                "groups": ", ".join(group or "core" for group in rule.api_groups),
                **seen,
            },
            severity=light or (None if worst > 2 else Severity.INFO),
            next_step="Name the verbs and resources that are needed: "
            "kubectl get clusterrole {name} -o yaml"
            if isinstance(role, ClusterRole)
            else None,
        )


_WORDS = {
    4: "everything",
    3: "changes of every resource, Secrets and roles included",
    2: "reading every resource, Secrets included",
    1: "every verb on some resources, verbs to come included",
}


def _breadth(rule: PolicyRule) -> int:
    """How wide a rule's wildcards are, as a key of the words above; 0 for none that matters."""
    if allows_everything(rule):
        return 4
    if not rule.resources or rule.resource_names or {"", ALL}.isdisjoint(rule.api_groups):
        return 0
    if ALL in rule.resources:
        return 2 if READING.issuperset(rule.verbs) else 3
    return 1 if ALL in rule.verbs else 0


def _where(role: AnyRole) -> str:
    return f" in {role.metadata.namespace}" if role.metadata.namespace else ""

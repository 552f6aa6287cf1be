"""Who has this role can take rights that nobody gave him: escalate, bind, impersonate."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ClusterRole
from holdfast.model.kinds.control import PolicyRule
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.rights import READ, AnyRole, allows_everything, held, names_any, roles

RBAC = "rbac.authorization.k8s.io"


@fact(
    code="HF-SEC-002",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a role that is tried out for a moment
    reads=READ,
    next_step="Take the verbs away, or limit them by resourceNames: kubectl get role {name} "
    "-n {namespace} -o yaml",
)
def role_can_escalate(cluster: Snapshot) -> Iterator[Found]:
    """A role that is not Kubernetes' own allows to escalate roles, to bind any role, or to
    impersonate any user, group or service account; also by a wildcard. What is limited to named
    roles or accounts is not meant, nor is a role that allows everything: a fact of its own.
    """
    for role in roles(cluster):
        if any(allows_everything(rule) for rule in role.rules):
            continue  # told by role_grants_everything
        verbs = sorted({verb for rule in role.rules for verb in _verbs(role, rule)})
        if not verbs:
            continue  # healthy: nobody gets more by it than it says
        seen, light = held(cluster, role)
        yield Found(
            about=role.ref,
            since=role.born,
            says=f"allows to {' and '.join(verbs)}, and so to take other rights",
            seen={"verbs": ", ".join(verbs), **seen},
            severity=light,
            next_step="Take the verbs away, or limit them by resourceNames: "
            "kubectl get clusterrole {name} -o yaml"
            if isinstance(role, ClusterRole)
            else None,
        )


def _verbs(role: AnyRole, rule: PolicyRule) -> Iterator[str]:
    """The verbs of a rule that lead to other rights."""
    if names_any(rule.api_groups, RBAC) and names_any(rule.resources, "roles", "clusterroles"):
        yield from names_any(rule.verbs, "escalate")
        if not rule.resource_names:
            yield from names_any(rule.verbs, "bind")
    anybody = ("users", "groups") if isinstance(role, ClusterRole) else ()
    whom = names_any(rule.resources, "serviceaccounts", *anybody)
    if whom and names_any(rule.api_groups, "") and not rule.resource_names:
        yield from names_any(rule.verbs, "impersonate")

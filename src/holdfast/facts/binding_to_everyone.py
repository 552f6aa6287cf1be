"""A binding gives a role to everybody: all who are known, all who are not, or every account."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ClusterRoleBinding
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.rights import READ, AnyRole, bindings, granted, manager

NOBODY_KNOWN = frozenset({("Group", "system:unauthenticated"), ("User", "system:anonymous")})
EVERYONE = NOBODY_KNOWN | {
    ("Group", "system:authenticated"),
    ("Group", "system:serviceaccounts"),
}


@fact(
    code="HF-SEC-003",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a binding that is tried out for a moment
    reads=READ,
    next_step="Bind it to those who need it, then: kubectl delete rolebinding {name} "
    "-n {namespace}",
)
def binding_to_everyone(cluster: Snapshot) -> Iterator[Found]:
    """A binding that is not Kubernetes' own has as a subject system:authenticated,
    system:unauthenticated, system:anonymous or system:serviceaccounts. Critical for those whom
    nobody knows; information when its role allows no resource at all (addresses such as /healthz).
    """
    for binding in bindings(cluster):
        everyone = {(s.kind, s.name) for s in binding.subjects} & EVERYONE
        if not everyone:
            continue  # healthy: it names whom it means
        role = granted(cluster, binding)
        given = f"{binding.role_ref.kind} {binding.role_ref.name}"
        whom = ", ".join(sorted(name for _, name in everyone))
        keeper = manager(binding)
        yield Found(
            about=binding.ref,
            since=binding.born,
            says=f"gives {given} to {whom}",
            seen={"role": given, "subjects": whom, **({"managed by": keeper} if keeper else {})},
            severity=_weight(role, unknown=not everyone.isdisjoint(NOBODY_KNOWN)),
            next_step="Bind it to those who need it, then: kubectl delete clusterrolebinding {name}"
            if isinstance(binding, ClusterRoleBinding)
            else None,
        )


def _weight(role: AnyRole | None, *, unknown: bool) -> Severity | None:
    if role is not None and role.rules and not any(rule.resources for rule in role.rules):
        return Severity.INFO  # addresses alone
    return Severity.CRITICAL if unknown else None

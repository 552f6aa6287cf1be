"""What keeps the fences standing: our roles, the namespace of the leases, and what is in it.

- Whoever wants to change a role of ours or the parameter object takes this policy away first, on
  purpose: nobody is excepted, administrators neither. No policy can protect a policy.
- What changes nothing passes, so that the same manifests can be applied again.
- In the namespace of the leases nobody but the keeper makes an account of a lease, a token, a role
  or a binding; nobody makes a Secret or a pod, either of which could carry a lease's identity.
"""

from holdfast.grants.cel import text
from holdfast.grants.names import KEEPER, KEEPER_USER, KINDS, LEASES, RBAC, READER, VALUES, role_of
from holdfast.grants.policies import ASKED, LEASE_NAME, USER, Policy, Rule, one_of, resources

_ROLES = (*(role_of(kind) for kind in KINDS), KEEPER, READER)
_INSIDE = (
    ("", "configmaps"),
    ("", "pods"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("", "serviceaccounts/token"),
    (RBAC, "rolebindings"),
    (RBAC, "roles"),
)


def protecting_policy() -> Policy:
    """The policy."""
    kind = "request.resource.resource"
    keeper = f"{USER} == {text(KEEPER_USER)}"
    return Policy(
        name="holdfast-fences",
        matches=[
            *resources(["UPDATE", "DELETE"], [(RBAC, "clusterroles")]),
            *resources(["DELETE"], [("", "namespaces")]),
            *resources(["CREATE", "UPDATE", "DELETE"], _INSIDE),
        ],
        concerns={
            "about-the-fences": f'{kind} == "clusterroles" ? {_role_of_ours()} : '
            f'{kind} == "namespaces" ? oldObject.metadata.name == {text(LEASES)} : '
            f"request.namespace == {text(LEASES)}"
        },
        variables={
            "asked": ASKED,
            "made": 'request.operation != "DELETE"',
            "name": 'request.?subResource.orValue("") != "" ? request.name : '
            '(request.operation == "DELETE" ? oldObject : object).metadata.name',
        },
        rules=[
            Rule(
                holds=f'{kind} != "clusterroles" || (variables.made && '
                "object.?rules.orValue([]) == oldObject.?rules.orValue([]) && "
                "!object.?aggregationRule.hasValue())",
                says="its roles stay as they were made",
            ),
            Rule(
                holds=f'{kind} != "namespaces"',
                says="the namespace of the leases stays while leases are fenced",
            ),
            Rule(
                holds=f'{kind} != "configmaps" || '
                f"variables.name != {text(VALUES)} || (variables.made && "
                f'({keeper} || request.operation == "CREATE" || {_same_data()}))',
                says="the values of leases are the keeper's to write, and nobody's to delete",
            ),
            Rule(
                holds=f"!({one_of(kind, ('pods', 'secrets'))}) || !variables.made",
                says="no pod and no Secret is made where the leases live",
            ),
            Rule(
                holds=f'{kind} != "serviceaccounts" || '
                f"({keeper} || !variables.name.matches({text(LEASE_NAME)}))",
                says="accounts of leases and their tokens are the keeper's to make and remove",
            ),
            Rule(
                holds=f"!({one_of(kind, ('roles', 'rolebindings'))}) || "
                "(variables.asked.startsWith('UPDATE') && "
                "object.?rules == oldObject.?rules && object.?subjects == oldObject.?subjects)",
                says="nobody is given rights where the leases live",
            ),
        ],
    )


def _role_of_ours() -> str:
    return one_of("oldObject.metadata.name", _ROLES)


def _same_data() -> str:
    same = (f"object.?{each} == oldObject.?{each}" for each in ("data", "binaryData", "immutable"))
    return " && ".join(same)

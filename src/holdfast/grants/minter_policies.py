"""Who may hold a lease: our roles go to one lease account each, and the keeper hands out no others.

The right to bind and the right to make role bindings would together let the keeper give a writer's
role to itself or to everybody. So, whoever asks, a role of ours is bound to exactly one account of
a lease of that kind, in the namespace of its target, never in one of the floor. For the whole
cluster are bound the roles of those kinds alone whose targets lie in no namespace. The keeper does
that, takes it back, makes accounts and tokens, writes values and checkpoints, and is refused all
else: a role that somebody gives to it by mistake gives it nothing.
"""

from collections.abc import Sequence

from holdfast.grants.cel import place, text
from holdfast.grants.names import (
    CHECKPOINTS,
    KEEPER_USER,
    KINDS,
    LEASES,
    OURS,
    RBAC,
    VALUES,
    WIDE,
    role_of,
)
from holdfast.grants.policies import (
    ASKED,
    EVERYTHING,
    LEASE_NAME,
    Policy,
    Rule,
    of_user,
    one_of,
    resources,
)
from holdfast.model.namespaces import FLOOR

TOKEN_SECONDS = 600
"""How long a lease's token is valid: the shortest that the API allows."""

_MAKES = (
    f"CREATE {RBAC}/clusterrolebindings",
    f"DELETE {RBAC}/clusterrolebindings",
    f"CREATE {RBAC}/rolebindings",
    f"DELETE {RBAC}/rolebindings",
    "CREATE /serviceaccounts",
    "DELETE /serviceaccounts",
    "CREATE /serviceaccounts/token",
    "UPDATE /configmaps",
)
_WRITES = (f"{LEASES}/{VALUES}", f"{OURS}/{CHECKPOINTS}")


def minter_policies() -> Sequence[Policy]:
    """The policies over bindings and over the keeper."""
    return [_bindings(), _minter()]


def _bindings() -> Policy:
    subject = "object.subjects[0]"
    one = (
        "object.?subjects.orValue([]).size() == 1 && "
        f'{subject}.kind == "ServiceAccount" && '
        f'{subject}.?namespace.orValue("") == {text(LEASES)} && '
        f"{subject}.name.matches({text(LEASE_NAME)})"
    )
    wide = one_of("object.roleRef.name", WIDE)
    prefix = role_of(KINDS[0]).removesuffix(KINDS[0].name.lower())
    return Policy(
        name="holdfast-bindings",
        matches=resources(
            ["CREATE", "UPDATE"], [(RBAC, "rolebindings"), (RBAC, "clusterrolebindings")]
        ),
        concerns={"to-a-role-of-ours": one_of("object.roleRef.name", map(role_of, KINDS))},
        variables={"one": one},
        rules=[
            Rule(
                holds='request.resource.resource == "clusterrolebindings" || '
                f"!({one_of('request.namespace', FLOOR)})",
                says="its roles are bound in the namespace of a target, never in a protected one",
            ),
            Rule(
                holds=f'({wide}) == (request.resource.resource == "clusterrolebindings")',
                says="its roles are bound for the whole cluster where a target lies in no "
                "namespace, and nowhere else",
            ),
            Rule(
                holds=f'variables.one && object.roleRef.kind == "ClusterRole" && '
                f"object.metadata.name == {subject}.name && "
                f'object.roleRef.name == {text(prefix)} + {subject}.name.split(".")[1]',
                says="its roles are bound to one lease of that kind of action each",
            ),
            Rule(holds=_free("object"), says="a binding of its roles can always be taken back"),
        ],
    )


def _minter() -> Policy:
    there = '(request.operation == "DELETE" ? oldObject : object)'
    of_accounts = '!(variables.asked.contains(" /serviceaccounts"))'
    tokens = 'variables.asked != "CREATE /serviceaccounts/token"'
    return Policy(
        name="holdfast-minter",
        matches=EVERYTHING,
        concerns=of_user(KEEPER_USER),
        variables={
            "asked": ASKED,
            "name": 'request.?subResource.orValue("") == "" ? '
            f"{there}.metadata.name : request.name",
        },
        rules=[
            Rule(
                holds=one_of("variables.asked", _MAKES),
                says="the keeper makes and takes back leases, and writes nothing else",
            ),
            Rule(
                holds='!variables.asked.endsWith("rolebindings") || '
                + one_of(f"{there}.roleRef.name", map(role_of, KINDS)),
                says="the keeper binds the roles of actions, and touches no other binding",
            ),
            Rule(
                holds=f"{of_accounts} || (request.namespace == {text(LEASES)} && "
                f"variables.name.matches({text(LEASE_NAME)}))",
                says="the keeper makes accounts and tokens of leases, and no others",
            ),
            Rule(
                holds=f"{tokens} || ("
                f"object.spec.?expirationSeconds.orValue(0) == {TOKEN_SECONDS} && "
                "object.spec.?boundObjectRef.orValue(null) == null)",
                says=f"a token of a lease is good for {TOKEN_SECONDS} s",
            ),
            Rule(
                holds=f'variables.asked != "CREATE /serviceaccounts" || ({_free("object")})',
                says="an account of a lease can always be taken back",
            ),
            Rule(
                holds='variables.asked != "UPDATE /configmaps" || '
                + one_of('request.namespace + "/" + request.name', _WRITES),
                says="the keeper writes values of leases and checkpoints, and no other object",
            ),
        ],
    )


def _free(root: str) -> str:
    """Nothing holds on to it, and nothing takes it along."""
    lists = (place(root, ("metadata", each), "[]") for each in ("finalizers", "ownerReferences"))
    return " && ".join(f"{each}.size() == 0" for each in lists)

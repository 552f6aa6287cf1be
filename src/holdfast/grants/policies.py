"""How a policy of the cluster is put together: words that all of ours share.

- `Fail`: an expression that cannot be evaluated refuses. So the first thing that a policy asks is
  whether a request is its business at all; one error there would stop every write in the cluster.
- What is asked for is one text, `UPDATE apps/deployments/scale`, compared with a list.
- Every refusal begins with the same words and is a 403.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from holdfast.grants.cel import text, texts
from holdfast.grants.names import KINDS, LABELS, LEASE_USERS, LEASES, REFUSES, VALUES, Manifest

GROUP = "admissionregistration.k8s.io"
EVERYTHING: tuple[Manifest, ...] = (
    {
        "apiGroups": ["*"],
        "apiVersions": ["*"],
        "resources": ["*/*"],
        "operations": ["*"],
        "scope": "*",
    },
)
"""A bare `*` would miss subresources. The scope is what the API server would write by itself."""

USER = "request.userInfo.username"
ASKED = (
    'request.operation + " " + request.resource.group + "/" + request.resource.resource + '
    '(request.?subResource.orValue("") == "" ? "" : "/" + request.?subResource.orValue(""))'
)
LEASE_NAME = (
    "^(preview|act|undo)[.]("
    + "|".join(kind.name.lower() for kind in KINDS)
    + ")[.][a-z0-9-]+[.](0|[1-9][0-9]{0,8})$"
)
"""The form of `execution.lease_names`, with the kinds that there are."""

_ASKS_ABOUT_ITSELF = (
    'request.resource.group in ["authorization.k8s.io", "authentication.k8s.io"] && '
    'request.resource.resource in ["selfsubjectaccessreviews", "selfsubjectrulesreviews", '
    '"selfsubjectreviews"]'
)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold, and what is said where it does not."""

    holds: str
    says: str


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One policy with its binding."""

    name: str
    matches: Sequence[Manifest]
    concerns: Mapping[str, str]
    variables: Mapping[str, str] = {}
    rules: Sequence[Rule]
    with_values: bool = False

    def manifests(self) -> Sequence[Manifest]:
        """The policy and its binding, as the cluster takes them."""
        head: Manifest = {"name": self.name, "labels": dict(LABELS)}
        spec: Manifest = {
            "failurePolicy": "Fail",
            "matchConstraints": {"matchPolicy": "Equivalent", "resourceRules": [*self.matches]},
            "matchConditions": [
                {"name": name, "expression": asks} for name, asks in self.concerns.items()
            ],
            "variables": [
                {"name": name, "expression": value} for name, value in self.variables.items()
            ],
            "validations": [
                {
                    "expression": each.holds,
                    "message": f"{REFUSES} {each.says}",
                    "reason": "Forbidden",
                }
                for each in self.rules
            ],
        }
        bound: Manifest = {"policyName": self.name, "validationActions": ["Deny"]}
        if self.with_values:
            spec["paramKind"] = {"apiVersion": "v1", "kind": "ConfigMap"}
            bound["paramRef"] = {
                "name": VALUES,
                "namespace": LEASES,
                "parameterNotFoundAction": "Deny",
            }
        kinds = (("ValidatingAdmissionPolicy", spec), ("ValidatingAdmissionPolicyBinding", bound))
        return [
            {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": dict(head), "spec": each}
            for kind, each in kinds
        ]


def of_leases(purpose: str = "") -> Mapping[str, str]:
    """The conditions of a policy for leases; everybody may ask what they may do themselves."""
    return {
        "by-a-lease": f"{USER}.startsWith({text(LEASE_USERS + purpose)})",
        "not-about-itself": f"!({_ASKS_ABOUT_ITSELF})",
    }


def of_user(name: str) -> Mapping[str, str]:
    """The conditions of a policy for one user."""
    return {
        "by-that-user": f"{USER} == {text(name)}",
        "not-about-itself": f"!({_ASKS_ABOUT_ITSELF})",
    }


def lease_words() -> dict[str, str]:
    """Variables that tell what a lease's name says; empty texts where it says nothing."""
    named = f"variables.account.matches({text(LEASE_NAME)})"
    parts = {"purpose": 0, "action": 1, "uid": 2}
    return {
        "account": f"{USER}.substring({len(LEASE_USERS)})",
        "parts": f'{named} ? variables.account.split(".") : ["", "", "", ""]',
        **{name: f"variables.parts[{index}]" for name, index in parts.items()},
        "asked": ASKED,
    }


def resources(operations: Sequence[str], named: Iterable[tuple[str, str]]) -> Sequence[Manifest]:
    """Match constraints for resources, each a group and a name."""
    groups: dict[str, list[str]] = {}
    for group, resource in named:
        groups.setdefault(group, []).append(resource)
    return [
        {
            "apiGroups": [group],
            "apiVersions": ["*"],
            "resources": sorted(set(found)),
            "operations": [*operations],
            "scope": "*",
        }
        for group, found in sorted(groups.items())
    ]


def one_of(value: str, names: Iterable[str]) -> str:
    """Whether a text is one of these."""
    return f"{value} in {texts(sorted(names))}"

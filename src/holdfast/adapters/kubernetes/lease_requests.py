"""What leases are asked for with: paths and bodies, and what is read out of the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.discovery import part
from holdfast.adapters.kubernetes.requests import MERGE
from holdfast.adapters.kubernetes.transport import Answer, Question
from holdfast.model.canonical import Plain
from holdfast.model.leases import Loan
from holdfast.model.repairs import Right

RBAC = "rbac.authorization.k8s.io"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The names by which the fences know leases; made where the fences are, and handed in."""

    namespace: str  # of their accounts, and of the parameter object
    values: str  # the parameter object's name
    roles: frozenset[str]  # what a lease may be bound to
    wide: frozenset[str]  # those of them that are bound for the whole cluster, and nowhere else
    labels: Mapping[str, str]
    refuses: str  # what every refusal of the fences has in it
    unset: str  # what one has in it for as long as the lease's value is not heeded yet
    seconds: int  # how long a token is asked for
    is_lease: Callable[[str], bool]  # whether an account's name is a lease's


class _TokenStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    token: str = ""
    expiration_timestamp: str = ""


class _TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    status: _TokenStatus = _TokenStatus()


class _ReviewStatus(msgspec.Struct, frozen=True, kw_only=True):
    allowed: bool = False


class _Review(msgspec.Struct, frozen=True, kw_only=True):
    status: _ReviewStatus = _ReviewStatus()


def accounts(namespace: str) -> str:
    """Where the accounts of a namespace are."""
    return f"/api/v1/namespaces/{part(namespace)}/serviceaccounts"


def account_path(marks: Marks, account: str) -> str:
    """Where a lease's account is."""
    return f"{accounts(marks.namespace)}/{part(account)}"


def bindings(namespace: str) -> str:
    """Where the role bindings of a namespace are; of none, those for the whole cluster."""
    if not namespace:
        return f"/apis/{RBAC}/v1/clusterrolebindings"
    return f"/apis/{RBAC}/v1/namespaces/{part(namespace)}/rolebindings"


def values_path(marks: Marks) -> str:
    """Where the parameter object is."""
    return f"/api/v1/namespaces/{part(marks.namespace)}/configmaps/{part(marks.values)}"


def new_account(marks: Marks, account: str) -> Question:
    """Make the account."""
    metadata: dict[str, Plain] = {"name": account, "labels": dict(marks.labels)}
    body: dict[str, Plain] = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    return posted(accounts(marks.namespace), body)


def new_binding(marks: Marks, loan: Loan) -> Question:
    """Bind it to its role, in the namespace of its target if it lies in one."""
    body: dict[str, Plain] = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if loan.namespace else "ClusterRoleBinding",
        "metadata": {"name": loan.account, "labels": dict(marks.labels)},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": loan.role},
        "subjects": [
            {"kind": "ServiceAccount", "name": loan.account, "namespace": marks.namespace}
        ],
    }
    return posted(bindings(loan.namespace), body)


def value_set(marks: Marks, account: str, value: str | None) -> Question:
    """Set its value down; None takes it away."""
    body = msgspec.json.encode({"data": {account: value}})
    return Question(method="PATCH", path=values_path(marks), body=body, content=MERGE)


def new_token(namespace: str, account: str, seconds: int) -> Question:
    """Ask for a token of an account."""
    body: dict[str, Plain] = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds},
    }
    return posted(f"{accounts(namespace)}/{part(account)}/token", body)


def may(right: Right, namespace: str) -> Question:
    """Whoever asks, whether they have that right."""
    resource, _, subresource = right.resource.partition("/")
    attributes: dict[str, Plain] = {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
    }
    body: dict[str, Plain] = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return posted(REVIEWS, body)


def posted(path: str, body: Mapping[str, Plain]) -> Question:
    """Have something made."""
    return Question(method="POST", path=path, body=msgspec.json.encode(body))


def token_in(answer: Answer) -> tuple[str, str]:
    """The token, and until when it is good; empty where the answer holds none."""
    try:
        status = msgspec.json.decode(answer.body, type=_TokenRequest).status
    except decode.UNREADABLE:
        return "", ""
    return status.token, status.expiration_timestamp


def allowed(answer: Answer) -> bool:
    """Whether the answer to `may` is yes."""
    if answer.status not in (200, 201):
        return False
    try:
        return msgspec.json.decode(answer.body, type=_Review).status.allowed
    except decode.UNREADABLE:
        return False


def whole_message(answer: Answer) -> str:
    """All that the server says; what people are shown is cut off."""
    return decode.error_status(answer.body).message or ""

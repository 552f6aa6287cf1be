"""Tokens of service accounts: good until they expire or their account is gone, and not a moment
longer. A real API server may remember one for some seconds.
"""

from datetime import datetime, timedelta

from holdfast.testing.documents import Json, rfc3339
from holdfast.testing.rbac import User, a_user
from holdfast.testing.status import StatusError, invalid
from holdfast.testing.store import Store

_SORT = "account"
_LEAST = 600
_LAST = 1 << 32


def issued(account: Json, request: Json, now: datetime) -> Json:
    """The request with its token."""
    spec = request.get("spec") or {}
    seconds = spec.get("expirationSeconds", 3600)
    if seconds < _LEAST:
        raise _too_brief(seconds)
    metadata, until = account["metadata"], now + timedelta(seconds=min(seconds, _LAST))
    parts = (metadata["namespace"], metadata["name"], metadata["uid"], rfc3339(until))
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "spec": {**spec, "expirationSeconds": seconds},
        "status": {"token": "/".join((_SORT, *parts)), "expirationTimestamp": rfc3339(until)},
    }


def holder(store: Store, token: str, now: datetime) -> User | None:
    """Whose token it is; nobody's if it is none of these, or no good any more."""
    match token.split("/"):
        case [sort, namespace, name, uid, until] if sort == _SORT:
            account = store.get(("serviceaccounts", namespace, name))
            lives = account is not None and account["metadata"]["uid"] == uid
            if lives and now < datetime.fromisoformat(until):
                return a_user(f"system:serviceaccount:{namespace}:{name}")
            return None
        case _:
            return None


def _too_brief(seconds: int) -> StatusError:
    message = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
    cause = ("spec.expirationSeconds", "FieldValueInvalid", message)
    return invalid("authentication.k8s.io", "TokenRequest", "", cause)

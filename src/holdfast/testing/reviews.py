"""Answers to "may I?": the SelfSubjectAccessReview."""

from holdfast.testing.documents import Json, copied
from holdfast.testing.rbac import Ask, User, allowed
from holdfast.testing.status import invalid
from holdfast.testing.store import Store

_GROUP = "authorization.k8s.io"


def answered(store: Store, who: User, review: Json) -> Json:
    """The review with its answer."""
    granted = allowed(store, who, _asked(review.get("spec") or {}))
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": f"{_GROUP}/v1",
        **copied(review),
        "status": {"allowed": granted},
    }


def _asked(spec: Json) -> Ask:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource and path:
        message = "Invalid value: cannot be specified in combination with resourceAttributes"
        cause = ("spec.nonResourceAttributes", "FieldValueInvalid", message)
        raise invalid(_GROUP, "", "", cause)
    if resource:
        texts = ("verb", "group", "resource", "subresource", "namespace", "name")
        return Ask(**{field: resource.get(field) or "" for field in texts})
    if path:
        return Ask(verb=path.get("verb") or "", path=path.get("path") or "")
    message = (
        "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be "
        "specified"
    )
    raise invalid(_GROUP, "", "", ("spec.resourceAttributes", "FieldValueInvalid", message))

"""What an operator's policy may speak of, made from the actions' own declarations.

A policy that names anything else, or compares what cannot be compared, is not loaded.
"""

from holdfast.actions import CLOSED_SET

type Json = dict[str, "Json"] | list["Json"] | str | bool

_TEXT: Json = {"type": "String"}
_NUMBER: Json = {"type": "Long"}


def _record(**attributes: Json) -> Json:
    return {"type": "Record", "attributes": dict(attributes)}


CONTEXT: dict[str, tuple[Json, str]] = {
    "risk": (_TEXT, "`low`, `medium` or `high`, as Holdfast computed it"),
    "station": (_TEXT, "`proposal`, `approval` or `execution`"),
    "weekday": (_NUMBER, "1 is Monday, by the server's clock, in UTC"),
    "minute": (_NUMBER, "of the day, from 0 to 1439"),
}
"""What a policy may ask of the moment, and what that means."""

TARGET: dict[str, str] = {
    "kind": "such as `Deployment`",
    "name": "its name",
    "namespace": "empty for what belongs to none",
}
"""What a policy may ask of the object; all of it are texts."""


def operator_schema() -> dict[str, Json]:
    """The Cedar schema, in its JSON form."""
    classes: dict[str, Json] = {each.kind.of_class.value: {} for each in CLOSED_SET}
    applies: Json = {
        "principalTypes": ["Person"],
        "resourceTypes": ["Target"],
        "context": _record(**{name: form for name, (form, _) in CONTEXT.items()}),
    }
    kinds: dict[str, Json] = {
        each.kind.name: {"memberOf": [{"id": each.kind.of_class.value}], "appliesTo": applies}
        for each in CLOSED_SET
    }
    entities: dict[str, Json] = {
        "Group": {},
        "Person": {"memberOfTypes": ["Group"]},
        "Tier": {},
        "Namespace": {"memberOfTypes": ["Tier"]},
        "Target": {
            "memberOfTypes": ["Namespace"],
            "shape": _record(**dict.fromkeys(TARGET, _TEXT)),
        },
    }
    return {"": {"entityTypes": entities, "actions": {**classes, **kinds}}}

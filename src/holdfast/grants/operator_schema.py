"""What an operator's policy may speak of, made from the actions' own declarations.

A policy that names anything else, or compares what cannot be compared, is not loaded.
"""

from collections.abc import Mapping

from holdfast.actions import CLOSED_SET
from holdfast.model.asks import Station
from holdfast.model.names import one_of
from holdfast.model.repairs import Risk

type Json = dict[str, "Json"] | list["Json"] | str | bool

_TEXT: Json = {"type": "String"}
_NUMBER: Json = {"type": "Long"}


def _record(**attributes: Json) -> Json:
    return {"type": "Record", "attributes": dict(attributes)}


CLOSED: Mapping[str, tuple[str, ...] | range] = {
    "context.risk": tuple(each.name.lower() for each in Risk),
    "context.station": tuple(each.value for each in Station),
    "context.weekday": range(1, 8),
    "context.minute": range(24 * 60),
    "resource.kind": tuple(
        sorted({kind.api.kind for each in CLOSED_SET for kind in each.kind.targets})
    ),
}
"""All that a field can be, where that is known: Cedar knows that it is a text or a number."""


def _told(field: str) -> str:
    values = CLOSED[field]
    if isinstance(values, range):
        return f"{values[0]} to {values[-1]}"
    return one_of(f"`{each}`" for each in values)


CONTEXT: dict[str, tuple[Json, str]] = {
    "risk": (_TEXT, f"{_told('context.risk')}, as Holdfast computed it"),
    "station": (_TEXT, _told("context.station")),
    "weekday": (_NUMBER, f"{_told('context.weekday')}: 1 is Monday, by the server's clock, in UTC"),
    "minute": (_NUMBER, f"of the day: {_told('context.minute')}"),
}
"""What a policy may ask of the moment, and what that means."""

TARGET: dict[str, str] = {
    "kind": _told("resource.kind"),
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

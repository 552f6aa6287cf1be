"""Whether objects are as a trial says: a part of the object is named, the rest may be anything."""

from collections.abc import Sequence
from typing import Any

from holdfast.testing.documents import Json
from holdfast.testing.trials.trial import Condition


def differs(wanted: Any, actual: Any, at: str = "") -> str:
    """Where and how the object is not as it is wanted; empty when it is."""
    match wanted:
        case dict():
            if not isinstance(actual, dict):
                return f"{at or 'it'} is {_short(actual)}"
            each = (
                differs(v, actual.get(k), f"{at}.{k}" if at else str(k)) for k, v in wanted.items()
            )
            return next((said for said in each if said), "")
        case list():
            if not isinstance(actual, list):
                return f"{at} is {_short(actual)}"
            for item in wanted:
                if not any(not differs(item, other) for other in actual):
                    return f"{at} has no {_short(item)}"
            return ""
        case _:
            alike = wanted == actual and isinstance(wanted, bool) == isinstance(actual, bool)
            return "" if alike else f"{at or 'it'} is {_short(actual)}"


def unmet(condition: Condition, found: Sequence[Json]) -> str:
    """Why the objects of that pattern do not meet the condition yet; empty when they do."""
    if condition.gone:
        return f"{condition.of} is still there" if found else ""
    others = [said for each in found if (said := _unlike(condition, each))]
    fitting = len(found) - len(others)
    if condition.count is not None:
        met = fitting == condition.count
        return "" if met else f"{fitting} of {condition.count} {condition.of} are so"
    if condition.some and fitting:
        return ""
    return others[0] if others else "" if found else f"there is no {condition.of}"


def _unlike(condition: Condition, document: Json) -> str:
    said = differs(condition.where or {}, document)
    return f"{document['kind']}/{document['metadata']['name']}: {said}" if said else ""


def _short(value: Any) -> str:
    text = "not there" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "..."

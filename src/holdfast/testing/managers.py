"""Who wrote which field, as an object's own `managedFields` tell it: who takes a field away leaves
no name there, and the name of whoever had written it goes with it.

Nobody's name is added by this server: tests write those that matter.
"""

from holdfast.testing.documents import Json


def without_what_went(managers: list[Json], before: Json, after: Json) -> list[Json]:
    """The same managers, without the fields that were there before and are not any more."""
    left = [
        {**each, "fieldsV1": _left(each.get("fieldsV1") or {}, before, after)} for each in managers
    ]
    return [now for was, now in zip(managers, left, strict=True) if now["fieldsV1"] or was == now]


def _left(fields: Json, before: Json, after: Json) -> Json:
    left: Json = {}
    for key, beneath in fields.items():
        name = key.removeprefix("f:")
        was, now = before.get(name), after.get(name)
        if was is not None and now is None:
            continue
        both = isinstance(was, dict) and isinstance(now, dict)
        kept = _left(beneath, was or {}, now or {}) if both else beneath
        if kept or not beneath:
            left[key] = kept
    return left

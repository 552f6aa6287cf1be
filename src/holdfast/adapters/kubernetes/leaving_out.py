"""Whole objects, less what people put values into. Names stay: rules of tomorrow may read them."""

from typing import Any

import msgspec

from holdfast.model.objects import Annotations

LEFT_OUT = "(left out by holdfast snapshot)"
READ = frozenset(field.encode_name for field in msgspec.structs.fields(Annotations))
SPOKEN = ("args", "command")  # of containers and of probes: passwords are given in flags
FILLED_IN = ("values", "valuesObject", "valuesInline", "substitute")  # of charts and overlays


def without_values(value: Any) -> Any:
    """The same, less the values of variables, headers, parameters, charts and annotations.

    Annotations that rules read stay; all others go with their names, which may be data as well.
    """
    if isinstance(value, list):
        return [without_values(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key, each in value.items():
        if key in SPOKEN and isinstance(each, list):
            continue
        if key == "annotations" and isinstance(each, dict):
            kept[key] = {name: text for name, text in each.items() if name in READ}
        elif key == "value" and "name" in value:
            kept[key] = LEFT_OUT
        elif key in FILLED_IN and isinstance(each, dict | str):  # a list is of a selector's
            kept[key] = {} if isinstance(each, dict) else LEFT_OUT
        else:
            kept[key] = without_values(each)
    return kept

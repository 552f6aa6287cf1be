"""Whole objects, less what people put values into. Names stay: rules of tomorrow may read them.

Where somebody writes in his own words, or marks things for himself, what looks like a secret is
hidden. The same is hidden alike, so that a selector still selects what it did.
"""

from typing import Any

import msgspec

from holdfast.model.hiding import text_shown
from holdfast.model.objects import Annotations

LEFT_OUT = "(left out by holdfast snapshot)"
READ = frozenset(field.encode_name for field in msgspec.structs.fields(Annotations))
SPOKEN = ("args", "command")  # of containers and of probes: passwords are given in flags
WORDS = ("message", "note")  # of conditions, of containers that ended, of events
MARKS = ("labels", "matchLabels", "nodeSelector", "selector")
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
        elif key in WORDS and isinstance(each, str):
            kept[key] = text_shown(each)
        elif key in MARKS and isinstance(each, dict):
            kept[key] = {name: _told(text) for name, text in without_values(each).items()}
        elif key == "values" and isinstance(each, list):  # of a selector
            kept[key] = [_told(text) for text in without_values(each)]
        elif key == "value" and "name" in value:
            kept[key] = LEFT_OUT
        elif key in FILLED_IN and isinstance(each, dict | str):  # a list is of a selector's
            kept[key] = {} if isinstance(each, dict) else LEFT_OUT
        else:
            kept[key] = without_values(each)
    return kept


def _told(value: Any) -> Any:
    return text_shown(value) if isinstance(value, str) else value

"""What stands for something else in a trial's texts: `$namespace`, `$ago(10m)`, `$in(3d)`, and
`$uid(Kind/name)` for who owns what is played.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from holdfast.testing.documents import rfc3339

_SPAN = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TIME = re.compile(r"\$(ago|in)\(([^)]*)\)")
_UID = re.compile(r"\$uid\(([^)]*)\)")
NAMESPACE = "$namespace"

type Uid = Callable[[str], str]
"""The uid of the object that a pattern means, in a trial's own namespace."""


def span(text: str) -> timedelta:
    """`90s`, `6m`, `1h`, `3d`."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no span such as 90s, 6m, 1h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def spoken[T](value: T, *, namespace: str, now: datetime, uid: Uid) -> T:
    """The same value with every text said for this namespace and this moment."""

    def moment(found: re.Match[str]) -> str:
        away = span(found[2])
        return rfc3339(now - away if found[1] == "ago" else now + away)

    def say(text: str) -> str:
        said = _TIME.sub(moment, text.replace(NAMESPACE, namespace))
        return _UID.sub(lambda found: uid(found[1]), said)

    said: T = _spoken(value, say)
    return said


def _spoken(value: Any, say: Callable[[str], str]) -> Any:
    match value:
        case str():
            return say(value)
        case dict():
            return {_spoken(k, say): _spoken(v, say) for k, v in value.items()}
        case list():
            return [_spoken(v, say) for v in value]
        case _:
            return value

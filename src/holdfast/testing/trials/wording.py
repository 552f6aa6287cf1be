"""What stands for something else in a trial's texts: `$namespace`, `$ago(10m)`, `$in(3d)`."""

import re
from datetime import datetime, timedelta
from typing import Any

from holdfast.testing.documents import rfc3339

_SPAN = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TIME = re.compile(r"\$(ago|in)\(([^)]*)\)")
NAMESPACE = "$namespace"


def span(text: str) -> timedelta:
    """`90s`, `6m`, `1h`, `3d`."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no span such as 90s, 6m, 1h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def spoken[T](value: T, *, namespace: str, now: datetime) -> T:
    """The same value with every text said for this namespace and this moment."""
    said: T = _spoken(value, namespace, now)
    return said


def _spoken(value: Any, namespace: str, now: datetime) -> Any:
    match value:
        case str():
            return _TIME.sub(lambda t: _moment(t, now), value.replace(NAMESPACE, namespace))
        case dict():
            return {
                _spoken(k, namespace, now): _spoken(v, namespace, now) for k, v in value.items()
            }
        case list():
            return [_spoken(v, namespace, now) for v in value]
        case _:
            return value


def _moment(found: re.Match[str], now: datetime) -> str:
    away = span(found[2])
    return rfc3339(now - away if found[1] == "ago" else now + away)

"""What a Kubernetes quantity is worth: `100m`, `1.5Gi`, `2e3`, exactly."""

import re
from fractions import Fraction
from functools import lru_cache

_FORM = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)")
_SUFFIX = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{unit: Fraction(1000**power) for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTPE", start=1)},
}

_LONGEST = 100  # characters; what is longer was never an amount of anything


@lru_cache(maxsize=4096, typed=True)  # nodes and quotas are alike; `True` is no quantity, and 1 is
def worth(written: str | int | float | None) -> Fraction | None:
    """The amount; None for what is no quantity."""
    if written is None or isinstance(written, bool):
        return None
    text = str(written).strip()
    form = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if form is None:
        return None
    number, exponent, suffix = form.groups()
    scale = Fraction(10) ** int(exponent) if exponent else _SUFFIX[suffix or ""]
    return Fraction(number) * scale


def in_words(amount: Fraction, resource: str) -> str:
    """An amount of that resource for people: `1.5` cores, `250m`, `3.4Gi`; rounded down."""
    sign, size = ("-", -amount) if amount < 0 else ("", amount)
    if resource.endswith(("memory", "storage")) or resource.startswith("hugepages-"):
        for unit in ("Ti", "Gi", "Mi", "Ki"):
            if size >= _SUFFIX[unit]:
                tenths = int(size * 10 / _SUFFIX[unit])
                return f"{sign}{tenths // 10}{f'.{tenths % 10}' if tenths % 10 else ''}{unit}"
        return f"{sign}{int(size)}"
    if size.denominator == 1:
        return f"{sign}{int(size)}"
    return f"{sign}{int(size * 1000)}m"

"""Kubernetes quantities, as far as the lab compares them."""

import re

_UNITS = {
    "": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
    "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40,
}  # fmt: skip
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", re.IGNORECASE)


def in_bytes(text: str) -> int | None:
    """Of `512Mi`, `1G`, or Java's `512m`; None for what is no amount of bytes."""
    found = _QUANTITY.fullmatch(text.strip())
    return int(float(found[1]) * _UNITS[found[2].lower()]) if found else None

"""Names for people: the first few, and how many more there are."""

from collections.abc import Iterable

FEW = 5


def few(names: Iterable[str], most: int = FEW) -> str:
    """`web-0, web-1 and 3 more`."""
    every = tuple(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more

"""What a suite counted: how many cases, how many did not come out as they must, by which seed."""

from collections.abc import Iterable

import msgspec


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a suite's table."""

    suite: str
    n: int
    failures: int = 0
    seed: int | None = None
    first: tuple[str, ...] = ()  # of what failed, a few, each in a sentence
    among: bool = False  # a part of what an earlier line counts


SHOWN = 5


def counted(
    suite: str, n: int, wrong: Iterable[str] = (), seed: int | None = None, *, among: bool = False
) -> Counted:
    """A line, from the sentences about what failed."""
    every = tuple(wrong)
    first = every[:SHOWN]
    return Counted(suite=suite, n=n, failures=len(every), seed=seed, first=first, among=among)

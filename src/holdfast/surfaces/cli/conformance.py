"""`holdfast conformance`: what suites counted, as they count it, and one line at the end."""

import sys
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing

from holdfast.model.counted import Counted
from holdfast.surfaces.cli.exits import FAULTS, NOTHING
from holdfast.surfaces.cli.text import clean

WIDTH = 50


def tell(lines: Iterable[Counted], seed: int) -> int:
    """Show each line when it is there; 1 if anything failed."""
    return _end([_shown(line) for line in lines], seed)


async def tell_as_they_come(lines: AsyncGenerator[Counted], seed: int) -> int:
    """The same of lines that are waited for; whoever is interrupted has them cleaned up."""
    async with aclosing(lines):
        return _end([_shown(line) async for line in lines], seed)


def wait(what: str) -> None:
    """Say what is waited for, beside what is counted."""
    print(what, file=sys.stderr, flush=True)


def _shown(line: Counted) -> Counted:
    """One line, and the first few of what failed."""
    print(f"{line.suite:<{WIDTH}} n {line.n:>7,}   failures {line.failures}", flush=True)
    for each in line.first:
        print(f"  {clean(each)}")
    return line


def _end(lines: Sequence[Counted], seed: int) -> int:
    n = sum(line.n for line in lines if not line.among)
    failures = sum(line.failures for line in lines)
    print(f"N {n:,}, failures {failures}, seed {seed}")
    return FAULTS if failures else NOTHING

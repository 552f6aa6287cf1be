"""What the demo is played on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the story is played on: a cluster with a broken shop, and a keeper that is alive."""

    folder: Path
    cluster: str  # what it is, for people
    timings: str  # what is shorter than in earnest
    key: Path  # of the person who approves
    show: Callable[[Sequence[str]], int]  # runs `holdfast ...` where people see it
    hear: Callable[[Sequence[str]], Ran]  # runs it, and gives what it says
    verify: Sequence[str]  # the one-file verifier over the chain, without Holdfast

"""Work that survives: what is ordered, where it waits, and how it stands.

A *phase* is a short function that is known by its name. An *order* asks for one; what comes of it
is a *run*. Whoever works at a run makes an *attempt*: when its process dies, another goes on.
"""

from datetime import timedelta
from enum import StrEnum

import msgspec

ATTEMPTS = 20  # after so many, whatever kills its process is given up


class RunState(StrEnum):
    """How a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GIVEN_UP = "given_up"  # too many attempts ended with their process

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self not in (RunState.WAITING, RunState.RUNNING)


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """At most so many starts in any such span."""

    starts: int
    within: timedelta


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Where runs wait for their turn, and how many may go at once, over all processes."""

    name: str
    at_once: int | None = None
    in_each_process: int = 16
    in_each_partition: int | None = None  # set: every order names its partition
    rate: Rate | None = None
    look: timedelta = timedelta(seconds=1)  # how often each process looks for work


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for one run of a phase. A second order of the same id changes nothing."""

    id: str
    phase: str
    argument: msgspec.Struct
    partition: str = ""
    delay: timedelta = timedelta(0)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The same order again and again: once in every span, whoever is there to see to it.

    Spans that nobody saw are not made up for.
    """

    name: str
    phase: str
    argument: msgspec.Struct
    every: timedelta


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one run stands."""

    id: str
    phase: str
    state: RunState
    attempts: int
    executor: str  # who works at it, or did so last; empty before
    result: object = None  # of one that is done
    failure: str = ""  # of one that failed


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits in one queue, of one version."""

    queue: str
    version: str
    runs: int
    oldest: timedelta


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants to see of an engine. The counts are of this process."""

    backlog: tuple[Backlog, ...]
    running: int
    orphaned: int  # running, and nobody alive works at it
    most_attempts: int  # of what has not ended
    given_up: int
    requeued: int  # how often we gave a dead one's run to others
    put_back: int  # how often we gave back what we had and could not do
    refused: int  # how often an attempt of ours was told that others had taken over

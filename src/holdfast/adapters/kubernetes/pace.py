"""How long to wait, and how often to ask again: bounded for a question, unbounded for a watch."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The numbers, in seconds where not said otherwise."""

    connect: float = 10
    read: float = 30  # half of what an API server gives itself for one request
    whole: float = 120  # for the head of an answer, and again for its body: drips do not count
    largest: int = 256 << 20  # bytes of one answer, decompressed
    tries: int = 5  # of one question
    budget: float = 20  # that one question may spend waiting between its tries
    first_delay: float = 0.25
    longest_delay: float = 30
    short: float = 1  # a watch that ends sooner is not asked for again at once
    heeded: float = 60  # of what a server asks a watch to wait: it may be wrong, and we are blind
    watch: float = 240  # asked of the server as `timeoutSeconds`
    watch_grace: float = 15  # by which our read timeout exceeds it
    closed_door: float = 30  # until a forbidden or unserved kind is asked for again
    plugin: float = 60  # for an exec plugin that nobody has to answer
    plugin_with_person: float = 300  # for one that opens a browser or asks for a code


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Waiting and dice: the two things that a test must hold in its hand."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dice: Callable[[], float] = random.random  # in [0, 1)


class Backoff:
    """Delays that double, each between half and the whole of itself, until something works."""

    def __init__(self, pace: Pace, chance: Chance) -> None:
        self._pace = pace
        self._chance = chance
        self._failures = 0

    def reset(self) -> None:
        """It worked."""
        self._failures = 0

    def next(self) -> float:
        """How long to wait after one more failure."""
        whole = min(self._pace.longest_delay, self._pace.first_delay * 2.0**self._failures)
        self._failures = min(self._failures + 1, 32)
        return whole * (1 + self._chance.dice()) / 2

    async def wait(self, at_least: float = 0) -> None:
        """Wait that long, or as long as the server asked for."""
        await self._chance.sleep(max(self.next(), at_least))


class Patience:
    """What is left of one question's tries."""

    def __init__(self, pace: Pace, chance: Chance) -> None:
        self._backoff = Backoff(pace, chance)
        self._chance = chance
        self._tries = pace.tries - 1
        self._budget = pace.budget
        self._silence = 1  # a server that says nothing costs a whole read timeout each time

    async def again(self, *, at_least: float = 0, silent: bool = False) -> bool:
        """Wait for the next try; false when there is none left."""
        if silent:
            self._silence -= 1
        delay = max(self._backoff.next(), at_least)
        if self._tries <= 0 or self._silence < 0 or delay > self._budget:
            return False
        self._tries -= 1
        self._budget -= delay
        await self._chance.sleep(delay)
        return True

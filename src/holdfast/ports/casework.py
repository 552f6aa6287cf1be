"""What is kept of proposals: each shelf is dumb, and each write tells whether it was the first.

- A case moves only from the state that its mover saw: of two, one is told that it came too late.
- What is spent is spent once for ever, whoever asks.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from holdfast.model.cases import Bucket, Case, Word

type Changed = tuple[datetime, str]
"""Where a case stands among others by its last change: when that was, and its id."""


class Cases(Protocol):
    """Proposals and where they are."""

    def put(self, case: Case) -> bool:
        """Keep a new one; False if there is one of that id."""
        ...

    def case(self, id: str) -> Case | None:  # noqa: A002 - the word of the record
        """The one of that id."""
        ...

    def move(self, was: Case, case: Case) -> bool:
        """Write it as it is now, if it is still as `was` says; False if somebody else moved it.

        Raises `StoreRefused` where it is not the same proposal any more: that never changes.
        """
        ...

    def close(self, was: Case, state: str, at: datetime) -> bool:
        """Have one whose row is damaged be in that state from then on: nothing else is written.

        False if its row is not damaged, is not in the state of `was`, or has no name of ours.
        """
        ...

    def in_states(
        self, states: Collection[str], limit: int, after: Changed | None = None
    ) -> Sequence[Case]:
        """Those in one of these states, the longest unchanged first; only those after that one."""
        ...

    def of_target(self, uid: str, limit: int) -> Sequence[Case]:
        """Those of one target, the newest first."""
        ...

    def newest(self, limit: int) -> Sequence[Case]:
        """The newest of all, newest first."""
        ...


class Words(Protocol):
    """Who said yes to what."""

    def add(self, word: Word) -> bool:
        """Keep it; False if that person has said so before."""
        ...

    def of(self, proposal: str, step: int) -> Sequence[Word]:
        """All of one step, in the order in which they came."""
        ...

    def of_all(self, proposals: Collection[str]) -> Sequence[Word]:
        """Those of all of these: of each proposal step by step, of a step as they came."""
        ...


class Once(Protocol):
    """What can be spent once: tickets, claims of one execution."""

    def spend(self, what: str, key: str, by: str, at: datetime) -> bool:
        """Spend it; False if it is spent."""
        ...

    def spent(self, what: str, key: str) -> str | None:
        """By whom it was spent; None if it is not."""
        ...


class Buckets(Protocol):
    """What is left of budgets, by person and class: a key is both, never one text of them."""

    def bucket(self, person: str, of_class: str) -> Bucket | None:
        """The last that was written; None if nothing was ever taken."""
        ...

    def fill(self, person: str, of_class: str, was: Bucket | None, now: Bucket) -> bool:
        """Write it, if it is still as `was` says; False if somebody else took from it."""
        ...


class Switches(Protocol):
    """What holds for the whole cluster until somebody switches it back."""

    def value(self, name: str) -> str | None:
        """What that switch says; None if it is off."""
        ...

    def on(self, name: str, value: str, at: datetime) -> None:
        """Switch it on, or have it say something else."""
        ...

    def turn(self, name: str, was: str | None, value: str, at: datetime) -> bool:
        """Have it say something else, if it is still as `was` says; False if somebody was first."""
        ...

    def off(self, name: str) -> None:
        """Switch it off."""
        ...

    def all(self) -> Sequence[tuple[str, str]]:
        """Those that are on, with what they say, by name."""
        ...

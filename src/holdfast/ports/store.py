"""Where everything is kept that must not be lost, and what one transaction of it offers."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from holdfast.model.entries import Checkpoint, Draft, Entry, Segment
from holdfast.model.letters import Beat, Letter
from holdfast.ports.casework import Buckets, Cases, Once, Switches, Words


class Records(Protocol):
    """The audit record: what waits to be sealed, and the chain."""

    def submit(self, *drafts: Draft) -> None:
        """Have these sealed. Each is in the chain once `entry` finds it, and not before."""
        ...

    def waiting(self, limit: int) -> Sequence[Draft]:
        """The oldest of what waits, in the order in which it was submitted.

        An id that is longer than any of ours comes cut, and still longer than any of ours.
        """
        ...

    def discard(self, ids: Collection[str]) -> None:
        """Take these from what waits; whoever does so seals an entry that says why."""
        ...

    def sole_sealer(self) -> bool:
        """Whether nobody else seals until this transaction ends; asks, and does not wait."""
        ...

    def tip(self) -> Checkpoint | None:
        """The chain's state now; None before it was begun."""
        ...

    def seal(self, entries: Sequence[Entry], tip: Checkpoint) -> None:
        """Append entries, move the tip there, and take what they seal from what waits."""
        ...

    def entry(self, id: str) -> Entry | None:  # noqa: A002 - the word of the record
        """The sealed entry of that id."""
        ...

    def entries(self, ids: Collection[str]) -> Sequence[Entry]:
        """The sealed ones of those ids, in their order in the chain."""
        ...

    def at(self, seq: int) -> Entry | None:
        """The sealed entry at that place."""
        ...

    def last(self) -> Entry | None:
        """The sealed entry at the highest place that is taken; None if there is none."""
        ...

    def of_kind(self, kind: str) -> Sequence[Entry]:
        """All sealed entries of that kind, in their order."""
        ...

    def lines(self, first: int = 1) -> Iterator[bytes]:
        """The chain's lines as they were sealed, from that place on, or from where it begins."""
        ...

    def close(self, segment: Segment) -> None:
        """Keep a signed state of the chain, at which older entries may be let go one day."""
        ...

    def segments(self) -> Sequence[Segment]:
        """The ends of segments whose entries are all here, in their order."""
        ...

    def start(self) -> Segment | None:
        """The end of what was let go; None while everything is here."""
        ...

    def let_go(self, size: int, keeping: Collection[str]) -> None:
        """Drop the entries up to the end of that segment, but for those kinds."""
        ...

    def backlog(self) -> int:
        """How many drafts wait."""
        ...


class Letters(Protocol):
    """The keeper's inbox."""

    def put(self, letter: Letter) -> None:
        """Hand something over."""
        ...

    def waiting(self, limit: int, kind: str = "") -> Sequence[Letter]:
        """The oldest that nobody has answered; of that kind, if one is named."""
        ...

    def backlog(self) -> int:
        """How many nobody has answered."""
        ...

    def answer(self, id: str, outcome: str) -> bool:  # noqa: A002 - the word of the record
        """Say what became of a letter; False if somebody has said it before."""
        ...

    def outcome(self, id: str) -> str | None:  # noqa: A002 - the word of the record
        """What became of a letter; None while nobody has answered."""
        ...


class Beats(Protocol):
    """Who is alive."""

    def beat(self, beat: Beat) -> None:
        """Say that a process lives."""
        ...

    def all(self) -> Sequence[Beat]:
        """The last word of each process, by executor."""
        ...

    def forget(self, executor: str) -> None:
        """A process ended in order."""
        ...


class Tx(Protocol):
    """One transaction. What it did is there for everybody when it ends well, and else never was."""

    @property
    def records(self) -> Records:
        """The audit record."""
        ...

    @property
    def letters(self) -> Letters:
        """The inbox."""
        ...

    @property
    def beats(self) -> Beats:
        """Who is alive."""
        ...

    @property
    def cases(self) -> Cases:
        """Proposals and where they are."""
        ...

    @property
    def words(self) -> Words:
        """Who said yes to what."""
        ...

    @property
    def once(self) -> Once:
        """What is spent."""
        ...

    @property
    def buckets(self) -> Buckets:
        """What is left of budgets."""
        ...

    @property
    def switches(self) -> Switches:
        """What holds for the whole cluster."""
        ...

    def require_none_planted(self) -> None:
        """Raise `WrongStore` for a trigger, view or rule, or a definition of a table, that we did
        not make: what is written may then not be what stays.
        """
        ...

    def now(self) -> datetime:
        """What time it is by the clock of the store, which all its processes share."""
        ...

    @property
    def native(self) -> object:
        """The connection itself, for an engine that enqueues into the same transaction."""
        ...


class Store(Protocol):
    """Where everything is kept that must not be lost. One cluster for each store."""

    @property
    def cluster(self) -> str:
        """The uid of that cluster."""
        ...

    def transaction(self) -> AbstractContextManager[Tx]:
        """All of it, or nothing; an error inside undoes it and goes on its way."""
        ...

    def reading(self) -> AbstractContextManager[Tx]:
        """One consistent sight; nothing can be written in it."""
        ...

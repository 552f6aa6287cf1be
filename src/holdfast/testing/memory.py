"""A `Store` in memory: it answers the contract of the real ones, and is gone with the process."""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from holdfast.errors import AlreadyKept, StoreRefused, WrongStore
from holdfast.model.canonical import canonical
from holdfast.model.entries import Checkpoint, Draft, Entry, Segment, check_draft
from holdfast.model.letters import Beat, Letter
from holdfast.ports import Clock, Tx
from holdfast.testing.casework import (
    BucketsInMemory,
    CasesInMemory,
    Casework,
    OnceInMemory,
    SwitchesInMemory,
    WordsInMemory,
    to_the_millisecond,
)
from holdfast.testing.clock import FrozenClock


@dataclass(slots=True)
class Kept:
    """Everything, as one transaction sees it."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    tip: Checkpoint | None = None
    segments: tuple[Segment, ...] = ()
    letters: dict[str, Letter] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    beats: dict[str, Beat] = field(default_factory=dict)
    casework: Casework = field(default_factory=Casework)
    work: dict[str, object] = field(default_factory=dict)  # the engine's, of its own sort
    planted: str = ""  # the trigger, view or rule that somebody has made in it
    writable: bool = True

    def copy(self, *, writable: bool) -> "Kept":
        return Kept(
            drafts=dict(self.drafts),
            entries=self.entries,
            tip=self.tip,
            segments=self.segments,
            letters=dict(self.letters),
            answers=dict(self.answers),
            beats=dict(self.beats),
            casework=self.casework.copy(),
            work=dict(self.work),
            planted=self.planted,
            writable=writable,
        )

    def change(self) -> "Kept":
        """Itself, if it may be changed."""
        if not self.writable:
            raise StoreRefused("This sight is for reading.", remedy="Write in a transaction.")
        return self


class RecordsInMemory:
    """`Records`."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def submit(self, *drafts: Draft) -> None:
        """Have these sealed."""
        kept = self._kept.change()
        for draft in drafts:
            check_draft(draft)
        for draft in drafts:
            if draft.id in kept.drafts or self.entry(draft.id) is not None:
                raise _already(draft.id)
            kept.drafts[draft.id] = draft

    def waiting(self, limit: int) -> Sequence[Draft]:
        """The oldest of what waits."""
        return list(self._kept.drafts.values())[:limit]

    def sole_sealer(self) -> bool:
        """Whoever writes is alone here."""
        return True

    def tip(self) -> Checkpoint | None:
        """The chain's state now."""
        return self._kept.tip

    def discard(self, ids: Collection[str]) -> None:
        """Take these from what waits."""
        kept = self._kept.change()
        for id_ in ids:
            kept.drafts.pop(id_, None)

    def seal(self, entries: Sequence[Entry], tip: Checkpoint) -> None:
        """Append entries, and move the tip from where they begin to where they end."""
        if not entries:
            return
        kept = self._kept.change()
        size = kept.tip.size if kept.tip is not None else 0
        if entries[0].seq != size + 1:
            raise StoreRefused(
                f"The chain ends at entry {size}, and these begin with {entries[0].seq}.",
                remedy="Somebody else seals as well: run one keeper.",
            )
        for entry in entries:
            if self.entry(entry.id) is not None:
                raise _already(entry.id)
            kept.drafts.pop(entry.id, None)
            kept.entries = (*kept.entries, entry)
        kept.tip = tip

    def entry(self, id: str) -> Entry | None:  # noqa: A002 - the word of the record
        """The sealed entry of that id."""
        return next((entry for entry in self._kept.entries if entry.id == id), None)

    def entries(self, ids: Collection[str]) -> Sequence[Entry]:
        """The sealed ones of those ids."""
        return [entry for entry in self._kept.entries if entry.id in ids]

    def at(self, seq: int) -> Entry | None:
        """The sealed entry at that place."""
        return next((entry for entry in self._kept.entries if entry.seq == seq), None)

    def last(self) -> Entry | None:
        """The sealed entry at the highest place."""
        return max(self._kept.entries, key=lambda entry: entry.seq, default=None)

    def of_kind(self, kind: str) -> Sequence[Entry]:
        """All sealed entries of that kind."""
        return [entry for entry in self._kept.entries if entry.kind == kind]

    def lines(self, first: int = 1) -> Iterator[bytes]:
        """The chain's lines."""
        start = self.start()
        first = max(first, start.size + 1 if start is not None else 1)
        return (entry.line for entry in self._kept.entries if entry.seq >= first)

    def close(self, segment: Segment) -> None:
        """Keep a signed state of the chain."""
        kept = self._kept.change()
        kept.segments = (*kept.segments, segment)

    def segments(self) -> Sequence[Segment]:
        """The ends of segments whose entries are all here."""
        return [each for each in self._kept.segments if not each.let_go]

    def start(self) -> Segment | None:
        """The end of what was let go."""
        return next((each for each in self._kept.segments if each.let_go), None)

    def let_go(self, size: int, keeping: Collection[str]) -> None:
        """Drop the entries up to the end of that segment."""
        kept = self._kept.change()
        if size not in {each.size for each in self.segments()}:
            raise StoreRefused(
                f"No segment of the chain ends at entry {size}.", remedy="Look at the record."
            )
        kept.segments = tuple(
            msgspec.structs.replace(each, let_go=each.size == size)
            for each in kept.segments
            if each.size >= size
        )
        kept.entries = tuple(e for e in kept.entries if e.seq > size or e.kind in keeping)

    def backlog(self) -> int:
        """How many drafts wait."""
        return len(self._kept.drafts)


class LettersInMemory:
    """`Letters`."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def put(self, letter: Letter) -> None:
        """Hand something over."""
        canonical(letter.body)
        kept = self._kept.change()
        if letter.id in kept.letters:
            raise _already(letter.id)
        kept.letters[letter.id] = msgspec.structs.replace(letter, at=to_the_millisecond(letter.at))

    def waiting(self, limit: int, kind: str = "") -> Sequence[Letter]:
        """The oldest that nobody has answered."""
        meant = [each for each in self._unanswered() if kind in ("", each.kind)]
        return sorted(meant, key=lambda each: (each.at, each.id))[:limit]

    def backlog(self) -> int:
        """How many nobody has answered."""
        return len(self._unanswered())

    def outcome(self, id: str) -> str | None:  # noqa: A002 - the word of the record
        """What became of a letter."""
        return self._kept.answers.get(id)

    def _unanswered(self) -> list[Letter]:
        kept = self._kept
        return [each for each in kept.letters.values() if each.id not in kept.answers]

    def answer(self, id: str, outcome: str) -> bool:  # noqa: A002 - the word of the record
        """Say what became of a letter, once."""
        answers = self._kept.change().answers
        if id in answers:
            return False
        answers[id] = outcome
        return True


class BeatsInMemory:
    """`Beats`."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def beat(self, beat: Beat) -> None:
        """Say that a process lives."""
        self._kept.change().beats[beat.executor] = beat

    def all(self) -> Sequence[Beat]:
        """The last word of each process."""
        return sorted(self._kept.beats.values(), key=lambda each: each.executor)

    def forget(self, executor: str) -> None:
        """A process ended in order."""
        self._kept.change().beats.pop(executor, None)


class TxInMemory:
    """A `Tx`."""

    def __init__(self, kept: Kept, clock: Clock) -> None:
        self.native: object = kept
        self._planted = kept.planted
        self._clock = clock
        self.records = RecordsInMemory(kept)
        self.letters = LettersInMemory(kept)
        self.beats = BeatsInMemory(kept)

        def to_change() -> Casework:
            return kept.change().casework

        self.cases = CasesInMemory(kept.casework, to_change)
        self.words = WordsInMemory(kept.casework, to_change)
        self.once = OnceInMemory(kept.casework, to_change)
        self.buckets = BucketsInMemory(kept.casework, to_change)
        self.switches = SwitchesInMemory(kept.casework, to_change)

    def require_none_planted(self) -> None:
        """Raise `WrongStore` if anything that we did not make changes what is written."""
        if self._planted:
            raise WrongStore(f"The store holds {self._planted}.", remedy="Drop it.")

    def now(self) -> datetime:
        """The time, to the millisecond: finer is nothing of what is kept."""
        return to_the_millisecond(self._clock.now())


class StoreInMemory:
    """A `Store`: writers take turns, and each works on a copy that is kept when it ends well."""

    def __init__(self, cluster: str, clock: Clock | None = None) -> None:
        self.cluster = cluster
        self._clock = clock or FrozenClock()
        self._kept = Kept()
        self._turn = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All of it, or nothing."""
        with self._turn:
            draft = self._kept.copy(writable=True)
            yield TxInMemory(draft, self._clock)
            self._kept = draft

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """One consistent sight."""
        yield TxInMemory(self._kept.copy(writable=False), self._clock)


def _already(id_: str) -> AlreadyKept:
    return AlreadyKept(f"{id_} is kept already.", remedy="Nothing was written: look at that one.")

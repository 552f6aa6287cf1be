"""A `Store` in memory: it answers the contract of the real ones, and is gone with the process."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from holdfast.errors import AlreadyKept, StoreRefused
from holdfast.model.canonical import canonical
from holdfast.model.entries import Checkpoint, Draft, Entry, check_draft
from holdfast.model.letters import Beat, Letter
from holdfast.ports import Tx


@dataclass(slots=True)
class _Kept:
    drafts: dict[str, Draft] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    tip: Checkpoint | None = None
    letters: dict[str, Letter] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    beats: dict[str, Beat] = field(default_factory=dict)
    writable: bool = True

    def copy(self, *, writable: bool) -> "_Kept":
        return _Kept(
            drafts=dict(self.drafts),
            entries=self.entries,
            tip=self.tip,
            letters=dict(self.letters),
            answers=dict(self.answers),
            beats=dict(self.beats),
            writable=writable,
        )

    def change(self) -> "_Kept":
        """Itself, if it may be changed."""
        if not self.writable:
            raise StoreRefused("This sight is for reading.", remedy="Write in a transaction.")
        return self


class RecordsInMemory:
    """`Records`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def submit(self, draft: Draft) -> None:
        """Have something sealed."""
        check_draft(draft)
        kept = self._kept.change()
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

    def at(self, seq: int) -> Entry | None:
        """The sealed entry at that place."""
        return next((entry for entry in self._kept.entries if entry.seq == seq), None)

    def of_kind(self, kind: str) -> Sequence[Entry]:
        """All sealed entries of that kind."""
        return [entry for entry in self._kept.entries if entry.kind == kind]

    def lines(self, first: int = 1) -> Iterator[bytes]:
        """The chain's lines."""
        return (entry.line for entry in self._kept.entries if entry.seq >= first)


class LettersInMemory:
    """`Letters`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def put(self, letter: Letter) -> None:
        """Hand something over."""
        canonical(letter.body)
        kept = self._kept.change()
        if letter.id in kept.letters:
            raise _already(letter.id)
        to_the_millisecond = letter.at.replace(microsecond=letter.at.microsecond // 1000 * 1000)
        kept.letters[letter.id] = msgspec.structs.replace(letter, at=to_the_millisecond)

    def waiting(self, limit: int) -> Sequence[Letter]:
        """The oldest that nobody has answered."""
        kept = self._kept
        unanswered = [each for each in kept.letters.values() if each.id not in kept.answers]
        return sorted(unanswered, key=lambda each: (each.at, each.id))[:limit]

    def answer(self, id: str, outcome: str) -> bool:  # noqa: A002 - the word of the record
        """Say what became of a letter, once."""
        answers = self._kept.change().answers
        if id in answers:
            return False
        answers[id] = outcome
        return True


class BeatsInMemory:
    """`Beats`."""

    def __init__(self, kept: _Kept) -> None:
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

    def __init__(self, kept: _Kept) -> None:
        self.native: object = None
        self.records = RecordsInMemory(kept)
        self.letters = LettersInMemory(kept)
        self.beats = BeatsInMemory(kept)


class StoreInMemory:
    """A `Store`: writers take turns, and each works on a copy that is kept when it ends well."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self._kept = _Kept()
        self._turn = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All of it, or nothing."""
        with self._turn:
            draft = self._kept.copy(writable=True)
            yield TxInMemory(draft)
            self._kept = draft

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """One consistent sight."""
        yield TxInMemory(self._kept.copy(writable=False))


def _already(id_: str) -> AlreadyKept:
    return AlreadyKept(f"{id_} is kept already.", remedy="Nothing was written: look at that one.")

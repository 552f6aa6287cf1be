"""What is kept of proposals, in memory: shelves of `StoreInMemory`."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from holdfast.model.cases import Bucket, Case, Word, require_same_proposal
from holdfast.ports.casework import Changed


@dataclass(slots=True)
class Casework:
    """All of it, as one transaction sees it."""

    cases: dict[str, Case] = field(default_factory=dict)
    words: tuple[Word, ...] = ()
    once: dict[tuple[str, str], str] = field(default_factory=dict)
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    switches: dict[str, str] = field(default_factory=dict)

    def copy(self) -> "Casework":
        return Casework(
            cases=dict(self.cases),
            words=self.words,
            once=dict(self.once),
            buckets=dict(self.buckets),
            switches=dict(self.switches),
        )


class _Shelf:
    """`to_change` is the same, or raises where it may not be changed."""

    def __init__(self, kept: Casework, to_change: Callable[[], Casework]) -> None:
        self._kept = kept
        self._to_change = to_change


class CasesInMemory(_Shelf):
    """`Cases`."""

    def put(self, case: Case) -> bool:
        """Keep a new one."""
        cases = self._to_change().cases
        if case.id in cases:
            return False
        cases[case.id] = _as_kept(case)
        return True

    def case(self, id: str) -> Case | None:  # noqa: A002 - the word of the record
        """The one of that id."""
        return self._kept.cases.get(id)

    def move(self, was: Case, case: Case) -> bool:
        """Write it as it is now, if it is still as `was` says."""
        require_same_proposal(was, case)
        cases = self._to_change().cases
        if cases.get(was.id) != _as_kept(was):
            return False
        cases[case.id] = _as_kept(case)
        return True

    def close(self, was: Case, state: str, at: datetime) -> bool:
        """Have one whose row is damaged be in that state from then on."""
        cases = self._to_change().cases
        there = cases.get(was.id)
        if there is None or not there.damaged or there.state != was.state:
            return False
        cases[was.id] = _as_kept(msgspec.structs.replace(there, state=state, changed=at))
        return True

    def in_states(
        self, states: Collection[str], limit: int, after: Changed | None = None
    ) -> Sequence[Case]:
        """Those in one of these states, the longest unchanged first."""
        there = [each for each in self._kept.cases.values() if each.state in states]
        if after is not None:
            there = [each for each in there if (each.changed, each.id) > after]
        return sorted(there, key=lambda each: (each.changed, each.id))[:limit]

    def of_target(self, uid: str, limit: int) -> Sequence[Case]:
        """Those of one target, the newest first."""
        return [each for each in self.newest(len(self._kept.cases)) if each.target == uid][:limit]

    def newest(self, limit: int) -> Sequence[Case]:
        """The newest of all."""
        by_time = sorted(self._kept.cases.values(), key=lambda each: (each.proposed, each.id))
        return by_time[::-1][:limit]


class WordsInMemory(_Shelf):
    """`Words`."""

    def add(self, word: Word) -> bool:
        """Keep it, once of each person."""
        kept = self._to_change()
        if word.person in {each.person for each in self.of(word.proposal, word.step)}:
            return False
        kept.words = (*kept.words, msgspec.structs.replace(word, at=to_the_millisecond(word.at)))
        return True

    def of(self, proposal: str, step: int) -> Sequence[Word]:
        """All of one step, in the order in which they came."""
        return [each for each in self._kept.words if (each.proposal, each.step) == (proposal, step)]

    def of_all(self, proposals: Collection[str]) -> Sequence[Word]:
        """Those of all of these."""
        there = [each for each in self._kept.words if each.proposal in proposals]
        return sorted(there, key=lambda each: (each.proposal, each.step))


class OnceInMemory(_Shelf):
    """`Once`."""

    def spend(self, what: str, key: str, by: str, at: datetime) -> bool:  # noqa: ARG002
        """Spend it, for ever."""
        once = self._to_change().once
        if (what, key) in once:
            return False
        once[what, key] = by
        return True

    def spent(self, what: str, key: str) -> str | None:
        """By whom it was spent."""
        return self._kept.once.get((what, key))


class BucketsInMemory(_Shelf):
    """`Buckets`."""

    def bucket(self, person: str, of_class: str) -> Bucket | None:
        """The last that was written."""
        return self._kept.buckets.get((person, of_class))

    def fill(self, person: str, of_class: str, was: Bucket | None, now: Bucket) -> bool:
        """Write it, if it is still as `was` says."""
        buckets = self._to_change().buckets
        if buckets.get((person, of_class)) != (None if was is None else _filled(was)):
            return False
        buckets[person, of_class] = _filled(now)
        return True


class SwitchesInMemory(_Shelf):
    """`Switches`."""

    def value(self, name: str) -> str | None:
        """What that switch says."""
        return self._kept.switches.get(name)

    def on(self, name: str, value: str, at: datetime) -> None:  # noqa: ARG002
        """Switch it on, or have it say something else."""
        self._to_change().switches[name] = value

    def turn(self, name: str, was: str | None, value: str, at: datetime) -> bool:  # noqa: ARG002
        """Have it say something else."""
        switches = self._to_change().switches
        if switches.get(name) != was:
            return False
        switches[name] = value
        return True

    def off(self, name: str) -> None:
        """Switch it off."""
        self._to_change().switches.pop(name, None)

    def all(self) -> Sequence[tuple[str, str]]:
        """Those that are on, by name."""
        return sorted(self._kept.switches.items())


def to_the_millisecond(moment: datetime) -> datetime:
    """A moment as databases keep it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _as_kept(case: Case) -> Case:
    return msgspec.structs.replace(
        case,
        proposed=to_the_millisecond(case.proposed),
        changed=to_the_millisecond(case.changed),
        open_until=to_the_millisecond(case.open_until),
    )


def _filled(bucket: Bucket) -> Bucket:
    return msgspec.structs.replace(bucket, at=to_the_millisecond(bucket.at))

"""A name is allotted once, and the search for it stays short however many there were before."""

from datetime import datetime

import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.execution.lease_names import Purpose
from holdfast.testing.casework import OnceInMemory
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.memory import Kept, TxInMemory
from holdfast.workflow.lending import LEASE, allot, allotted

KIND = RolloutRestart.kind


class CountingOnce(OnceInMemory):
    """Counts what it is asked."""

    asked = 0

    def spend(self, what: str, key: str, by: str, at: datetime) -> bool:
        """Spend it, for ever."""
        self.asked += 1
        return super().spend(what, key, by, at)

    def spent(self, what: str, key: str) -> str | None:
        """By whom it was spent."""
        self.asked += 1
        return super().spent(what, key)


class Names:
    """The names of the leases of one object."""

    def __init__(self) -> None:
        kept = Kept().copy(writable=True)
        self.tx = TxInMemory(kept, FrozenClock())
        self.once = CountingOnce(kept.casework, lambda: kept.change().casework)
        self.tx.once = self.once

    def allot(self, run: str, purpose: Purpose = Purpose.PREVIEW, uid: str = "uid-1") -> str:
        """One more for that run."""
        return allot(self.tx, purpose, KIND, uid, run=run, at=NOON)

    def allotted(self, run: str) -> list[str]:
        """Those that the run had for previews of that object."""
        return allotted(self.tx, Purpose.PREVIEW, KIND, "uid-1", run)


def named(*generations: int) -> list[str]:
    return [f"preview.rolloutrestart.uid-1.{each}" for each in generations]


def test_each_run_has_the_next_name() -> None:
    names = Names()
    assert named(*range(1, 71)) == [names.allot(f"run {number}") for number in range(70)]
    assert "preview.rolloutrestart.uid-2.1" == names.allot("another object", uid="uid-2")
    assert "act.rolloutrestart.uid-1.1" == names.allot("another purpose", Purpose.ACT)


def test_a_run_is_told_its_own_names_and_no_others() -> None:
    names = Names()
    for run in ("one", "two", "one", "three", "one"):
        names.allot(run)
    names.allot("two", Purpose.ACT)
    names.allot("two", uid="uid-2")
    assert named(1, 3, 5) == names.allotted("one")
    assert named(2) == names.allotted("two")
    assert [] == names.allotted("four")


def test_a_run_that_had_its_names_before_the_first_was_kept_is_told_them() -> None:
    names = Names()
    for name, run in zip(named(1, 2, 3), ("one", "two", "one"), strict=True):
        names.tx.once.spend(LEASE, name, run, NOON)
    assert named(1, 3) == names.allotted("one")
    assert named(4) == [names.allot("three")]
    assert named(4) == names.allotted("three")


@pytest.mark.slow
@pytest.mark.parametrize("before", [500, 2000])
def test_the_work_of_a_name_hardly_grows_with_what_was_proposed_before(before: int) -> None:
    names = Names()
    for number in range(before):
        names.allot(f"run {number}")
    names.once.asked = 0
    assert named(before + 1) == [names.allot("last")]
    assert names.once.asked <= 2 * before.bit_length() + 4
    names.once.asked = 0
    assert named(before + 1) == names.allotted("last")
    assert 3 == names.once.asked

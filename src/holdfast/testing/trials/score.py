"""What became of the trials, and the figures by area.

- Recall: of the faults that were played, the part whose cause stood on top.
- Precision: of everything that was said, the part that was a right cause.
"""

from collections.abc import Iterable
from enum import StrEnum
from statistics import median

import msgspec

from holdfast.testing.trials.trial import Area, Author

ENOUGH = 0.97


class Result(StrEnum):
    """Of one trial."""

    RIGHT = "right"  # a fault: its cause on top; a decoy: silence
    WRONG = "wrong"
    NOT_PLAYED = "not played"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one trial."""

    name: str
    area: Area
    author: Author
    decoy: bool
    result: Result
    expected: str = ""
    alarms: tuple[str, ...] = ()
    why: str = ""  # not played: why; else what was said instead
    seconds: float | None = None  # from the fault to the first scan that held its cause
    bare_right: bool = True  # the same for a reader who may not list Secrets
    bare_alarms: tuple[str, ...] = ()


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of some trials."""

    trials: int
    faults: int  # that were played
    decoys: int
    not_played: int
    right: int  # faults whose cause stood on top
    alarms: int
    median: float | None
    worst: float | None

    @property
    def recall(self) -> float | None:
        """None: no fault was played."""
        return self.right / self.faults if self.faults else None

    @property
    def precision(self) -> float | None:
        """None: nothing was said."""
        said = self.right + self.alarms
        return self.right / said if said else None

    @property
    def good(self) -> bool:
        """Enough was found, nothing else was said, and everything was played."""
        enough = self.recall is None or self.recall >= ENOUGH
        return enough and not self.alarms and not self.not_played


def figures(outcomes: Iterable[Outcome], strangers: int = 0) -> Figures:
    """Of those trials; `strangers` are false alarms about what belongs to no trial."""
    every = tuple(outcomes)
    played = [each for each in every if each.result is not Result.NOT_PLAYED]
    faults = [each for each in played if not each.decoy]
    times = [each.seconds for each in faults if each.seconds is not None]
    return Figures(
        trials=len(every),
        faults=len(faults),
        decoys=sum(each.decoy for each in played),
        not_played=len(every) - len(played),
        right=sum(each.result is Result.RIGHT for each in faults),
        alarms=sum(len(each.alarms) for each in played) + strangers,
        median=median(times) if times else None,
        worst=max(times, default=None),
    )

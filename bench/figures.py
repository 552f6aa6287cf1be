"""What a measurement says: figures, each from several rounds, some with a target to meet.

On a machine that others use as well, a single time says little. What must be compared is measured
in turns within one run (A B A B), a ratio is taken within each round, and medians are quoted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing that was measured, once in each round."""

    what: str
    unit: str  # s, us, MiB, MB, x (a ratio)
    values: tuple[float, ...]
    at_most: float | None = None  # the target; None: for orientation

    @property
    def median(self) -> float:
        """The value to quote."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None when there is none."""
        return None if self.at_most is None else self.median <= self.at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one measurement found, or why it could not be made."""

    name: str
    what: str
    n: int = 0  # of what was measured: objects, bytes, starts
    seed: int | None = None
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    not_run: str = ""
    load: tuple[float, ...] = ()  # of the machine, over the minute before and the last of it


def ratio(
    what: str, ours: Sequence[float], theirs: Sequence[float], *, at_most: float | None = None
) -> Figure:
    """Ours to theirs, within each round."""
    each = tuple(a / b for a, b in zip(ours, theirs, strict=True))
    return Figure(what=what, unit="x", values=each, at_most=at_most)


def as_json(entry: Entry) -> dict[str, Any]:
    """An entry as the results file holds it."""
    return {
        "name": entry.name,
        "what": entry.what,
        "n": entry.n,
        "load": [round(each, 1) for each in entry.load],
        "seed": entry.seed,
        "notRun": entry.not_run,
        "notes": list(entry.notes),
        "figures": [
            {
                "what": figure.what,
                "unit": figure.unit,
                "rounds": len(figure.values),
                "median": figure.median,
                "min": min(figure.values),
                "max": max(figure.values),
                "target": figure.at_most,
                "met": figure.met,
            }
            for figure in entry.figures
        ],
    }

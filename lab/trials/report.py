"""The figures of a run as a table by area, as JSON, and as the page of the documentation."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Self

import msgspec

from holdfast.testing.trials.first_run import FirstRun
from holdfast.testing.trials.score import Figures, Outcome, Result, figures
from holdfast.testing.trials.trial import Area, Author
from lab.trials.run import Played

HEADINGS = (
    "area",
    "trials",
    "faults",
    "decoys",
    "cause right",
    "recall",
    "precision",
    "false alarms",
    "found after, median",
    "worst",
)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """When and how trials were played."""

    began: datetime
    commit: str
    seed: int
    trials: int
    looks: int
    neighbours: int
    strangers: tuple[str, ...]  # false alarms of nobody's

    @property
    def words(self) -> str:
        """In one line."""
        return (
            f"{self.began:%Y-%m-%d}, commit {self.commit}, seed {self.seed}: {self.trials} trials; "
            f"{self.looks} scans, of {self.neighbours} healthy neighbours and of what is of no "
            f"trial {len(self.strangers)} false alarms"
        )


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Outcomes, and the runs that they come from; what results/trials.json holds."""

    runs: tuple[Run, ...]
    outcomes: tuple[Outcome, ...]
    again: tuple[str, ...] = ()  # not right or not clean in an earlier run, and played once more

    @classmethod
    def of(cls, played: Played, *, began: datetime, commit: str, seed: int) -> Self:
        """Of one run."""
        run = Run(
            began=began,
            commit=commit,
            seed=seed,
            trials=len(played.outcomes),
            looks=played.looks,
            neighbours=played.neighbours,
            strangers=tuple(played.strangers.values()),
        )
        outcomes = sorted(played.outcomes, key=lambda outcome: (outcome.area, outcome.name))
        return cls(runs=(run,), outcomes=tuple(outcomes))

    def after(self, earlier: "Report") -> "Report":
        """With what an earlier run says of trials that were not played in this one."""
        again = {outcome.name for outcome in self.outcomes}
        kept = tuple(outcome for outcome in earlier.outcomes if outcome.name not in again)
        bad = [o.name for o in earlier.outcomes if o.alarms or o.result is not Result.RIGHT]
        return Report(
            runs=(*earlier.runs, *self.runs),
            outcomes=(*kept, *self.outcomes),
            again=(*earlier.again, *(name for name in bad if name in again)),
        )

    @property
    def total(self) -> Figures:
        """Of everything, with what was said of nobody."""
        return figures(self.outcomes, strangers=sum(len(run.strangers) for run in self.runs))

    def text(self, first: Sequence[FirstRun]) -> str:
        """For the terminal."""
        rows = [HEADINGS, *self._rows()]
        widths = [max(len(row[n]) for row in rows) for n in range(len(HEADINGS))]
        lines = ["  ".join(_aligned(row, widths)) for row in rows]
        return "\n".join([*lines, "", *self._words(first)])

    def page(self, first: Sequence[FirstRun]) -> str:
        """For docs/reference/trials.md."""
        lines = [
            "# The trials\n",
            "How well a scan does on the [library of trials](../how-to/write-a-trial.md), measured",
            "with `make trials ARGS=--page`. Kubelets are played (*simulated*); the API server,",
            "the controllers and the scheduler are real. The blind author had seen no rule.\n",
            "| " + " | ".join(HEADINGS) + " |",
            "| " + " | ".join(["---"] * len(HEADINGS)) + " |",
            *("| " + " | ".join(row) + " |" for row in self._rows()),
            "",
            *(f"- {word}" for word in self._words(first)),
        ]
        return "\n".join(lines) + "\n"

    def _rows(self) -> Iterable[tuple[str, ...]]:
        for area in Area:
            mine = [o for o in self.outcomes if o.area == area]
            if mine:
                yield _row(area, figures(mine))
        yield _row("all", self.total)
        yield _row("blind author", figures(_by(self.outcomes, Author.BLIND)))

    def _words(self, first: Sequence[FirstRun]) -> Iterator[str]:
        total = self.total
        yield (
            f"N {total.trials}: {total.faults} faults, {total.decoys} decoys, "
            f"{total.not_played} not played"
        )
        yield from (run.words for run in self.runs)
        if self.again:
            yield f"not right or clean at first, mended and played again: {', '.join(self.again)}"
        bare = [o for o in self.outcomes if not o.decoy and o.result is not Result.NOT_PLAYED]
        right = f"{sum(o.bare_right for o in bare)} of {len(bare)} causes right"
        alarms = sum(len(o.bare_alarms) for o in self.outcomes)
        yield f"without the right to list Secrets: {right}, {alarms} false alarms"
        yield from (f"first run of blind trials, {run.words}" for run in first)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for n, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if n else cell.ljust(width)


def _by(outcomes: Sequence[Outcome], author: Author) -> list[Outcome]:
    return [each for each in outcomes if each.author is author]


def _row(name: str, of: Figures) -> tuple[str, ...]:
    return (
        name,
        str(of.trials),
        str(of.faults),
        str(of.decoys),
        str(of.right),
        _share(of.recall),
        _share(of.precision),
        str(of.alarms),
        _seconds(of.median),
        _seconds(of.worst),
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"

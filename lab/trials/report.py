"""The figures of a run as a table by area, as JSON, and as the page of the documentation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run and what it stands for."""

    played: Played
    began: datetime
    commit: str
    seed: int
    first: FirstRun | None

    @property
    def total(self) -> Figures:
        """Of everything, with what was said of nobody."""
        return figures(self.played.outcomes, strangers=len(self.played.strangers))

    def text(self) -> str:
        """For the terminal."""
        rows = list(self._rows())
        widths = [max(len(row[n]) for row in (HEADINGS, *rows)) for n in range(len(HEADINGS))]
        lines = [
            "  ".join(
                c.rjust(w) if n else c.ljust(w)
                for n, (c, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in (HEADINGS, *rows)
        ]
        return "\n".join([*lines, "", *self._words()])

    def page(self) -> str:
        """For docs/reference/trials.md."""
        lines = [
            "# The trials\n",
            "How well a scan does on the [library of trials](../how-to/write-a-trial.md), measured",
            "with `make trials ARGS=--page`. Kubelets are played (*simulated*); the API server,",
            "the controllers and the scheduler are real.\n",
            "| " + " | ".join(HEADINGS) + " |",
            "| " + " | ".join(["---"] * len(HEADINGS)) + " |",
            *("| " + " | ".join(row) + " |" for row in self._rows()),
            "",
            *(f"- {word}" for word in self._words()),
        ]
        return "\n".join(lines) + "\n"

    def json(self) -> dict[str, Any]:
        """For results/trials.json."""
        total = self.total
        return {
            "commit": self.commit,
            "began": self.began.isoformat(timespec="seconds"),
            "seed": self.seed,
            "n": total.trials,
            "recall": total.recall,
            "precision": total.precision,
            "false_alarms": total.alarms,
            "strangers": list(self.played.strangers.values()),
            "looks": self.played.looks,
            "outcomes": [
                {name: getattr(each, name) for name in each.__struct_fields__}
                for each in sorted(self.played.outcomes, key=lambda o: (o.area, o.name))
            ],
        }

    def _rows(self) -> Iterable[tuple[str, ...]]:
        for area in Area:
            mine = [o for o in self.played.outcomes if o.area == area]
            if mine:
                yield _row(area, figures(mine))
        yield _row("all", self.total)
        yield _row("blind author", figures(_by(self.played.outcomes, Author.BLIND)))

    def _words(self) -> list[str]:
        played, total = self.played, self.total
        bare = [o for o in played.outcomes if not o.decoy and o.result is not Result.NOT_PLAYED]
        when = f"{self.began:%Y-%m-%d}, commit {self.commit}, seed {self.seed}"
        count = f"{total.faults} faults, {total.decoys} decoys, {total.not_played} not played"
        others = f"{played.neighbours} healthy neighbours and of what belongs to no trial"
        right = f"{sum(o.bare_right for o in bare)} of {len(bare)} causes right"
        alarms = sum(len(o.bare_alarms) for o in played.outcomes)
        said = [
            f"{when}, N {total.trials}: {count}",
            f"{played.looks} scans; of {others}: {len(played.strangers)} false alarms",
            f"without the right to list Secrets: {right}, {alarms} false alarms",
        ]
        if self.first is not None:
            said.append(f"first run of the blind trials, {self.first.words}")
        return said


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

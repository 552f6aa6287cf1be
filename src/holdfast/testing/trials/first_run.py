"""The first runs of blind trials, kept as they were: before any rule had been mended for them.

Each author has a run of his own, made as soon as his trials were there.
"""

from datetime import date
from pathlib import Path

import msgspec

from holdfast.model import written
from holdfast.model.baseline import API_VERSION
from holdfast.testing.trials.library import HERE
from holdfast.testing.trials.score import Result

KIND = "FirstRun"
FILES = "first-run*.yaml"


class First(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of one trial then."""

    name: str
    decoy: bool = False
    result: Result
    alarms: tuple[str, ...] = ()
    note: str = ""  # what was mended in its manifest since, and why


class FirstRun(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"api_version": "apiVersion"},
):
    """The run, trial by trial."""

    api_version: str
    kind: str
    on: str
    commit: str
    seed: int
    strangers: tuple[str, ...] = ()
    trials: tuple[First, ...]

    def __post_init__(self) -> None:
        date.fromisoformat(self.on)

    @property
    def words(self) -> str:
        """The score in one line."""
        played = [each for each in self.trials if each.result is not Result.NOT_PLAYED]
        faults = [each for each in played if not each.decoy]
        right = sum(each.result is Result.RIGHT for each in faults)
        alarms = sum(len(each.alarms) for each in played) + len(self.strangers)
        share = f" (recall {right / len(faults):.3f})" if faults else ""
        return (
            f"{self.on}, commit {self.commit[:12]}, seed {self.seed}: {right} of {len(faults)} "
            f"causes right{share}, {alarms} false alarms, {len(played) - len(faults)} decoys, "
            f"{len(self.trials) - len(played)} not played"
        )


def first_runs(folder: Path = HERE) -> tuple[FirstRun, ...]:
    """As they are kept, the oldest first."""
    runs = [
        written.parse(
            file.read_text(encoding="utf-8"),
            str(file),
            FirstRun,
            api_version=API_VERSION,
            kind=KIND,
        )
        for file in sorted(folder.glob(FILES))
    ]
    return tuple(sorted(runs, key=lambda run: run.on))

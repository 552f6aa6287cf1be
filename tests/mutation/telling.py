"""What came of the mutants: a table for the screen, and a page for those who did not run it."""

import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.mutation.rooms import FILES, ROOT

EXCUSES = Path(__file__).with_name("survivors.yaml")
PAGE = ROOT / "docs" / "reference" / "mutants.md"
COLUMNS = ("room", "mutants", "killed", "by an end", "survived", "excused", "not judged", "share")

_PAGE = """# The mutants

What decides is held by its tests: each small change of it, one at a time (a comparison, a number, a
word, a condition, what is returned or raised, a call that is left out, an entry that a table loses,
a member of an enum that becomes another), has to be noticed by a test of its room.
`tests/mutation/points.py` says what is changed and what is left alone; nothing that is written in a
source can hide a place from it. Each room is judged whole, {parts}.
Measured with `make mutants ARGS=--page`.

{table}

- the sources of commit {commit}, Python {python}
- *by an end*: of those killed, noticed by the time or the memory that they took, and by no test
- *share*: killed, of those that were judged, excuses or not

## Survivors

No test notices these, each for the reason below it, which `tests/mutation/survivors.yaml` holds.

{survivors}"""

type Told = Mapping[str, Any]


def excused() -> dict[str, str]:
    """The reason of each survivor that is right to survive."""
    told: dict[str, str] = yaml.safe_load(EXCUSES.read_text()) or {}
    return told


def rows(told: Mapping[str, Told]) -> list[tuple[str, ...]]:
    """Each room and all of them: how many there are, and what came of them."""
    known = excused()
    counts = {room: _counts(each, known) for room, each in told.items()}
    counts["all"] = [sum(column) for column in zip(*counts.values(), strict=True)]
    return [
        (room, *map(str, each), f"{each[1] / judged:.1%}" if judged else "-")
        for room, each in counts.items()
        for judged in [each[1] + each[3]]
    ]


def _counts(told: Told, known: Mapping[str, str]) -> list[int]:
    survivors = told["survivors"]
    return [
        told["of"],
        told["judged"] - len(survivors),
        len(told["ended"]),
        len(survivors),
        sum(key in known for key in survivors),
        told["of"] - told["judged"],
    ]


def table(told: Mapping[str, Told]) -> str:
    """For the screen."""
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows(told), strict=True)]
    return "\n".join(
        "  ".join(
            word.rjust(width) if at else word.ljust(width)
            for at, (word, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (COLUMNS, *rows(told))
    )


def page(told: Mapping[str, Told]) -> str:
    """For the documentation, with each survivor and its reason."""
    reasons = excused()
    survivors = sorted({*reasons, *(key for each in told.values() for key in each["survivors"])})
    told_of = [listed(key, reasons.get(key, "no reason is given")) for key in survivors]
    parts = ", ".join(f"of {room} {', '.join(FILES[room])}" for room in told if room in FILES)
    return _PAGE.format(
        parts=parts,
        table="\n".join(_line(row) for row in (COLUMNS, ["---"] * len(COLUMNS), *rows(told))),
        commit=_sources(),
        python=platform.python_version(),
        survivors="\n".join(told_of) or "There are none.",
    )


def _sources() -> str:
    """The commit that last changed a source: a change of tests alone leaves a mutant as it is."""
    asked = ["git", "log", "-1", "--format=%H", "--", "src"]
    return subprocess.run(
        asked, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def _line(row: Iterable[str]) -> str:
    return f"| {' | '.join(row)} |"


def listed(key: str, reason: str) -> str:
    """A survivor, as the page shows it."""
    return f"```text\n{key}\n```\n\n{' '.join(reason.split())}\n"

"""What came of the mutants: a table for the screen, and a page for those who did not run it."""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bench.machine import commit
from tests.mutation.rooms import FILES, ROOT

EXCUSES = Path(__file__).with_name("survivors.yaml")
PAGE = ROOT / "docs" / "reference" / "mutants.md"
COLUMNS = ("room", "mutants", "killed", "by an end", "survived", "excused", "not judged", "share")

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
    lines = [
        "| " + " | ".join(row) + " |" for row in (COLUMNS, ["---"] * len(COLUMNS), *rows(told))
    ]
    survivors = sorted(key for each in told.values() for key in each["survivors"])
    reasons = excused()
    part = ", ".join(f"of {room} {', '.join(FILES[room])}" for room in told if room in FILES)
    return f"""# The mutants

What decides is held by its tests: each small change of it, one at a time (a comparison, a number, a
word, a condition, what is returned or raised, a call that is left out), has to be noticed by a test
of its room. Measured with `make mutants ARGS=--page`; `tests/mutation/points.py` says what is changed
and what is left alone, and nothing in a source can hide a place from it. Judged is each room whole
({part}).

{chr(10).join(lines)}

- commit {commit()}, Python {platform.python_version()}
- *by an end*: of those killed, noticed by no test but by the time or the memory that they took
- *share*: killed, of those that were judged, excuses or not

## Survivors

No test notices these, each for the reason below it (`tests/mutation/survivors.yaml`).

{chr(10).join(f"- `{key.replace(chr(96), chr(39))}`{chr(10)}{chr(10)}  {' '.join(reasons.get(key, 'no reason is given').split())}" for key in survivors)}
"""

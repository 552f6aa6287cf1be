"""Verdicts that are kept, so that whoever is interrupted goes on from there.

A verdict holds for one state of sources and tests, to the byte. Of another state it is a hint: the
test that noticed a mutant once is the first that is asked again.
"""

import hashlib
import json
import sys
from pathlib import Path

from tests.mutation.killing import Judged
from tests.mutation.points import Mutant
from tests.mutation.rooms import ROOT

KEPT = ROOT / "results" / "mutants.jsonl"
_TOLD_BY = ("src/**/*.py", "tests/**/*.py", "tests/**/*.yaml", "lab/**/*.py", "requirements/*")


def state() -> str:
    """What the verdicts hang on: every source, every test, what they stand on, and the Python."""
    told = hashlib.sha256(sys.version.encode())
    for path in sorted({path for each in _TOLD_BY for path in ROOT.glob(each) if path.is_file()}):
        if path.name != "survivors.yaml":
            told.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return told.hexdigest()


class Verdicts:
    """The verdicts of one state, and the hints that others left."""

    def __init__(self, path: Path, state: str) -> None:
        self._path, self._state = path, state
        self._by: dict[str, tuple[str, bool]] = {}
        self.hints: dict[str, str] = {}
        lines = path.read_text().splitlines() if path.exists() else []
        for told in map(json.loads, lines):
            if told["state"] == state:
                self._by[told["key"]] = told["by"], told["quickly"]
            if "::" in told["by"]:
                self.hints[told["key"]] = told["by"]

    def of(self, mutant: Mutant) -> Judged | None:
        """The verdict that is kept; None if there is none of this state."""
        kept = self._by.get(mutant.key)
        return None if kept is None else Judged(mutant, kept[0], quickly=kept[1])

    def keep(self, judged: Judged) -> None:
        """Keep a verdict."""
        told = {
            "state": self._state,
            "key": judged.mutant.key,
            "by": judged.by,
            "quickly": judged.quickly,
        }
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("a") as kept:
            kept.write(json.dumps(told) + "\n")

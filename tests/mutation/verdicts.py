"""Verdicts that are kept, so that whoever is interrupted goes on from there.

A verdict holds for one state of the sources and of the room's tests, to the byte. Of another state
it is a hint: the test that noticed a mutant once is the first that is asked again.
"""

import ast
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.mutation.killing import Judged
from tests.mutation.points import Mutant
from tests.mutation.rooms import ROOT

KEPT = ROOT / "results" / "mutants.jsonl"
_ALWAYS = (
    *("src/**/*", "lab/**/*.py", "bench/**/*.py", "requirements/*", "pyproject.toml"),
    "tests/**/*.yaml",
    # How it is judged; not how that is told.
    "tests/mutation/[!_tv]*.py",
)
_EXCUSES = Path(__file__).with_name("survivors.yaml")


def state(room: str) -> str:
    """What its verdicts hang on: every source, the room's tests and what they use, the Python."""
    told = hashlib.sha256(sys.version.encode())
    always = {path for each in _ALWAYS for path in ROOT.glob(each)}
    for path in sorted((_tests(room) | always) - {_EXCUSES}):
        if path.is_file() and path.suffix != ".pyc":
            told.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return told.hexdigest()


def _tests(room: str) -> set[Path]:
    """The files of a room's tests, and those that these load, wherever they say so."""
    todo, found = [ROOT / "tests" / room, ROOT / "tests" / "conftest.py"], set[Path]()
    while todo:
        place = todo.pop()
        found.add(place)
        for path in place.rglob("*") if place.is_dir() else [place]:
            found.add(path)
            named = {*map(_place, _named(path))} if path.suffix == ".py" else set()
            todo += [each for each in named - {*todo} - found if each is not None]
    return found


def _named(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{each.name}" for each in names)
            case ast.Constant(value=str(name)):  # a plugin's
                yield name
            case _:
                pass


def _place(name: str) -> Path | None:
    """Where a module of the tests stands, or what a module of them holds; of a package, all."""
    if not re.fullmatch(r"tests(\.\w+)+", name):
        return None
    place = ROOT.joinpath(*name.split("."))
    if place.is_dir():
        return place
    path = place.with_suffix(".py")
    return path if path.exists() else _place(name.rpartition(".")[0])


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

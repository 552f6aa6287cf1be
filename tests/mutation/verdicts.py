"""Verdicts that are kept, so that whoever is interrupted goes on from there.

A verdict holds for one state, to the byte: of all sources and of the tests that it was made by,
which is one file if a test noticed it, and those of the room if none did. Of another state it is a
hint: the test that noticed a mutant once is the first that is asked again.
"""

import ast
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
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


def state(room: str, by: str) -> str:
    """What a verdict hangs on: every source, the tests that made it, what they use, the Python."""
    file, _, test = by.partition("::")
    return _sum(ROOT / file if test else ROOT / "tests" / room)


@cache
def _sum(tests: Path) -> str:
    return hashlib.sha256(_always() + _content(_tests(tests))).hexdigest()


@cache
def _always() -> bytes:
    there = {path for each in _ALWAYS for path in ROOT.glob(each)} - {_EXCUSES}
    return sys.version.encode() + _content(there)


def _content(paths: set[Path]) -> bytes:
    told = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and path.suffix != ".pyc":
            told.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return told.digest()


def _tests(place: Path) -> set[Path]:
    """A file or folder of tests, and what these load, wherever they say so."""
    todo, found = [place, ROOT / "tests" / "conftest.py"], set[Path]()
    while todo:
        place = todo.pop()
        found.add(place)
        for path in place.rglob("*") if place.is_dir() else [place]:
            found.add(path)
            read = path.suffix == ".py" and path.is_file()
            named = {*map(_place, _named(path))} if read else set()
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
    """The verdicts of a room that hold now, and the hints that others left."""

    def __init__(self, path: Path, state: Callable[[str], str]) -> None:
        """What a verdict hangs on follows from what it was made by."""
        self._path, self._state = path, state
        self._by: dict[str, tuple[str, bool]] = {}
        self.hints: dict[str, str] = {}
        lines = path.read_text().splitlines() if path.exists() else []
        for told in map(json.loads, lines):
            if told["state"] == state(told["by"]):
                self._by[told["key"]] = told["by"], told["quickly"]
            if "::" in told["by"]:
                self.hints[told["key"]] = told["by"]

    def of(self, mutant: Mutant) -> Judged | None:
        """The verdict that holds; None if there is none."""
        kept = self._by.get(mutant.key)
        return None if kept is None else Judged(mutant, kept[0], quickly=kept[1])

    def keep(self, judged: Judged) -> None:
        """Keep a verdict."""
        told = {
            "state": self._state(judged.by),
            "key": judged.mutant.key,
            "by": judged.by,
            "quickly": judged.quickly,
        }
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("a") as kept:
            kept.write(json.dumps(told) + "\n")

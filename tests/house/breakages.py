"""A copy of the tree in which contracts are broken on purpose, and what the linters say of it.

Each breakage is one line in one module of the copy. Rooms that the contracts name and that do not
exist yet are built in the copy, so that a contract is known to bite before its room arrives.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "holdfast"

# Rooms that are one file; the others are folders.
ONE_FILE = {"__main__", "settings", "errors"}


class Link(NamedTuple):
    """One import, as the import linter reports it."""

    importer: str
    imported: str


class Ban(NamedTuple):
    """One banned line, as ruff reports it."""

    file: str
    line: int
    code: str


def config(*path: str) -> dict[str, object]:
    """A table of pyproject.toml."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for key in path:
        table = table[key]
    return table


def contracts() -> dict[str, dict[str, object]]:
    """The import contracts, by their ids."""
    listed = config("tool", "importlinter")["contracts"]
    assert isinstance(listed, list)
    return {each["id"]: each for each in listed}


def floors() -> list[list[str]]:
    """The rooms, floor by floor from the top, as the layers contract declares them."""
    layers = contracts()["layers"]["layers"]
    assert isinstance(layers, list)
    return [[room.strip(" ()") for room in floor.split("|")] for floor in layers]


def rooms() -> list[str]:
    """Every room that is declared, whether it exists or not."""
    return [room for floor in floors() for room in floor]


def allowed_by(contract: str) -> set[str]:
    """The rooms that a contract lets through, by the imports that it ignores."""
    ignored = contracts()[contract]["ignore_imports"]
    assert isinstance(ignored, list)
    return {each.removeprefix("holdfast.").split(" ")[0].removesuffix(".**") for each in ignored}


class Copy:
    """The package, copied, with every declared room in it, ready to be broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "src" / "holdfast"
        shutil.copytree(SRC, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        for room in rooms():
            if not self._file(room).exists():
                self.write(room, "")

    def _file(self, module: str) -> Path:
        """Where a module (dotted, below holdfast) stands: a folder if it is one already."""
        path = self.package.joinpath(*module.split("."))
        if path.is_dir() or (module not in ONE_FILE and "." not in module):
            return path / "__init__.py"
        return path.with_suffix(".py")

    def members(self, room: str) -> list[str]:
        """What stands in a room now: its modules and folders."""
        inside = (self.package / room).glob("[a-z]*")
        return sorted(each.stem for each in inside if each.suffix == ".py" or each.is_dir())

    def folders(self) -> list[str]:
        """Every folder of the package, dotted, at any depth."""
        inits = self.package.rglob("*/__init__.py")
        return sorted(".".join(i.parent.relative_to(self.package).parts) for i in inits)

    def write(self, module: str, line: str) -> tuple[str, int]:
        """Append one line to a module; say in which file and in which line it stands."""
        file = self._file(module)
        for parent in reversed(file.relative_to(self.package).parents[:-1]):
            (self.package / parent).mkdir(exist_ok=True)
            (self.package / parent / "__init__.py").touch()
        before = file.read_text() if file.exists() else ""
        file.write_text(f"{before}{line}\n")
        return str(file.relative_to(self.folder)), before.count("\n") + 1

    def inside(self, room: str) -> str:
        """The module of a room that takes the breakages: the room itself if it is one file."""
        return room if self._file(room).stem != "__init__" else f"{room}.breakage"

    def write_inside(self, room: str, line: str) -> str:
        """Append one line to the module of the room that takes the breakages; say which."""
        self.write(self.inside(room), line)
        return f"holdfast.{self.inside(room)}"

    def import_linter(self, *contracts: str) -> str:
        """What the import linter says of the copy, judging those contracts alone, or all."""
        beside = str(Path(sys.executable).parent / "lint-imports")
        only = (word for each in contracts for word in ("--contract", each))
        return self._run(beside, "--no-logo", "--no-cache", *only)

    def links(self, contract: str) -> set[Link]:
        """Every import that the contract is reported to be broken by."""
        said = self.import_linter(contract)
        assert "BROKEN" in said, said
        return {Link(*found) for found in re.findall(r"(\S+) -> (\S+) \(l\.\d", said)}

    def ruff(self, *options: str) -> dict[Ban, str]:
        """Every line of the copy that ruff refuses, and what it says of it."""
        said = self._run(
            *(sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json"),
            *(*options, "src"),
        )
        return {
            Ban(
                str(Path(each["filename"]).relative_to(self.folder)),
                each["location"]["row"],
                each["code"],
            ): each["message"]
            for each in json.loads(said)
        }

    def _run(self, *args: str) -> str:
        env = os.environ | {"PYTHONPATH": str(self.folder / "src"), "COLUMNS": "1000"}
        done = subprocess.run(
            args,
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

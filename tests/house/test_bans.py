"""Banned calls and blind excepts: written into every room, and seen refused."""

import ast
import re
from pathlib import Path

import pytest

from tests.house import tree
from tests.house.breakages import SRC, Ban, Copy, allowed_by, config, rooms
from tests.tally import Count, Tally

pytestmark = pytest.mark.slow  # every breakage is written and judged: 10 s and more

SUITE = "house: banned calls written, and seen refused"

# Each banned name has one home in the package; everywhere else it is refused.
HOMES = {
    "src/holdfast/settings.py": "os.",
    "src/holdfast/adapters/clock.py": "datetime.",
    "src/holdfast/facts/__init__.py": "importlib.import_module`",
}
# What reaches the world, or other code, without an import that a contract could see.
WORLDLY = {"open", "print", "input", "breakpoint", "__import__", "exec", "eval", "compile"}
NAMED = re.compile(rf"(?<![.\w])(?:{'|'.join(sorted(WORLDLY))})\b")
BLIND = ("Exception", "BaseException", "(ValueError, Exception)")


def banned() -> list[str]:
    """The names that nobody calls outside their home."""
    return list(config("tool", "ruff", "lint", "flake8-tidy-imports", "banned-api"))


def ways_to_say(name: str) -> list[str]:
    """One line each: through the module, under another name, and late."""
    module, _, rest = name.partition(".")
    parent, _, last = name.rpartition(".")
    outer, _, middle = parent.rpartition(".")
    taken = (
        f"from {outer} import {middle} as _m; _m.{last}"
        if outer
        else f"from {parent} import {last}"
    )
    return [
        f"import {module} as _n; _n.{rest}",
        taken,
        f"def _late() -> object: import {module}; return {module}.{rest}",
    ]


def test_each_banned_call_is_refused_in_every_room(tmp_path: Path, tally: Tally) -> None:
    copy = Copy(tmp_path)
    written = set()
    for room in rooms():
        for name in banned():
            for line in ways_to_say(name):
                file, number = copy.write(copy.inside(room), line)
                if file not in HOMES:
                    written.add(Ban(file, number, "TID251"))
    missed = written - copy.ruff("--select=TID251").keys()
    tally(Count(SUITE, len(written), len(missed)))
    assert set() == missed


def worldly(package: Path) -> set[Ban]:
    """Every name of such a builtin in a room that may not touch the world."""
    found = set()
    for file in package.rglob("*.py"):
        room = file.relative_to(package).parts[0].removesuffix(".py")
        text = file.read_text()
        if room not in allowed_by("world") and NAMED.search(text):  # most need no parsing
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Name) and node.id in WORLDLY:
                    found.add(Ban(str(file), node.lineno, node.id))
    return found


def test_no_pure_room_reaches_the_world_through_a_builtin() -> None:
    assert set() == worldly(SRC)


def test_each_such_builtin_is_found_in_every_pure_room(tmp_path: Path, tally: Tally) -> None:
    copy = Copy(tmp_path)
    written = set()
    for room in {*rooms()} - allowed_by("world"):
        for name in sorted(WORLDLY):
            file, line = copy.write(copy.inside(room), f"def _later() -> None: {name}('x')")
            written.add(Ban(str(tmp_path / file), line, name))
    missed = written - worldly(copy.package)
    tally(Count(SUITE, len(written), len(missed)))
    assert set() == missed


def test_each_blind_except_is_refused_in_every_room(tmp_path: Path, tally: Tally) -> None:
    copy = Copy(tmp_path)
    written = set()
    for room in rooms():
        for caught in BLIND:
            copy.write(copy.inside(room), "try: print()")
            written.add(Ban(*copy.write(copy.inside(room), f"except {caught}: print()"), "BLE001"))
        copy.write(copy.inside(room), "try: print()")
        written.add(Ban(*copy.write(copy.inside(room), "except: print()"), "E722"))
    missed = written - copy.ruff("--select=BLE001,E722").keys()
    tally(Count(SUITE, len(written), len(missed)))
    assert set() == missed


def test_each_relative_import_is_refused_in_every_room(tmp_path: Path, tally: Tally) -> None:
    copy = Copy(tmp_path)
    written = {
        Ban(*copy.write(copy.inside(room), "from . import errors"), "TID252") for room in rooms()
    }
    missed = written - copy.ruff("--select=TID252").keys()
    tally(Count(SUITE, len(written), len(missed)))
    assert set() == missed


def test_a_home_holds_its_own_banned_calls_and_no_others(tmp_path: Path) -> None:
    """Neither an exemption of a whole file nor a `noqa` lets another banned call in."""
    copy = Copy(tmp_path)
    said = copy.ruff("--select=TID251", "--ignore-noqa", "--config=lint.per-file-ignores={}")
    strangers = {
        f"{ban.file}:{ban.line}: {message}"
        for ban, message in said.items()
        if not message.startswith(f"`{HOMES.get(ban.file, '?')}")
    }
    assert set() == strangers


def test_nobody_excepts_blindly_behind_a_noqa(tmp_path: Path) -> None:
    assert {} == Copy(tmp_path).ruff("--select=BLE001,E722", "--ignore-noqa")


def exempt(code: str) -> set[str]:
    """The files of the package that are exempted as a whole."""
    ignores = config("tool", "ruff", "lint", "per-file-ignores")
    return {
        file
        for file, codes in ignores.items()
        if file.startswith("src") and isinstance(codes, list) and code in codes
    }


def test_the_exempted_files_of_the_package_are_the_homes() -> None:
    assert set(HOMES) == exempt("TID251")


def test_one_file_excepts_blindly_because_a_broken_layer_has_not_allowed() -> None:
    assert {"src/holdfast/policy/__init__.py"} == exempt("BLE001")
    policy = (tree.ROOT / "src/holdfast/policy/__init__.py").read_text()
    assert 1 == policy.count("except ")

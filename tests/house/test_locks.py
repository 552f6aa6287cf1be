"""The locks pin what pyproject.toml asks for, with all that it needs in turn, and nothing else."""

import re
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import tree
from tests.house.breakages import config


def wanted(*groups: str) -> list[str]:
    """What the project asks for by name: to run, and for those groups."""
    asked = [config("project")["dependencies"]]
    asked += [config("dependency-groups")[group] for group in groups]
    return [each for part in asked if isinstance(part, list) for each in part]


def closure(asked: list[str]) -> set[str]:
    """The names of all that is needed here, by what the installed packages say of themselves."""
    seen: set[tuple[str, str]] = set()
    queue = [(Requirement(each), "") for each in asked]
    while queue:
        need, extra = queue.pop()
        if need.marker is not None and not need.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(need.name)
        for wish in ("", *need.extras):
            if (name, wish) not in seen:
                seen.add((name, wish))
                queue += [(Requirement(each), wish) for each in requires(name) or []]
    return {name for name, _ in seen}


def pinned(lock: str) -> set[str]:
    """The names that a lock pins for this interpreter and machine."""
    text = (tree.ROOT / "requirements" / lock).read_text()
    lines = re.findall(r"^([\w.-]+(?:\[.*?\])?==[^\\\n]+)", text, re.MULTILINE)
    pins = [Requirement(line.strip()) for line in lines]
    return {
        canonicalize_name(pin.name) for pin in pins if pin.marker is None or pin.marker.evaluate()
    }


@pytest.mark.parametrize(("lock", "groups"), [("run.txt", ()), ("dev.txt", ("dev",))])
def test_a_lock_pins_what_is_asked_for_and_nothing_else(lock: str, groups: tuple[str, ...]) -> None:
    assert closure(wanted(*groups)) == pinned(lock), "Run: make lock"

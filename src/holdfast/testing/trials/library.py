"""The library: every trial of the folders beside this file, read strictly."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from holdfast.errors import BadInput
from holdfast.model import written
from holdfast.model.baseline import API_VERSION
from holdfast.testing.trials.trial import KIND, Area, Trial

HERE = Path(__file__).parent
THEIRS = ("given", "apply", "with", "where")
"""Keys of a trial beneath which stand objects, changes and patterns of objects."""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A trial and the name of its file."""

    name: str
    trial: Trial


def library(folder: Path = HERE) -> tuple[Filed, ...]:
    """All trials, by area and name."""
    found = tuple(read(path) for path in _files(folder))
    seen: set[str] = set()
    for each in found:
        if each.name in seen:
            raise BadInput(
                f"Two trials are called {each.name}.", remedy="Name the files differently."
            )
        seen.add(each.name)
    return found


def read(path: Path) -> Filed:
    """One trial; its folder is its area."""
    text = path.read_text(encoding="utf-8")
    trial = written.parse(text, str(path), Trial, api_version=API_VERSION, kind=KIND, theirs=THEIRS)
    if path.parent.name in set(Area) and path.parent.name != trial.area:
        raise BadInput(
            f"{path} says that its area is {trial.area}.", remedy=f"Move it to {trial.area}/."
        )
    return Filed(name=path.stem, trial=trial)


def _files(folder: Path) -> Iterator[Path]:
    for area in Area:
        yield from sorted((folder / area).glob("*.yaml"))

"""Run a room's tests against its mutants: quickly where that is sure, and plainly where it is not.

The plain way, which is always right: a process of its own, in which the mutant is loaded in the
place of its module, and after it whatever makes use of it. Loaded before, once for all mutants, is
only what can be loaded while nobody may load anything that is judged. What the quick way (see
`in_place.py`) is not sure of is judged so.
"""

import contextlib
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutation import children, in_place
from tests.mutation.points import Mutant, mutants
from tests.mutation.points import unchanged as as_it_is
from tests.mutation.rooms import ROOMS, ROOT, SOURCES, files, nearest, options

LOADING = "loading it"


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant, and what noticed it: a test, its loading, its time; empty if nothing did."""

    mutant: Mutant
    by: str
    quickly: bool

    @property
    def killed(self) -> bool:
        """Whether something noticed it."""
        return bool(self.by)

    @property
    def ended(self) -> bool:
        """Whether that was no test, but that it took too much time or memory."""
        return self.by in {children.TIME, children.SPACE}


def all_mutants(room: str) -> list[Mutant]:
    """Every mutant of a room."""
    return [each for file in files(room) for each in mutants(file, SOURCES)]


def unchanged(room: str) -> list[Mutant]:
    """The modules of a room as they are: nobody may notice those."""
    return [as_it_is(file, SOURCES) for file in files(room)]


def judge(
    room: str, wanted: Sequence[Mutant], *, hints: Mapping[str, str], at_once: int = 1
) -> Iterator[Judged]:
    """What notices each, in the order in which they are through; a hint is asked first."""
    rest = {each.key: each for each in wanted}
    more = dict(hints)
    for each, sure in quickly(room, wanted, hints=hints, at_once=at_once):
        if sure:
            del rest[each.mutant.key]
            yield each
        elif "::" in each.by:
            more[each.mutant.key] = each.by
    yield from plainly(room, [*rest.values()], hints=more, at_once=at_once)


def quickly(
    room: str, wanted: Sequence[Mutant], *, hints: Mapping[str, str], at_once: int = 1
) -> Iterator[tuple[Judged, bool]]:
    """Of those that can be judged so, what notices each, and whether that is sure."""
    inside = {each.key: each for each in wanted if each.function is not None}
    if not inside:
        return
    _load_beforehand(room)
    for key, by, sure in in_place.noticed(room, [*inside.values()], hints, at_once):
        yield Judged(inside[key], by, quickly=True), sure


@dataclass(frozen=True, slots=True)
class _Run:
    """The tests that a mutant is shown to: the one that noticed it once, those near it, or all."""

    mutant: Mutant
    tests: tuple[str, ...]
    whole: bool


def plainly(
    room: str, wanted: Sequence[Mutant], *, hints: Mapping[str, str], at_once: int = 1
) -> Iterator[Judged]:
    """What notices each, in a process that has loaded nothing before that knows of it."""
    if len(wanted) > 1:
        _load_beforehand(room)
    assert sys.modules.keys().isdisjoint(_judged_modules()), "loaded before its time"
    every = tuple(str(ROOT / tests) for tests in ROOMS[room])
    near = {m.key: tests for m in wanted if (tests := nearest(room, m.file)) is not None}
    first = near | {m.key: ROOT / hints[m.key] for m in wanted if m.key in hints}
    hinted = [_Run(m, (str(first[m.key]),), whole=False) for m in wanted if m.key in first]
    whole = [_Run(m, every, whole=True) for m in wanted if m.key not in first]
    for run, by in children.forked(hinted, _plain, at_once=at_once):
        if by:
            yield Judged(run.mutant, by, quickly=False)
        else:
            whole.append(replace(run, tests=every, whole=True))
    for run, by in children.forked(whole, _plain, at_once=at_once):
        yield Judged(run.mutant, by, quickly=False)


@cache
def _load_beforehand(room: str) -> None:
    """Have what a room's tests stand on loaded here already, as far as it knows nothing judged."""
    tests = tuple(str(ROOT / tests) for tests in ROOMS[room])
    closed = _Closed(_judged_modules())
    sys.meta_path.insert(0, closed)
    for _, told in children.forked([tests], _loads):
        for name in told.split():
            with contextlib.suppress(_KnowsThem):
                importlib.import_module(name)
    sys.meta_path.remove(closed)
    gc.collect()
    gc.freeze()  # whoever collects in a fork need not look at it


@cache
def _judged_modules() -> frozenset[str]:
    return frozenset(_name(file.relative_to(SOURCES)) for room in ROOMS for file in files(room))


def _name(file: Path) -> str:
    return ".".join(("holdfast", *file.with_suffix("").parts)).removesuffix(".__init__")


class _KnowsThem(BaseException):
    """Raised through a module that loads what is judged. Nothing that is caught by chance."""


@dataclass(frozen=True, slots=True)
class _Closed(importlib.abc.MetaPathFinder):
    judged: frozenset[str]

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name in self.judged:
            raise _KnowsThem


def _loads(tests: tuple[str, ...]) -> str:
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, _Closed)]
    loading = _Loading()
    if pytest.main(["--collect-only", *options(), *tests], plugins=[loading]):
        raise RuntimeError(f"{tests} cannot be loaded")
    return "\n".join(loading.names)


class _Loading:
    """A plugin that remembers which modules are loaded once the tests are, besides the tests."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_collection_finish(self) -> None:
        known = [Path(folder) for folder in sysconfig.get_paths().values()]
        known += [ROOT / folder for folder in ("src", "lab", "bench", "tests")]
        for name, module in [*sys.modules.items()]:
            file = Path(getattr(module, "__file__", None) or "/")
            if any(file.is_relative_to(each) for each in known) and not _is_of_tests(file):
                self.names.append(name)


def _is_of_tests(file: Path) -> bool:
    return file.name.startswith(("test_", "conftest."))


class _Noticing:
    """A plugin that remembers the first test that fails or cannot be loaded, and leaves the slow
    ones for the end.
    """

    def __init__(self) -> None:
        self.first = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: item.get_closest_marker("slow") is not None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.first:
            self.first = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.first:
            self.first = LOADING


def _plain(run: _Run) -> str:
    _plant(run.mutant)
    noticing = _Noticing()
    code = pytest.main(["-x", *options(), *run.tests], plugins=[noticing])
    if noticing.first:
        return noticing.first
    # The test that noticed it once is not there any more: that says nothing.
    gone = not run.whole and code in (
        pytest.ExitCode.USAGE_ERROR,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    )
    if code != pytest.ExitCode.OK and not gone:
        raise RuntimeError(f"the tests could not be run: they ended with {code}")
    return ""


def _plant(mutant: Mutant) -> None:
    """Have the mutant loaded in the place of its module."""
    sys.meta_path.insert(0, _Planted(_name(Path(mutant.file)), mutant))


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, name: str, mutant: Mutant) -> None:
        self._name, self._mutant = name, mutant

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        path = SOURCES / self._mutant.file
        package = [str(path.parent)] if path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            name, path, loader=self, submodule_search_locations=package
        )

    def exec_module(self, module: ModuleType) -> None:
        code = self._mutant.code(SOURCES / self._mutant.file)
        exec(code, module.__dict__)  # noqa: S102 - our own source, changed in one place

"""The quick way: a room's tests are loaded once, and each mutant is put into a fork of that.

- A mutant in the body of a function replaces the code of that function, wherever it is held.
- Only tests that run the function see it: those that reach its lines first, the quick before the
  slow, the one that noticed it last time before all.
- What ran while the tests were loaded is in doubt: values made then are of the unchanged module.
  So is a function that nobody holds, or that holds other variables. A verdict in doubt is a hint.
"""

import gc
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from types import CodeType, FunctionType

import pytest

from tests.mutation import children
from tests.mutation.points import Function, Mutant
from tests.mutation.rooms import ROOMS, ROOT, SOURCES, options

_TOOL = sys.monitoring.COVERAGE_ID
_EVENTS = sys.monitoring.events
_HEAD_START = 2.0  # seconds of computing, on top of ten times what the test took


@dataclass(frozen=True, slots=True)
class _Reach:
    """How long a test takes, whether it is marked as slow, and which lines of each file it runs."""

    seconds: float
    slow: bool
    lines: Mapping[str, frozenset[int]]

    def runs(self, file: str, lines: range) -> bool:
        return not self.lines.get(file, frozenset()).isdisjoint(lines)


def noticed(
    room: str, wanted: Sequence[Mutant], hints: Mapping[str, str], at_once: int
) -> Iterator[tuple[str, str, bool]]:
    """The key of each mutant, the test that noticed it, if one did, and whether that is sure."""
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as printed:
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            children.end_with(parent)
            os.close(reading)
            for stream in (1, 2):
                os.dup2(printed.fileno(), stream)
            _load(room, _Quick(wanted, hints, at_once, writing))
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                for line in told:
                    key, by, sure = json.loads(line)
                    yield key, by, sure
        except BaseException:
            os.kill(pid, signal.SIGKILL)  # what it has begun ends with it
            raise
        finally:
            _, status = os.waitpid(pid, 0)
        if status:
            printed.seek(0)
            said = printed.read().decode()
            raise RuntimeError(f"the tests of {room} cannot be loaded, or fail unchanged:\n{said}")


def _load(room: str, quick: "_Quick") -> None:
    """Run in a child, which never returns."""
    code = children.BROKEN
    try:
        quick.watch_loading()
        code = int(
            pytest.main([*options(), *(str(ROOT / t) for t in ROOMS[room])], plugins=[quick])
        )
    finally:
        if code:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Quick:
    """A plugin that judges mutants where pytest would run the tests."""

    def __init__(
        self, wanted: Sequence[Mutant], hints: Mapping[str, str], at_once: int, out: int
    ) -> None:
        self._wanted, self._hints, self._at_once = wanted, hints, at_once
        self._out = os.fdopen(out, "w")
        self._paths = {str(SOURCES / each.file) for each in wanted}
        self._started: dict[str, set[int]] = defaultdict(set)
        self._held: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        self._items: dict[str, pytest.Item] = {}
        self._reach: dict[str, _Reach] = {}

    def watch_loading(self) -> None:
        """Remember what runs from here on until the tests begin."""

        def starts(code: CodeType, _offset: int) -> object:
            if code.co_filename in self._paths:
                self._started[code.co_filename].add(code.co_firstlineno)
            return sys.monitoring.DISABLE

        sys.monitoring.use_tool_id(_TOOL, "mutants")
        sys.monitoring.register_callback(_TOOL, _EVENTS.PY_START, starts)
        sys.monitoring.set_events(_TOOL, _EVENTS.PY_START)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge each mutant, and run nothing else."""
        sys.monitoring.set_events(_TOOL, 0)
        if session.testsfailed:
            raise session.Failed("tests cannot be loaded")
        self._items = {item.nodeid: item for item in session.items}
        gc.unfreeze()  # what a conftest had frozen would not be among what is held
        for held in gc.get_objects():
            if isinstance(held, FunctionType) and held.__code__.co_filename in self._paths:
                code = held.__code__
                self._held[code.co_filename, code.co_name, code.co_firstlineno].append(held)
        gc.freeze()
        parts = [[*each] for _, each in groupby(session.items, _part)]
        parts.sort(key=lambda part: not _slow(part[0]))  # what takes long is begun with
        for _, told in children.forked(parts, self._traced, at_once=self._at_once):
            for name, (seconds, slow, lines) in json.loads(told).items():
                reached = {file: frozenset(numbers) for file, numbers in lines.items()}
                self._reach[name] = _Reach(seconds, slow, reached)
        jobs = ((mutant, self._code(mutant)) for mutant in self._wanted)
        for (mutant, changed), by in children.forked(jobs, self._shown, at_once=self._at_once):
            sure = changed is not None and self._fresh(mutant)
            self._out.write(json.dumps([mutant.key, by, sure]) + "\n")
            self._out.flush()
        return True

    def _traced(self, items: Sequence[pytest.Item]) -> str:
        """Run each test once, as things are: how long it takes, and which lines it reaches."""
        lines: dict[str, set[int]] = defaultdict(set)

        def reached(code: CodeType, line: int) -> object:
            lines[code.co_filename].add(line)
            return sys.monitoring.DISABLE

        sys.monitoring.register_callback(_TOOL, _EVENTS.LINE, reached)
        for held in self._held.values():
            for code in {code for function in held for code in _within(function.__code__)}:
                sys.monitoring.set_local_events(_TOOL, code, _EVENTS.LINE)
        told: dict[str, tuple[float, bool, dict[str, list[int]]]] = {}
        for item, following in pairwise([*items, None]):
            assert item is not None
            lines.clear()
            sys.monitoring.restart_events()
            began = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.session.testsfailed:
                raise RuntimeError(f"{item.nodeid} fails already without a change")
            reach = {file: sorted(numbers) for file, numbers in lines.items()}
            told[item.nodeid] = (time.process_time() - began, _slow(item), reach)
        return json.dumps(told)

    def _shown(self, job: tuple[Mutant, CodeType | None]) -> str:
        """Which test notices a mutant."""
        mutant, code = job
        assert mutant.function is not None
        if code is None:
            return ""
        for each in self._holders(mutant):
            each.__code__ = code
        names = self._that_run(mutant, mutant.function)
        for name, following in pairwise([*names, ""]):
            children.capped(_HEAD_START + 10 * self._reach[name].seconds)
            item, then = self._items[name], self._items.get(following)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=then)
            if item.session.testsfailed:
                return name
        return ""

    def _that_run(self, mutant: Mutant, function: Function) -> list[str]:
        """The tests that run the function, in the order in which they are likely to notice it."""
        file = str(SOURCES / mutant.file)
        body = range(function.first, function.last + 1)
        running = [name for name, reach in self._reach.items() if reach.runs(file, body)]
        quickest: dict[str, float] = defaultdict(lambda: float("inf"))
        for name in running:
            module = name.partition("::")[0]
            quickest[module] = min(quickest[module], self._reach[name].seconds)

        def turn(name: str) -> tuple[object, ...]:
            reach, module = self._reach[name], name.partition("::")[0]
            away = not reach.runs(file, mutant.lines)
            hinted = name == self._hints.get(mutant.key)
            return not hinted, reach.slow, away, quickest[module], module, reach.seconds

        return sorted(running, key=turn)

    def _fresh(self, mutant: Mutant) -> bool:
        """Whether nobody has called the function before, so that nothing is left of how it was."""
        assert mutant.function is not None
        ran = self._started.get(str(SOURCES / mutant.file), set())
        return ran.isdisjoint(range(mutant.function.first, mutant.function.last + 1))

    def _holders(self, mutant: Mutant) -> list[FunctionType]:
        assert mutant.function is not None
        name, first = mutant.function.name, mutant.function.first
        return self._held.get((str(SOURCES / mutant.file), name, first), [])

    def _code(self, mutant: Mutant) -> CodeType | None:
        """The changed function, if those who hold it can hold that instead."""
        assert mutant.function is not None
        name, first, held = mutant.function.name, mutant.function.first, self._holders(mutant)
        whole = _within(mutant.code(SOURCES / mutant.file))
        (code,) = [each for each in whole if (each.co_name, each.co_firstlineno) == (name, first)]
        fits = held and all(each.__code__.co_freevars == code.co_freevars for each in held)
        return code if fits else None


def _slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _part(item: pytest.Item) -> tuple[object, str]:
    """What is run in one process: a module's quick tests that follow each other, or a slow one."""
    return item.path, item.nodeid if _slow(item) else ""


def _within(code: CodeType) -> Iterator[CodeType]:
    """A piece of code, and each that stands in it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _within(each)

"""`make prove` in parts, and gone on with.

Under `HOLDFAST_PROVE=1` what came of each test is written into `results/prove.jsonl` at once. With
`HOLDFAST_PROVE_GO_ON=1` what passed at this very commit is not run again, and counts as it did.
`HOLDFAST_PROVE_SHARD=2/4` runs the second of four parts: what shares a group stays together, unless
it is marked `parts`. What came of the oldest API server (`HOLDFAST_LAB_OLDEST=1`) is written into
`results/prove-oldest.jsonl`: it says nothing of the newest one, nor the other way round.
"""

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.machine import commit

PROVE = os.environ.get("HOLDFAST_PROVE") == "1"
NAME = "prove-oldest" if os.environ.get("HOLDFAST_LAB_OLDEST") == "1" else "prove"
RECORD = Path(__file__).parents[1] / "results" / f"{NAME}.jsonl"
COUNTED = "tally"
"""The property of a report that carries a count."""
_NAME = "name"
_KEPT = pytest.StashKey[list["Came"]]()

type Counted = tuple[str, int, int, int | None]
"""Of which suite, how many, how many of them wrong, and the seed."""


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test, and what it counted."""

    commit: str
    test: str
    passed: bool
    seconds: float
    counts: tuple[Counted, ...] = ()


def shard() -> tuple[int, int]:
    """Which part of how many; the whole is one of one."""
    number, _, of = os.environ.get("HOLDFAST_PROVE_SHARD", "1/1").partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise pytest.UsageError("HOLDFAST_PROVE_SHARD is one like 2/4")
    return int(number), int(of)


def goes_on(of: str) -> bool:
    """Whether what that commit has done is not done again."""
    clean = re.fullmatch("[0-9a-f]{40}", of) is not None
    return clean and os.environ.get("HOLDFAST_PROVE_GO_ON") == "1"


def recorded(path: Path, of: str) -> Iterator[Came]:
    """What that commit has done, and passed."""
    last: dict[str, Came] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        came = msgspec.json.decode(line, type=Came)
        if came.commit == of:
            last[came.test] = came
    return (came for came in last.values() if came.passed)


def keep(path: Path, came: Came) -> None:
    """Write it down at once."""
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as opened:
        opened.write(msgspec.json.encode(came) + b"\n")


def in_part(group: str, part: tuple[int, int]) -> bool:
    """Whether that group of tests belongs to that part, on any machine."""
    number, of = part
    return zlib.crc32(group.encode()) % of == number - 1


def kept(config: pytest.Config) -> Iterable[Came]:
    """What was done before, and is gone on with."""
    return config.stash.get(_KEPT, [])


def pytest_configure(config: pytest.Config) -> None:
    """See what is there already. Workers are told: what they read must not grow while they run."""
    config.addinivalue_line(
        "markers", "parts: each by itself in some part of `make prove`, whatever its group"
    )
    if not PROVE:
        return
    told = getattr(config, "workerinput", None)
    if told is not None:
        config.stash[_KEPT] = msgspec.convert(told["kept"], list[Came])
        return
    of = commit()
    config.stash[_KEPT] = [*recorded(RECORD, of)] if goes_on(of) else []
    config.pluginmanager.register(_Recorder(of), "proving")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # a worker of xdist, which has no types
    """Tell it what was there when all of them began."""
    node.workerinput["kept"] = msgspec.to_builtins(kept(node.config))


@pytest.hookimpl(tryfirst=True)  # xdist puts a group's name behind that of its test
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is of another part, and what was done before."""
    if not PROVE:
        return
    part, before = shard(), {each.test for each in kept(config)}
    chosen, others = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        item.user_properties.append((_NAME, item.nodeid))
        wanted = in_part(_group(item), part) and item.nodeid not in before
        (chosen if wanted else others).append(item)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = chosen


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A part may hold none of the tests that were named, and all of them may have passed before."""
    less = PROVE and (shard() != (1, 1) or any(kept(session.config)))
    if less and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


class _Recorder:
    """Writes down each test when it is over."""

    def __init__(self, of: str) -> None:
        self._commit = of
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Its setup, call and teardown come one after the other."""
        self._reports.setdefault(report.nodeid, []).append(report)
        if report.when != "teardown":
            return
        reports = self._reports.pop(report.nodeid)
        told = report.user_properties
        (test,) = (str(value) for name, value in told if name == _NAME)
        counts = [value for name, value in told if name == COUNTED]
        came = Came(
            commit=self._commit,
            test=test,
            passed=all(each.passed for each in reports),
            seconds=round(sum(each.duration for each in reports), 1),
            counts=msgspec.convert(counts, tuple[Counted, ...]),
        )
        keep(RECORD, came)


def _group(item: pytest.Item) -> str:
    if item.get_closest_marker("parts") is not None:
        return item.nodeid
    names = {str(mark.args[0]) for mark in item.iter_markers("xdist_group")}
    return "_".join(sorted(names)) or item.nodeid

"""What the suites counted, in one table at the end, and for `make prove` in one JSON file.

A test that makes a claim about N cases asks for `tally` and says what it counted, its seed where
there is one. The counts travel in the test reports, so that they arrive from xdist's workers too.
"""

import json
import os
import platform
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.machine import commit
from tests.proving import COUNTED, PROVE, RECORD, Came, kept

ROOT = Path(__file__).parents[1]
RESULTS = RECORD.with_suffix(".json")
_BEGAN = pytest.StashKey[datetime]()


class Count(NamedTuple):
    """One suite's numbers; a tuple of plain values, since xdist carries nothing else.

    Tests that count for the same suite, with the same seed, are added up.
    """

    suite: str
    n: int
    failures: int = 0
    seed: int | None = None


type Tally = Callable[[Count], None]


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Report a count: `tally(Count("escape", n=2000, failures=0, seed=seed))`, then assert."""

    def report(count: Count) -> None:
        record_property(COUNTED, list(count))

    return report


@pytest.fixture(scope="session")
def prove() -> bool:
    """Whether suites run at their full N (`make prove`) or in their short form."""
    return PROVE


def pytest_configure(config: pytest.Config) -> None:
    """Remember when it began."""
    config.stash[_BEGAN] = datetime.now(UTC)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Show the counts, whatever the verbosity; under `make prove`, leave them in a file too."""
    reports = [r for group in terminalreporter.stats.values() for r in group]
    outcomes = [r for r in reports if isinstance(r, pytest.TestReport)]
    before = [*kept(config)]
    counts = _counts(outcomes, before)
    if counts:
        terminalreporter.section("what was counted")
        width = max(len(c.suite) for c in counts)
        for each in counts:
            seed = "" if each.seed is None else f"   seed {each.seed}"
            terminalreporter.write_line(
                f"{each.suite:<{width}}   n {each.n:>7,}   failures {each.failures}{seed}"
            )
        terminalreporter.write_line(f"commit {commit()}   seed of the run {_seed(config)}")
    if PROVE:
        RESULTS.parent.mkdir(exist_ok=True)
        results = {
            "commit": commit(),
            "began": config.stash[_BEGAN].isoformat(timespec="seconds"),
            "seconds": round((datetime.now(UTC) - config.stash[_BEGAN]).total_seconds()),
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "seed": _seed(config),
            "exit": int(exitstatus),
            "before": len(before),
            "tests": _by_folder(outcomes, before),
            "suites": [each._asdict() for each in counts],
        }
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
        terminalreporter.write_line(f"results: {RESULTS.relative_to(ROOT)}")


def _counts(outcomes: list[pytest.TestReport], before: list[Came]) -> list[Count]:
    # The same properties travel in the report of the teardown: counted once.
    told = [
        value
        for report in outcomes
        for name, value in report.user_properties
        if report.when == "call" and name == COUNTED and isinstance(value, list)
    ]
    n: Counter[tuple[str, int | None]] = Counter()
    failures: Counter[tuple[str, int | None]] = Counter()
    for each in (*told, *(each for came in before for each in came.counts)):
        count = Count(*each)
        n[count.suite, count.seed] += count.n
        failures[count.suite, count.seed] += count.failures
    return sorted(
        (Count(suite, n[suite, seed], failures[suite, seed], seed) for suite, seed in n),
        key=lambda c: (c.suite, c.seed or 0),
    )


def _by_folder(outcomes: list[pytest.TestReport], before: list[Came]) -> dict[str, dict[str, int]]:
    """How the tests of each folder under tests/ ended; setup and teardown count when they fail."""
    folders: dict[str, Counter[str]] = {}
    ended = [
        (report.nodeid, report.outcome)
        for report in outcomes
        if report.when == "call" or not report.passed
    ]
    for test, outcome in (*ended, *((each.test, "passed") for each in before)):
        folders.setdefault(test.split("/")[1], Counter())[outcome] += 1
    return {folder: dict(folders[folder]) for folder in sorted(folders)}


def _seed(config: pytest.Config) -> int | None:
    """The seed of pytest-randomly, with which the order and the dice repeat themselves."""
    seed = config.getoption("randomly_seed", None)
    return seed if isinstance(seed, int) else None

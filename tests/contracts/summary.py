"""One line at the end: how many contract tests passed each way."""

import re
from collections import Counter

import pytest

_WAY = re.compile(r"^tests/contracts/.*\[(port|http|lab)\b")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """`contract: port 64, http 64, lab 64`."""
    passed = Counter(
        found.group(1)
        for report in terminalreporter.stats.get("passed", [])
        if (found := _WAY.match(report.nodeid))
    )
    if passed:
        told = ", ".join(f"{way} {passed[way]}" for way in ("port", "http", "lab"))
        terminalreporter.write_line(f"contract: {told}")

"""Every test in this folder is one attack, and is counted as one."""

from collections.abc import Generator

import pytest

from tests.tally import Count

SUITE = "attacks: tried by somebody who did not write it"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        count = Count(SUITE, 1, failures=int(report.failed))
        report.user_properties.append(("tally", list(count)))
    return report

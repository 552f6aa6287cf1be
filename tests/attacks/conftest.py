"""Every test in this folder is one attack, and is counted as one.

They were found in several rounds by reviewers of this project who had not written what they
attacked, and began with the README alone. Nobody from outside has attacked it.
"""

from collections.abc import Generator

import pytest

from tests.tally import Count

SUITE = "attacks: found by reviewers who had not written what they attacked"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        count = Count(SUITE, 1, failures=int(report.failed))
        report.user_properties.append(("tally", list(count)))
    return report

"""The page of the trials is about the library that there is."""

import re
from collections import Counter

from holdfast.testing.trials.trial import Author
from tests.house import tree
from tests.testing.trials.kit import shipped

PAGE = tree.ROOT / "docs" / "reference" / "trials.md"
ROW = re.compile(r"^\| ([a-z -]+) \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)


def test_the_page_counts_the_trials_that_there_are() -> None:
    trials = [filed.trial for filed in shipped()]
    expected = Counter[str](trial.area for trial in trials)
    expected["all"] = len(trials)
    expected["blind author"] = sum(trial.author is Author.BLIND for trial in trials)
    told = {area: int(count) for area, count, _, _ in ROW.findall(PAGE.read_text())}
    assert dict(expected) == told, "Run: make trials ARGS=--page"


def test_enough_is_played() -> None:
    trials = [filed.trial for filed in shipped()]
    blind = [trial for trial in trials if trial.author is Author.BLIND]
    assert len(trials) >= 75
    assert sum(trial.decoy for trial in trials) >= 20
    assert len(blind) >= 25

"""Of two processes that write the same at the same moment, one does, and the other is told so."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from holdfast.adapters.stores.store import SqlStore
from tests.adapters.stores.racing import HOLDS
from tests.contracts.test_casework import a_case
from tests.tally import Count, Tally

ROOT = Path(__file__).parents[3]
NAMES = ("one", "other")


class Racer:
    """One process."""

    def __init__(self, url: str, name: str, count: int) -> None:
        words = [sys.executable, "-m", "tests.adapters.stores.racing", url, name, str(count)]
        self._process = subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_is_won_by_one_of_two_processes(
    database: str, sql_store: SqlStore, tally: Tally, prove: bool
) -> None:
    count = 1000 if prove else 60
    with sql_store.transaction() as tx:
        for number in range(count):
            assert tx.cases.put(a_case(number))
    racers = [Racer(database, name, count) for name in NAMES]
    try:
        for _ in range(count):
            assert ["ready", "ready"] == [each.hear() for each in racers]
            for each in racers:
                each.go()
        won = [Counter[str](json.loads(each.hear())) for each in racers]
    finally:
        for each in racers:
            each.end()

    total = won[0] + won[1]
    due = {"moved": count, "spent": count, "taken": HOLDS}
    tally(Count("races of two processes", 3 * count, failures=sum((total - Counter(due)).values())))
    assert due == total
    assert all(each["moved"] for each in won)  # and it was a race
    with sql_store.reading() as tx:
        courses = Counter(each.course for each in tx.cases.newest(count))
    assert {f'"{name}"': each["moved"] for name, each in zip(NAMES, won, strict=True)} == courses

"""Four keepers, and a hundred people who decide on one proposal at the same moment: where two
people are wanted, and where some say no. That of a hundred yeses one is done is shown with whole
keepers, in `tests/surfaces/processes/test_one_execution.py`.
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.engine.rows import of
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.approvals.statements import Decision
from holdfast.model.letters import Letter
from tests.proving import PROVE
from tests.tally import Count, Tally
from tests.workflow.court import QUOTA, RESTART, Court
from tests.workflow.deciding_process import LETTERS, PEOPLE, RULES, an_engine

ROOT = Path(__file__).parents[2]
KEEPERS = 4
N = 100 if PROVE else 8
ONCE = ("ticket", "approved", "assented", "budget", "words", "acts", "intents")
NO: dict[str, Any] = {"decision": Decision.REJECT, "reason": "not now"}


class Together:
    """One proposal, words that are signed and not handed in yet, and what came of them."""

    def __init__(self, url: str, store: SqlStore, folder: Path) -> None:
        self.url, self.store, self.folder = url, store, folder
        self.court = Court(
            store, SystemClock(), folder, engine=an_engine(open_beneath(parse_url(url)), store)
        )
        self.court.dice = SystemDice()
        self.court.rules = RULES
        self.letters: list[Letter] = []

    def sign(self, *words: tuple[str, dict[str, Any]], action: Any = RESTART) -> None:
        """Have people sign; letters are made, and are in no inbox yet."""
        self.about = self.court.propose(action=action)
        self.letters = [self.court.signed(who, self.about, **said) for who, said in words]
        bodies = {each.id: each.body for each in self.letters}
        (self.folder / PEOPLE).write_bytes(msgspec.json.encode(self.court.people))
        (self.folder / LETTERS).write_bytes(msgspec.json.encode(bodies))

    def decide(self) -> Counter[str]:
        """All at once, in four processes; how often each answer was given."""
        share = -(-len(self.letters) // KEEPERS)
        keepers: list[subprocess.Popen[str]] = []
        try:
            for first in range(0, len(self.letters), share):
                keepers.append(self._keeper(first, share))
                if first == 0:  # whoever is first makes the engine's tables, alone
                    _ready(keepers[0])
            for each in keepers[1:]:
                _ready(each)
            for each in keepers:
                assert each.stdin is not None
                each.stdin.write("go\n")
                each.stdin.flush()
            ends = [each.communicate(timeout=280)[0] for each in keepers]
            assert ["done\n"] * len(keepers) == ends
        finally:
            for each in keepers:
                each.kill()
                each.communicate()
        return Counter(self.court.outcome(each).partition(":")[0] for each in self.letters)

    def _keeper(self, first: int, count: int) -> subprocess.Popen[str]:
        module = [sys.executable, "-m", "tests.workflow.deciding_process"]
        return subprocess.Popen(
            [*module, self.url, str(self.folder), str(first), str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def unclear(self) -> list[str]:
        """Refusals that do not say by whom and why."""
        told = [self.court.recorded(each) for each in self.letters]
        return [
            str(details)
            for kind, details in told
            if kind in ("letter_refused", "verdict") and not (details["by"] and details["because"])
        ]

    def spent(self) -> dict[str, int]:
        """How much was spent, of each sort, how many words count, and how often it was done."""
        with self.store.reading() as tx:
            rows = of(tx).execute(text("SELECT what, count(*) FROM hf_once GROUP BY what"))
            told = {str(what): int(count) for what, count in rows}
            done = {"words": len(tx.words.of(self.about.id, 1))}
            kinds = {"acts": "act", "intents": "intent"}
            return {**told, **done, **{w: len(self.court.entries(kinds[w])) for w in kinds}}


def _ready(keeper: subprocess.Popen[str]) -> None:
    assert keeper.stdout is not None
    assert keeper.stdout.readline() == "ready\n"


@pytest.fixture
def together(database: str, sql_store: SqlStore, tmp_path: Path) -> Together:
    made = Together(database, sql_store, tmp_path)
    for number in range(N):
        made.court.person(f"p{number}")
    return made


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_where_two_are_wanted_two_people_count_and_nobody_twice(
    together: Together, tally: Tally
) -> None:
    half: list[tuple[str, dict[str, Any]]] = [(f"p{number}", {}) for number in range(N // 2)]
    together.sign(*half, *half, action=QUOTA)

    answers = together.decide()

    wanted = {"counted": 1, "approved": 1, "refused": N - 2}
    once = {**dict.fromkeys(ONCE, 1), "budget": 2, "words": 2}
    wrong = int(answers != wanted or together.spent() != once)
    tally(Count("approvals at once where two people are wanted", N, failures=wrong))
    assert wanted == answers
    assert once == together.spent()
    assert [] == together.unclear()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_yeses_and_noes_the_first_ends_it(together: Together, tally: Tally) -> None:
    together.sign(*((f"p{number}", NO if number % 2 else {}) for number in range(N)))

    answers = together.decide()

    first = {"approved", "rejected"} & set(answers)
    wrong = int(len(first) != 1 or answers["refused"] != N - 1)
    tally(Count("yeses and noes at once, one decision", N, failures=wrong))
    assert 1 == len(first)
    assert {first.copy().pop(): 1, "refused": N - 1} == answers
    assert first == {together.court.state(together.about)}
    assert int(first == {"approved"}) == together.spent()["acts"]
    assert [] == together.unclear()

"""Every line of the table of refusals, through the whole keeper, with real signatures of each sort.

What a ticket must not be stands in `tests/approvals/test_tickets.py`, each flipped bit beside it;
each flipped bit of a signature in `tests/approvals/test_ssh_signatures.py`.
"""

from pathlib import Path
from types import ModuleType

import pytest

from holdfast.execution.states import State
from tests.approvals.keygen import make_key
from tests.tally import Count, Tally
from tests.workflow import refusal_table, refusals_of_plans
from tests.workflow.refusal_table import MORE, PEOPLE, YES, Case, Line
from tests.workflow.turns_of_plans import DONE, TURNS

SORTS = (("ed25519", 0), ("rsa", 2048), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521))


TABLES = {"one thing": refusal_table, "plans": refusals_of_plans}
LINES = "approvals: lines of the table of refusals"


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: f"{sort[0]}{sort[1] or ''}")
async def test_every_line_is_answered_as_the_table_says(
    sort: tuple[str, int], table: str, tmp_path: Path, tally: Tally, prove: bool
) -> None:
    """What a line says hangs on no sort of key: each has a share of them, and one has all."""
    number, lines = SORTS.index(sort), TABLES[table].LINES
    lines = lines if prove or number == 0 else lines[number :: len(SORTS)]
    keys = {}
    for name in PEOPLE:
        (tmp_path / name).mkdir()
        keys[name] = make_key(tmp_path / name, *sort)
    wrong = []
    for line in lines:
        by, because = await line.tried(Case(keys))
        if by != line.by:
            wrong.append(f"{line.name}: {by} ({because}), not {line.by}")
    tally(Count(LINES, len(lines), failures=len(wrong)))
    assert [] == wrong


@pytest.mark.slow
async def test_each_step_of_a_plan_is_done_or_refused_when_its_turn_comes(tally: Tally) -> None:
    wrong = []
    for turn in TURNS:
        by, because = await turn.tried()
        if by != turn.by:
            wrong.append(f"{turn.name}: {by} ({because}), not {turn.by}")
    tally(Count(LINES, len(TURNS), failures=len(wrong)))
    assert [] == wrong


@pytest.mark.parametrize("table", TABLES.values(), ids=[*TABLES])
def test_a_fifth_of_the_table_goes_through(table: ModuleType) -> None:
    lines: list[Line] = table.LINES
    through = [line for line in lines if line.by in (YES, MORE, "rejected", State.APPROVED)]
    alike = [*table.of_digests(), *table.of_states()]
    assert len(through) * 5 >= len(lines) - len(alike)
    assert len({line.name for line in lines}) == len(lines)


def test_a_fifth_of_the_steps_is_done() -> None:
    assert 5 * len([turn for turn in TURNS if turn.by == DONE]) >= len(TURNS)
    assert len({turn.name for turn in TURNS}) == len(TURNS)

"""Every line of the table of refusals, through the whole keeper, with real signatures of each sort.

What a ticket must not be stands in `tests/approvals/test_tickets.py`, each flipped bit beside it;
each flipped bit of a signature in `tests/approvals/test_ssh_signatures.py`.
"""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.execution.states import State
from tests.approvals.keygen import make_key
from tests.tally import Count, Tally
from tests.workflow import refusal_table, refusals_as_sealed, refusals_of_plans
from tests.workflow.court import Court
from tests.workflow.deciding_process import an_engine
from tests.workflow.refusal_table import MORE, PEOPLE, YES, Case, Line, peopled
from tests.workflow.turns_of_plans import DONE, TURNS, Turn

SORTS = (("ed25519", 0), ("rsa", 2048), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521))


TABLES = {"one thing": refusal_table, "plans": refusals_of_plans}
LINES = "approvals: lines of the table of refusals"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A key of the first sort for each."""
    return {name: make_key(tmp_path_factory.mktemp(name[:4]), "ed25519") for name in PEOPLE}


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
    await taken(TURNS, tally)


@pytest.mark.slow
async def test_what_the_chain_says_is_over_or_was_never_proposed_is_not_done(tally: Tally) -> None:
    await taken(refusals_as_sealed.TURNS, tally)


async def taken(turns: Sequence[Turn], tally: Tally) -> None:
    wrong = []
    for turn in turns:
        by, because = await turn.tried()
        if by != turn.by:
            wrong.append(f"{turn.name}: {by} ({because}), not {turn.by}")
    tally(Count(LINES, len(turns), failures=len(wrong)))
    assert [] == wrong


@pytest.mark.slow
async def test_in_memory_rows_that_say_otherwise_than_the_chain_count_for_nothing(
    keys: dict[str, Path], tally: Tally
) -> None:
    await answered([(each, Case(keys)) for each in refusals_as_sealed.LINES], tally)


@pytest.mark.slow
async def test_rows_that_say_otherwise_than_the_chain_count_for_nothing(
    keys: dict[str, Path], sql_store: SqlStore, database: str, tally: Tally
) -> None:
    """In a database of either sort, on its own clock."""
    beneath = open_beneath(parse_url(database))
    engine = an_engine(beneath, sql_store)
    async with engine.running():

        def court() -> Court:
            made = Court(sql_store, SystemClock(), Path(), engine=engine)
            made.dice = SystemDice()
            peopled(made, keys)
            return made

        await answered([(each, court()) for each in refusals_as_sealed.LINES], tally)
    beneath.dispose()


async def answered(lines: Sequence[tuple[refusals_as_sealed.Line, Court]], tally: Tally) -> None:
    wrong = []
    for line, court in lines:
        by, because = await line.tried(court)
        if by != line.by:
            wrong.append(f"{line.name}: {by} ({because}), not {line.by}")
    tally(Count(LINES, len(lines), failures=len(wrong)))
    assert [] == wrong


@pytest.mark.parametrize("table", TABLES.values(), ids=[*TABLES])
def test_a_fifth_of_the_table_goes_through(table: ModuleType) -> None:
    lines: list[Line] = table.LINES
    through = [line for line in lines if line.by in (YES, MORE, "rejected", State.APPROVED)]
    alike = [*table.of_digests(), *table.of_states()]
    assert len(through) * 5 >= len(lines) - len(alike)
    assert len({line.name for line in lines}) == len(lines)


@pytest.mark.parametrize("turns", [TURNS, refusals_as_sealed.TURNS], ids=["plans", "as sealed"])
def test_a_fifth_of_the_steps_is_done(turns: list[Turn]) -> None:
    assert 5 * len([turn for turn in turns if turn.by == DONE]) >= len(turns)
    assert len({turn.name for turn in turns}) == len(turns)


def test_a_fifth_of_what_the_chain_says_goes_through() -> None:
    """Beside the fields, of which each that differs is a no."""
    lines = refusals_as_sealed.of_ends()
    through = [line.by in (YES, "rejected") for line in lines]
    assert 5 * sum(through) >= len(through)
    assert len({line.name for line in refusals_as_sealed.LINES}) == len(refusals_as_sealed.LINES)

"""Every line of the table of refusals, through the whole keeper, with real signatures of each sort.

What a ticket must not be stands in `tests/approvals/test_tickets.py`, each flipped bit beside it;
each flipped bit of a signature in `tests/approvals/test_ssh_signatures.py`.
"""

from pathlib import Path

import pytest

from holdfast.execution.states import State
from tests.approvals.keygen import make_key
from tests.tally import Count, Tally
from tests.workflow.refusal_table import LINES, MORE, PEOPLE, YES, Case, of_digests, of_states

SORTS = (("ed25519", 0), ("rsa", 2048), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521))


@pytest.mark.slow
@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: f"{sort[0]}{sort[1] or ''}")
async def test_every_line_is_answered_as_the_table_says(
    sort: tuple[str, int], tmp_path: Path, tally: Tally, prove: bool
) -> None:
    """What a line says hangs on no sort of key: each has a share of them, and one has all."""
    number = SORTS.index(sort)
    lines = LINES if prove or number == 0 else LINES[number :: len(SORTS)]
    keys = {}
    for name in PEOPLE:
        (tmp_path / name).mkdir()
        keys[name] = make_key(tmp_path / name, *sort)
    wrong = []
    for line in lines:
        by, because = await line.tried(Case(keys))
        if by != line.by:
            wrong.append(f"{line.name}: {by} ({because}), not {line.by}")
    tally(Count("approvals: lines of the table of refusals", len(lines), failures=len(wrong)))
    assert [] == wrong


def test_a_fifth_of_the_table_goes_through() -> None:
    through = [line for line in LINES if line.by in (YES, MORE, "rejected", State.APPROVED)]
    assert len(through) * 5 >= len(LINES) - len([*of_digests(), *of_states()])
    assert len({line.name for line in LINES}) == len(LINES)

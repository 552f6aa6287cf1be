"""Letters that nobody signed, whatever stands in them: they break nobody, and hold up no other."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.model.handed import ASKED, PLAN, PROPOSE, THAW, WORD
from holdfast.model.letters import Letter
from holdfast.workflow.inbox import AT_ONCE
from holdfast.workflow.leashed import hearings
from tests.attacks.arena import SECOND, Arena, an_arena
from tests.attacks.conftest import SUITE
from tests.tally import Count, Tally

pytestmark = pytest.mark.slow

UNTIL = ("0001-01-01T00:00:00", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59", "2026-01-01")
ODD: list[Any] = [
    *(None, True, -1, 2**53, 2**63, 2**64, 1.5, "", "\0", "\x1b[31m", "x" * 5000, "é", "\u2028"),
    *([], {}, [[]], {"a": {}}, "prp_1'; --", *UNTIL),
]


@pytest.mark.parametrize("until", UNTIL)
async def test_words_that_nobody_signed_hold_up_no_persons(until: str) -> None:
    async with an_arena() as arena:
        about = await arena.open()
        said = {**json.loads(arena.word("ana", about)["statement"]), "until": until}
        bad = [
            arena.put(WORD, {"statement": _text(said), "signature": str(number)})
            for number in range(AT_ONCE)
        ]
        arena.cluster.clock.advance(SECOND)
        good = arena.put(WORD, arena.word("ana", about))

        await arena.hears(good, *bad)

        assert ["refused"] * AT_ONCE == [arena.became(each) for each in bad]
        assert "approved" == arena.became(good)
        assert [] == [each for each in arena.log.events if "broke" in each]


async def test_whatever_stands_in_a_letter_it_is_answered_and_breaks_nobody(tally: Tally) -> None:
    async with an_arena() as arena:
        about = await arena.open()
        heard, odd = hearings(arena.leash), [*_odd(arena, about)]
        for number, (kind, body) in enumerate(odd):
            id_, at = f"odd_{number}", arena.store_now()  # as others may have written its row
            await heard[kind](Letter(id=id_, kind=kind, sender="cli:eve", body=body, at=at))
            assert arena.became(id_).split(" ")[0] in {"refused", ASKED}, (kind, body)
        assert arena.untouched()
    tally(Count(SUITE, len(odd) - 1))


@pytest.mark.xdist_group("postgres")
async def test_what_a_server_would_not_take_is_answered_before_it_is_asked(
    postgres_database: str, tally: Tally
) -> None:
    engine = open_engine(parse_url(postgres_database))
    async with an_arena() as arena:
        about = await arena.open()
        upkeep.upgrade(engine, arena.store.cluster)
        store = SqlStore(engine, arena.store.cluster)
        (case,) = arena.cases()
        with store.transaction() as tx:
            tx.cases.put(case)
        arena.changed["store"] = store
        heard = hearings(arena.leash)
        odd = [each for each in _odd(arena, about) if each[0] in {WORD, THAW}]
        for number, (kind, body) in enumerate(odd):
            id_, at = f"odd_{number}", arena.store_now()
            await heard[kind](Letter(id=id_, kind=kind, sender="cli:eve", body=body, at=at))
            with store.reading() as tx:
                assert (tx.letters.outcome(id_) or "").startswith("refused"), (kind, body)
    engine.dispose()
    tally(Count(SUITE, len(odd) - 1))


def _odd(arena: Arena, about: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """A letter of each kind, with each of its words made something else."""
    propose, word = arena.body("RolloutRestart"), arena.word("ana", about)
    plan = {"steps": [propose, propose]}
    for kind, body in ((PROPOSE, propose), (PLAN, plan), (WORD, word), (THAW, word)):
        for name, value in itertools.product([*body, "more"], ODD):
            yield kind, {**body, name: value}
    for name, value in itertools.product(propose["target"], ODD):
        yield PROPOSE, {**propose, "target": {**propose["target"], name: value}}
    said = json.loads(word["statement"])
    for name, value in itertools.product(said, ODD):
        if value != said[name]:
            changed = {**word, "statement": _text({**said, name: value})}
            yield from ((WORD, changed), (THAW, changed))


def _text(said: dict[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

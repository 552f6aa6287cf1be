"""A moment in which the database does not answer, or refuses, ends nothing for good, whoever asked
it then.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from itertools import count

import pytest

from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.errors import NOT_NOW, StoreFailed, StoreUnreachable
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.handed import PROPOSE, proposal_named
from holdfast.ports import Store, Tx
from tests.attacks.arena import an_arena
from tests.workflow.executing import SECOND, Stage, a_stage, changed

SCALE = ScaleWorkload(replicas=3, now=2)
RULES = Rules(switched_on=frozenset({"ScaleWorkload"}))


class Blinking:
    """A store that once does not answer, or says no: the time that it is told to."""

    def __init__(
        self, store: Store, at: int = 0, says: type[StoreFailed] = StoreUnreachable
    ) -> None:
        self._store = store
        self._says = says
        self.cluster = store.cluster
        self.asked = 0
        self.at = at

    def transaction(self) -> AbstractContextManager[Tx]:
        self._blink()
        return self._store.transaction()

    def reading(self) -> AbstractContextManager[Tx]:
        self._blink()
        return self._store.reading()

    def _blink(self) -> None:
        self.asked += 1
        if self.asked == self.at:
            raise self._says("The database does not do it now.", remedy="Wait.")


@asynccontextmanager
async def a_blinking_stage(
    at: int = 0, says: type[StoreFailed] = StoreUnreachable
) -> AsyncIterator[tuple[Stage, Blinking]]:
    async with a_stage(rules=RULES, soak=SECOND, deadline=2 * SECOND, late=30 * SECOND) as stage:
        blinking = Blinking(stage.store, at, says)
        changed(stage, store=blinking)
        yield stage, blinking


async def taken_back(stage: Stage) -> None:
    """It is done, does not help, and is taken back, each once; what was lent is given back."""
    order = await stage.approved(SCALE)
    await stage.until(order, State.UNDONE)
    assert ["replicas", "replicas"] == [_sets(each) for each in stage.wire.sent]
    assert 2 == stage.document().at("spec", "replicas")
    async with stage.engine.running(), asyncio.timeout(20):
        while any(not each.state.ended for each in stage.runs()):
            stage.seal_all()
            await stage.clock_moves()
    assert [] == stage.failed()
    assert [] == list(await stage.leash.leases.left())


def _sets(step: object) -> str:
    return "replicas" if "replicas" in str(step) else str(step)


@pytest.mark.slow
@pytest.mark.parametrize("says", NOT_NOW)
async def test_whenever_it_is_while_something_is_done_and_taken_back(
    says: type[StoreFailed],
) -> None:
    for at in count(1):
        async with a_blinking_stage(at, says) as (stage, blinking):
            await taken_back(stage)
            if blinking.asked < at:  # it was over before
                break
    assert at > 10


@pytest.mark.slow
@pytest.mark.parametrize("says", NOT_NOW)
async def test_while_it_is_judged_before_it_is_done(says: type[StoreFailed]) -> None:
    async with a_blinking_stage(4, says) as (stage, _):
        await taken_back(stage)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_while_what_would_come_of_it_is_tried(at: int) -> None:
    async with an_arena() as arena:
        letter = arena.put(PROPOSE, arena.body("RolloutRestart"))
        await arena.hears(letter)
        with arena.store.reading() as tx:
            proposal = proposal_named(tx.letters.outcome(letter) or "")
        blinking = Blinking(arena.store, at)
        arena.changed["store"] = blinking

        await arena.works()

        assert blinking.asked >= at
        case = arena.case(proposal)
        assert case is not None
        assert State.PROPOSED.value == case.state

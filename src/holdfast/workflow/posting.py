"""Hand something to the keeper, and hear what became of it, if somebody is there to say."""

import asyncio

from holdfast.model.letters import Letter
from holdfast.ports import Store
from holdfast.workflow.alive import living_keeper

WITHIN = 30.0  # seconds that a living keeper has to answer
PACE = 0.05
NO_KEEPER = "no keeper is alive"
START_ONE = "Start one with `holdfast serve --with-keeper`, or `holdfast keeper`."


async def post(store: Store, letter: Letter) -> str | None:
    """Put a letter into the inbox; its outcome, or None if nobody has answered."""
    await asyncio.to_thread(_put, store, letter)
    try:
        async with asyncio.timeout(WITHIN):
            while await asyncio.to_thread(living_keeper, store) is not None:
                outcome = await asyncio.to_thread(_outcome, store, letter.id)
                if outcome is not None:
                    return outcome
                await asyncio.sleep(PACE)
    except TimeoutError:
        return None
    return await asyncio.to_thread(_outcome, store, letter.id)


def _put(store: Store, letter: Letter) -> None:
    with store.transaction() as tx:
        tx.letters.put(letter)


def _outcome(store: Store, id_: str) -> str | None:
    with store.reading() as tx:
        return tx.letters.outcome(id_)

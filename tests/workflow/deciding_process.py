"""A keeper among several: it hands in words that people have signed, answers whatever waits, and
works at what is ordered.

python -m tests.workflow.deciding_process URL FOLDER FIRST COUNT    says ready, and begins when told

All of them look at clusters that are alike in each byte, and at the same store.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works, executor_of
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import StoreRefused
from holdfast.model.asks import Rules
from holdfast.model.entries import Draft
from holdfast.model.forms import look_at_forms
from holdfast.model.handed import WORD, Handed
from holdfast.model.letters import Letter
from holdfast.model.ordered import ACT, EXECUTE, UNDO, CaseOrder
from holdfast.model.people import People
from holdfast.ports import Store
from holdfast.ports.engine import Attempt, phase
from holdfast.workflow.inbox import Inbox, answer_on
from holdfast.workflow.leashed import hearings
from holdfast.workflow.sealing import seal_on
from tests.audit.chains import CLUSTER
from tests.workflow.court import Court, idle, queues
from tests.workflow.test_sealing import a_sealer

PEOPLE, LETTERS = "people.json", "letters.json"
RULES = Rules(switched_on=frozenset({"DeleteResourceQuota"}))


def an_engine(beneath: Engine, store: Store) -> TransactEngine:
    """One that keeps orders, and leaves an entry each time that something is done."""

    @phase(ACT, queue=EXECUTE, takes=CaseOrder)
    async def act(attempt: Attempt, order: CaseOrder) -> None:
        id_ = f"act_{SystemDice().roll(8).hex()}"
        draft = Draft(id=id_, kind="act", actor="test", subjects=(order.proposal,))
        await attempt.commit("act", lambda tx: tx.records.submit(draft))

    works = Works(
        role="keeper",
        executor=executor_of("court", SystemDice()),
        release="0",
        phases=[act, idle(UNDO)],
        queues=queues(),
    )
    return TransactEngine(works, store, beneath, SystemClock())


async def _work(court: Court, letters: list[Letter]) -> None:
    leash, ended = court.leash(), asyncio.Event()
    look_at_forms()
    inbox = Inbox(
        store=court.store, clock=court.clock, dice=court.dice, hearings=hearings(lambda: leash)
    )
    async with court.engine.running():
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        sealer = a_sealer(court.store, clock=court.clock)
        answering = asyncio.gather(
            answer_on(inbox, ended, court.log),
            seal_on(sealer, ended, lambda trouble: court.log.trouble("sealing", trouble)),
        )
        await asyncio.gather(*(_patiently(court.put, each) for each in letters))
        while not await _patiently(_all_done, court, letters):
            await asyncio.sleep(0.1)
        ended.set()
        await answering


async def _patiently[**P, V](ask: Callable[P, V], *args: P.args, **kwargs: P.kwargs) -> V:
    """Between processes SQLite is not fair: whoever is passed over asks again."""
    while True:
        try:
            return await asyncio.to_thread(ask, *args, **kwargs)
        except StoreRefused:
            await asyncio.sleep(0.1)


def _all_done(court: Court, letters: list[Letter]) -> bool:
    """Every letter of ours was answered, and nothing that was ordered is left to do."""
    if not all(court.outcome(each) for each in letters):
        return False
    with court.store.reading() as tx:
        figures = court.engine.figures(tx)
    return not figures.running and not any(each.runs for each in figures.backlog)


def _letter(court: Court, id_: str, handed: Handed) -> Letter:
    body = msgspec.to_builtins(handed)
    return Letter(id=id_, kind=WORD, sender="cli:test", body=body, at=court.clock.now())


def main(url: str, folder: str, first: str, count: str) -> None:
    store, place = SqlStore(open_engine(parse_url(url)), CLUSTER), Path(folder)
    court = Court(
        store, SystemClock(), place, engine=an_engine(open_beneath(parse_url(url)), store)
    )
    court.dice = SystemDice()
    court.rules = RULES
    court.people = msgspec.json.decode((place / PEOPLE).read_bytes(), type=People)
    handed = msgspec.json.decode((place / LETTERS).read_bytes(), type=dict[str, Handed])
    letters = [_letter(court, *each) for each in handed.items()]
    asyncio.run(_work(court, letters[int(first) : int(first) + int(count)]))
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

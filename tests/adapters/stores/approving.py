"""What the keeper writes when the last yes is heard, in one transaction: for sweeps of failures.

The letter is answered, the word kept, the budget taken from, the ticket spent, the case moved, the
intent submitted and the act ordered: all of it, or nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.store import SqlStore
from holdfast.model.repairs import ActionClass
from holdfast.model.runs import Queue, RunState
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.workflow.budgets import take
from tests.adapters.engine.five_phases import Five, World, an_order
from tests.audit.chains import CLUSTER, a_draft
from tests.contracts.test_casework import a_bucket, a_case, a_word, moved
from tests.contracts.test_store import a_letter

BEFORE, AFTER = "before", "after"
RUN = an_order("prp_1", 1)


class Late(Exception):
    """Somebody else was first, or oneself and nobody said so."""


@contextmanager
def ordering(engine: Engine) -> Iterator[TransactEngine]:
    """An engine of phases in that database; it works at nothing, and leaves nothing open."""
    works = Works(
        role="keeper",
        executor="approving-1",
        release="0",
        phases=Five(World(0), "approving").phases(),
        queues=[Queue(name="acts")],
    )
    beneath = open_beneath(engine.url)
    yield TransactEngine(works, SqlStore(engine, CLUSTER), beneath, FrozenClock())
    beneath.dispose()


def propose(engine: Engine) -> None:
    """A proposal, and the letter of somebody who says yes to it."""
    asyncio.run(_live(engine))  # which makes the tables of the engine of phases
    with SqlStore(engine, CLUSTER).transaction() as tx:
        tx.cases.put(a_case())
        tx.letters.put(a_letter(1))


async def _live(engine: Engine) -> None:
    with ordering(engine) as orders:
        async with orders.running():
            pass


def approve(engine: Engine, _: Path) -> None:
    """All that follows from it."""
    with ordering(engine) as orders, SqlStore(engine, CLUSTER).transaction() as tx:
        went = [
            tx.letters.answer("ltr_1", "issued"),
            tx.words.add(a_word()),
            take(tx.buckets, "ada", ActionClass.RESTART, 10, NOON),
            tx.once.spend("ticket", "jti_1", RUN.id, NOON),
            tx.cases.move(a_case(), moved(a_case())),
            orders.enqueue(tx, RUN),
        ]
        if not all(went):
            raise Late
        tx.records.submit(a_draft(7))


def state_of(engine: Engine) -> str:
    """Whether it was done; raises `AssertionError` for a part of it."""
    with ordering(engine) as orders, SqlStore(engine, CLUSTER).reading() as tx:
        run = orders.status(tx, RUN.id)
        there = [
            tx.letters.outcome("ltr_1"),
            list(tx.words.of("prp_1", 1)),
            tx.buckets.bucket("ada", "restart"),
            tx.once.spent("ticket", "jti_1"),
            tx.cases.case("prp_1"),
            run.state if run is not None else None,
            list(tx.records.waiting(9)),
        ]
    nothing: list[object] = [None, [], None, None, a_case(), None, []]
    everything = [
        *("issued", [a_word()], a_bucket(9000), RUN.id, moved(a_case())),
        *(RunState.WAITING, [a_draft(7)]),
    ]
    assert there in (nothing, everything), there
    return BEFORE if there == nothing else AFTER

"""Runs of five phases, each with one act in the world; and a process that works at them.

python -m tests.adapters.engine.five_phases URL ROLE NAME PORT

Each phase looks, commits what it intends, acts, and commits what came of it together with the order
of the next phase. Whoever goes on where somebody may have acted looks first; where nobody can look,
the outcome is `unknown`, and nothing is done again.
"""

import asyncio
import json
import random
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import text

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.engine.rows import of
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works, executor_of
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.model.runs import Order, Queue
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Engine, Phase, phase
from tests.audit.chains import CLUSTER

PHASES = 5
TABLES = """
CREATE TABLE t_intents (target TEXT PRIMARY KEY, attempt INTEGER NOT NULL);
CREATE TABLE t_outcomes (
    target TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    intended INTEGER NOT NULL
)"""
DONE, UNKNOWN = "done", "unknown"


class Work(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which phase of which run."""

    run: str
    number: int

    @property
    def target(self) -> str:
        """What it acts on."""
        return f"{self.run}/{self.number}"


class Seen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a look showed; None: nothing."""

    version: int | None


class World:
    """The recorder, from a distance."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def look(self, target: str) -> Seen:
        """What is to be seen of a target."""
        told = await self._ask(op="look", target=target)
        version = (told or {}).get("version")
        return Seen(version=version if isinstance(version, int) else None)

    async def act(self, target: str, expects: int, attempt: Attempt, by: str) -> str:
        """`done`, `conflict`, or empty: nobody answers."""
        told = await self._ask(
            op="act", target=target, expects=expects, attempt=attempt.number, by=by
        )
        return next(iter(told), "") if told else ""

    async def _ask(self, **what: object) -> dict[str, object] | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(json.dumps(what).encode() + b"\n")
            line = await reader.readline()
        finally:
            writer.close()
            await writer.wait_closed()
        answer: dict[str, object] | None = json.loads(line) if line else None
        return answer


class Five:
    """The phases of one process."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self.engine: Engine | None = None

    def phases(self) -> Sequence[Phase]:
        """All five."""
        return [
            phase(f"phase_{n}", queue="acts", takes=Work)(self._body) for n in range(1, PHASES + 1)
        ]

    async def _body(self, attempt: Attempt, work: Work) -> str:
        target = work.target
        seen = await attempt.step("look", lambda: self._world.look(target))
        # Where nobody can look, an act expects the target as it was made.
        expects = seen.version if seen.version is not None else 1
        intended = await attempt.commit("intend", lambda tx: self._intend(tx, target, attempt))

        async def act() -> str:
            return await self._act(attempt, target, expects, first=intended == attempt.number)

        outcome = await attempt.step("act", act)

        def settle(tx: Tx) -> str:
            of(tx).execute(
                text("INSERT INTO t_outcomes VALUES (:target, :outcome, :attempt, :intended)"),
                {
                    "target": target,
                    "outcome": outcome,
                    "attempt": attempt.number,
                    "intended": intended,
                },
            )
            if work.number < PHASES and self.engine is not None:
                self.engine.enqueue(tx, an_order(work.run, work.number + 1))
            return outcome

        return await attempt.commit("settle", settle)

    @staticmethod
    def _intend(tx: Tx, target: str, attempt: Attempt) -> int:
        of(tx).execute(
            text("INSERT INTO t_intents VALUES (:target, :attempt)"),
            {"target": target, "attempt": attempt.number},
        )
        return attempt.number

    async def _act(self, attempt: Attempt, target: str, expects: int, *, first: bool) -> str:
        """Once, and never blindly again."""
        await asyncio.sleep(random.uniform(0, 0.05))
        if first and await self._world.act(target, expects, attempt, self._name):
            return DONE  # a conflict, too, says that it was done: by whoever took this run over
        for _ in range(20):
            seen = await self._world.look(target)
            if seen.version is None:
                return UNKNOWN
            if seen.version > expects:
                return DONE
            await self._world.act(target, expects, attempt, self._name)
        return UNKNOWN


def an_order(run: str, number: int) -> Order:
    """The order of one phase of a run."""
    work = Work(run=run, number=number)
    return Order(id=work.target, phase=f"phase_{number}", argument=work)


def an_engine(url: str, role: str, name: str, five: Five) -> tuple[SqlStore, TransactEngine]:
    """A store and an engine of that process."""
    address = parse_url(url)
    store = SqlStore(open_engine(address), CLUSTER)
    works = Works(
        role=role,
        executor=executor_of(name, SystemDice()),
        release="0",
        phases=five.phases(),
        queues=[Queue(name="acts", look=timedelta(seconds=0.1))],
        types=[Seen],
        patience=2.0,
        troubled=lambda told: print("troubled", told, file=sys.stderr, flush=True),
    )
    engine = TransactEngine(works, store, open_beneath(address), SystemClock())
    five.engine = engine
    return store, engine


async def work(url: str, role: str, name: str, port: str) -> None:
    """Work until ended by SIGTERM; say `ready EXECUTOR`, and at the end how often refused."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    store, engine = an_engine(url, role, name, Five(World(int(port)), name))
    before = 0
    async with engine.running():
        print("ready", engine.executor, flush=True)
        while not ended.is_set():
            if engine.refused > before:
                before = engine.refused
                print("refused", before, flush=True)
            try:
                await asyncio.wait_for(ended.wait(), 0.2)
            except TimeoutError:
                continue
    store.close()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))

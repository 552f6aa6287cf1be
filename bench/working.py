"""Order and work in a process of its own.

python -m bench.working FOLDER SINGLE RUNS

Orders SINGLE phases one by one, and RUNS runs of five phases at once, in a database of that folder.
Prints JSON: seconds until a single one begins (median and 95th percentile), seconds of wall and of
CPU for one run of five, and the share of a CPU that is used while nothing is to be done.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works
from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.model.runs import Order, Queue
from holdfast.ports import Store, Tx
from holdfast.ports.engine import Attempt, Engine, phase

CLUSTER = "7e8d3c52-0000-4000-8000-000000000001"
PHASES = 5
IDLE = 3.0  # seconds
_DICE = random.Random(1)


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which phase of which run, the how-manieth."""

    run: str
    number: int


class Bench:
    """The phase, and what it saw."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.ended = 0
        self.engine: Engine | None = None

    async def __call__(self, attempt: Attempt, task: Task) -> None:
        """Note when it began, and order the next in the transaction that ends this one."""
        self.began[attempt.run] = time.perf_counter()

        def write(tx: Tx) -> None:
            if task.number < PHASES and self.engine is not None:
                self.engine.enqueue(tx, an_order(task.run, task.number + 1))

        await attempt.commit("write", write)
        self.ended += task.number == PHASES


def an_order(run: str, number: int) -> Order:
    """Of one phase of a run."""
    task = Task(run=run, number=number)
    return Order(id=f"{run}/{number}", phase="work", argument=task)


async def single(store: Store, engine: Engine, bench: Bench, numbers: range) -> Sequence[float]:
    """How long each waited, in order of size."""
    waited: list[float] = []
    for number in numbers:
        with store.transaction() as tx:
            engine.enqueue(tx, order := an_order(f"single_{number}", PHASES))
        committed = time.perf_counter()
        while order.id not in bench.began:
            await asyncio.sleep(0.001)
        waited.append(bench.began[order.id] - committed)
        await asyncio.sleep(_DICE.uniform(0, 0.1))  # not in step with the queue
    return sorted(waited)


async def five(store: Store, engine: Engine, bench: Bench, runs: int) -> tuple[float, float]:
    """Seconds of wall and of CPU for all."""
    before, wall, cpu = bench.ended, time.perf_counter(), time.process_time()
    with store.transaction() as tx:
        for number in range(runs):
            engine.enqueue(tx, an_order(f"five_{number}", 1))
    while bench.ended < before + runs:
        await asyncio.sleep(0.01)
    return time.perf_counter() - wall, time.process_time() - cpu


async def measure(url: str, count: int, runs: int) -> dict[str, float]:
    """All of it, in one process."""
    address = parse_url(url)
    ours = open_engine(address)
    upkeep.upgrade(ours, CLUSTER)
    store, bench = SqlStore(ours, CLUSTER), Bench()
    works = Works(
        role="keeper",
        executor="bench",
        release="0",
        phases=[phase("work", queue="work", takes=Task)(bench)],
        queues=[Queue(name="work", look=timedelta(seconds=0.1), in_each_process=32)],
    )
    engine = bench.engine = TransactEngine(works, store, open_beneath(address), SystemClock())
    async with engine.running():
        await single(store, engine, bench, range(3))  # what happens once has happened
        cpu = time.process_time()
        await asyncio.sleep(IDLE)
        idle = (time.process_time() - cpu) / IDLE
        waited = await single(store, engine, bench, range(3, count + 3))
        wall, cpu = await five(store, engine, bench, runs)
    return {
        "p50": waited[len(waited) // 2],
        "p95": waited[int(len(waited) * 0.95)],
        "run": wall / runs,
        "cpu": cpu / runs,
        "idle": idle,
    }


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    told = asyncio.run(measure(f"sqlite:///{Path(folder)}/holdfast.db", *map(int, numbers)))
    print(json.dumps(told))

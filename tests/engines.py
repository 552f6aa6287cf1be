"""For tests: engines of every sort on stores of every sort; `tests.conftest` makes them known."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.engine.rows import of
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works
from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.model.runs import Queue, Schedule
from holdfast.ports import Clock, Store, Tx
from holdfast.ports.engine import Engine, Phase
from holdfast.testing.engine import EngineInMemory
from holdfast.testing.memory import StoreInMemory
from tests.audit.chains import CLUSTER
from tests.stores import POSTGRES


class Workshop(msgspec.Struct, frozen=True, kw_only=True):
    """A store, and how an engine is made that works in it."""

    store: Store
    make: Callable[..., Engine]
    die: Callable[[Engine, Tx, str], None]  # as if whoever works at a run had died

    def engine(
        self,
        *phases: Phase,
        queues: Sequence[Queue],
        schedules: Sequence[Schedule] = (),
        types: Sequence[type[msgspec.Struct]] = (),
        clock: Clock | None = None,
        patience: float = 5.0,
    ) -> Engine:
        """One engine; a process has one at a time."""
        return self.make(
            phases=phases,
            queues=queues,
            schedules=schedules,
            types=types,
            clock=clock or SystemClock(),
            patience=patience,
        )


@pytest.fixture(
    params=["memory", pytest.param("sqlite", marks=pytest.mark.slow, id="sqlite"), POSTGRES]
)
def workshop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workshop]:
    """A workshop of each sort."""
    if request.param == "memory":
        yield _in_memory()
        return
    address = f"sqlite:///{tmp_path}/holdfast.db"
    if request.param == "postgres":
        address = request.getfixturevalue("postgres_database")
    yield from _in_a_database(address)


def _in_memory() -> Workshop:
    store = StoreInMemory(CLUSTER)

    def make(patience: float, **how: object) -> Engine:
        return EngineInMemory(store, **how)  # type: ignore[arg-type]

    def die(engine: Engine, tx: Tx, run: str) -> None:
        assert isinstance(engine, EngineInMemory)
        engine.give_back(tx, run)

    return Workshop(store=store, make=make, die=die)


def _in_a_database(address: str) -> Iterator[Workshop]:
    url = parse_url(address)
    ours, beneath = open_engine(url), open_beneath(url)
    upkeep.upgrade(ours, CLUSTER)
    store = SqlStore(ours, CLUSTER)
    boots = iter(range(99))

    def make(clock: Clock, **how: object) -> Engine:
        works = Works(
            role="keeper",
            executor=f"test-{next(boots)}",
            release="0",
            **how,  # type: ignore[arg-type]
        )
        return TransactEngine(works, store, beneath, clock)

    def die(_: Engine, tx: Tx, run: str) -> None:
        schema = "holdfast_keeper." if url.get_backend_name() == "postgresql" else ""
        given = "UPDATE {0}workflow_status SET status = 'ENQUEUED', owner_xid = NULL WHERE "
        of(tx).execute(text(given.format(schema) + "workflow_uuid = :run"), {"run": run})

    yield Workshop(store=store, make=make, die=die)
    beneath.dispose()
    store.close()

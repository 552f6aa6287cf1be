"""What `serve` says of itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec
import pytest

from holdfast.errors import StoreUnreachable
from holdfast.model.access import Process
from holdfast.model.runs import Backlog, Figures
from holdfast.ports import Tx
from holdfast.surfaces.processes.health import Figure, Health, written
from holdfast.testing.clock import FrozenClock
from holdfast.testing.engine import EngineInMemory
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.alive import SILENT
from tests.audit.chains import CLUSTER, a_draft
from tests.contracts.test_store import a_letter
from tests.workflow.test_alive import a_beat
from tests.workflow.test_sealing import a_sealer, submit

ME = "serve-1"
MOMENT = timedelta(milliseconds=1)
NOT_TAKEN = 503, "the database answers, and takes nothing\n"


class Away(StoreInMemory):
    """A store that does not answer."""

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        raise StoreUnreachable("The database db-1 does not answer: secret", remedy="Look.")
        yield


def health(store: StoreInMemory) -> Health:
    return Health(
        store=store,
        engine=EngineInMemory(store, FrozenClock(), phases=(), queues=()),
        executor=ME,
        version="1.2.3",
    )


def beaten(store: StoreInMemory, ago: timedelta = timedelta(0), executor: str = ME) -> None:
    """The store has taken a beat of `serve` that long ago."""
    beat = msgspec.structs.replace(a_beat(ago=ago), role=Process.SERVE.value, executor=executor)
    with store.transaction() as tx:
        tx.beats.beat(beat)


async def test_whoever_answers_lives_even_without_its_store() -> None:
    assert (await health(Away(CLUSTER)).lives()).code == 200


async def test_ready_is_who_reaches_the_store_and_a_keeper_is_told_beside() -> None:
    store = StoreInMemory(CLUSTER)
    beaten(store)
    assert "keeper: not alive" in (await health(store).ready()).body
    with store.transaction() as tx:
        tx.beats.beat(a_beat())

    reply = await health(store).ready()

    assert (200, "ready\nkeeper: alive\n") == (reply.code, reply.body)


async def test_without_its_store_it_is_not_ready_and_says_nothing_of_where_that_is() -> None:
    reply = await health(Away(CLUSTER)).ready()

    assert (503, "the database does not answer\n") == (reply.code, reply.body)


@pytest.mark.parametrize(
    ("ago", "reply"),
    [(SILENT, (200, "ready\nkeeper: not alive\n")), (SILENT + MOMENT, NOT_TAKEN)],
)
async def test_ready_is_whose_own_beats_the_store_takes(
    ago: timedelta, reply: tuple[int, str]
) -> None:
    store = StoreInMemory(CLUSTER, FrozenClock())
    beaten(store, ago)
    told = await health(store).ready()
    assert reply == (told.code, told.body)
    takes = int(reply != NOT_TAKEN)
    assert f"holdfast_store_takes {takes}" in (await health(store).metrics()).body.splitlines()


async def test_the_beats_of_others_make_nobody_ready() -> None:
    store = StoreInMemory(CLUSTER)
    beaten(store, executor="serve-2")
    told = await health(store).ready()
    assert NOT_TAKEN == (told.code, told.body)


async def test_the_figures_count_what_is_sealed_and_what_waits() -> None:
    store = StoreInMemory(CLUSTER)
    submit(store, a_draft(1), a_draft(2))
    a_sealer(store).batch()
    submit(store, a_draft(3))
    with store.transaction() as tx:
        tx.letters.put(a_letter())

    lines = (await health(store).metrics()).body.splitlines()

    assert {
        'holdfast_info{process="serve",version="1.2.3"} 1',
        "holdfast_store_up 1",
        "holdfast_store_takes 0",
        "holdfast_keeper_alive 0",
        "holdfast_frozen 0",
        "holdfast_record_entries 2",
        "holdfast_record_waiting 1",
        "holdfast_inbox_waiting 1",
    } == {line for line in lines if not line.startswith(("#", "holdfast_engine_"))}
    assert 'holdfast_engine_orphaned{process="serve"} 0' in lines


async def test_a_freeze_is_a_figure_and_readiness_is_what_it_was() -> None:
    store = StoreInMemory(CLUSTER)
    with store.transaction() as tx:
        tx.switches.on("freeze", "whatever stands there", tx.now())
    beaten(store)

    assert "holdfast_frozen 1" in (await health(store).metrics()).body.splitlines()
    assert "ready\nkeeper: not alive\n" == (await health(store).ready()).body


async def test_the_keepers_figures_are_those_that_came_with_its_last_beat() -> None:
    store = StoreInMemory(CLUSTER)
    waits = Backlog(queue="execute", version="2", runs=3, oldest=timedelta(seconds=90))
    figures = Figures(
        backlog=(waits,),
        running=1,
        orphaned=2,
        most_attempts=4,
        given_up=5,
        requeued=6,
        put_back=7,
        refused=8,
    )
    with store.transaction() as tx:
        tx.beats.beat(a_beat())
    assert 'process="keeper"' not in (await health(store).metrics()).body
    with store.transaction() as tx:
        tx.beats.beat(msgspec.structs.replace(a_beat(), figures=figures))

    lines = (await health(store).metrics()).body.splitlines()

    labels = '{process="keeper",queue="execute",version="2"}'
    assert {
        'holdfast_engine_given_up{process="keeper"} 5',
        'holdfast_engine_most_attempts{process="keeper"} 4',
        'holdfast_engine_orphaned{process="keeper"} 2',
        'holdfast_engine_put_back{process="keeper"} 7',
        'holdfast_engine_refused{process="keeper"} 8',
        'holdfast_engine_requeued{process="keeper"} 6',
        'holdfast_engine_running{process="keeper"} 1',
        f"holdfast_queue_age_seconds{labels} 90",
        f"holdfast_queue_runs{labels} 3",
    } == {line for line in lines if 'process="keeper"' in line}


async def test_what_a_keeper_counted_that_is_dead_is_not_told() -> None:
    store = StoreInMemory(CLUSTER)
    figures = EngineInMemory(store, FrozenClock(), phases=(), queues=())
    with store.transaction() as tx:
        counted = figures.figures(tx)
        tx.beats.beat(msgspec.structs.replace(a_beat(ago=timedelta(minutes=1)), figures=counted))

    assert 'process="keeper"' not in (await health(store).metrics()).body


async def test_without_its_store_the_figures_say_so() -> None:
    reply = await health(Away(CLUSTER)).metrics()

    assert reply.code == 200
    assert "holdfast_store_up 0\n" in reply.body
    assert "keeper" not in reply.body


def test_a_label_is_escaped() -> None:
    figure = Figure(name="n", help="h", value=1, labels=(("l", 'a"\\\nb'),))

    assert 'n{l="a\\"\\\\\\nb"} 1\n' in written([figure])

"""The record is copied to each sink at its own pace, whole, and only after it was sealed."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from holdfast.adapters.sinks.jsonl import JsonlSink
from holdfast.model.entries import Entry, Segment
from holdfast.ports import Store, Tx
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.copying import PAGE, copy_on
from tests.audit.chains import CLUSTER, a_chain, checkpoints, lines, verified
from tests.audit.damage import a_note
from tests.contracts.test_store import head_of, seal

pytestmark = pytest.mark.slow


class Slow:
    """A sink that has room now and then."""

    name = "slow"

    def __init__(self, last: Entry | None = None, room: int = 3, *, whole: bool = True) -> None:
        self.whole = whole
        self.taken: list[bytes] = []
        self.refused = 0
        self._last = last
        self._room = room

    def last(self) -> Entry | None:
        return self._last

    def offer(self, lines: Sequence[bytes]) -> bool:
        self.refused += 1
        if self.refused % self._room:
            return False
        self.taken += lines
        return True

    def trouble(self) -> str:
        return "slow: no room" if self.refused % self._room else ""

    def close(self, within: float) -> None:
        self.closed = within


class Counted(StoreInMemory):
    """Counts how often somebody looks."""

    readings = 0

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        with super().reading() as tx:
            yield tx
        self.readings += 1


@pytest.fixture
def memory() -> Counted:
    return Counted(CLUSTER)


async def copied(store: Store, sink: Slow, count: int) -> list[str]:
    ended, said = asyncio.Event(), list[str]()
    copying = asyncio.create_task(copy_on(store, sink, ended, said.append))
    async with asyncio.timeout(60):
        while len(sink.taken) < count:
            await asyncio.sleep(0.01)
    ended.set()
    await copying
    assert sink.closed > 0
    return said


@pytest.mark.slow
async def test_a_slow_sink_gets_everything(memory: Counted) -> None:
    entries = a_chain(2 * PAGE + 7)
    seal(memory, entries)
    sink = Slow()

    said = await copied(memory, sink, len(entries))

    assert lines(entries) == sink.taken
    assert said[:2] == ["slow: no room", "slow: goes on"]


async def test_a_sink_goes_on_from_what_it_has(store: Store) -> None:
    entries = a_chain(9)
    seal(store, entries)
    sink = Slow(last=entries[3], room=1)

    await copied(store, sink, 5)

    assert lines(entries[4:]) == sink.taken


async def test_a_sink_that_wants_what_comes_gets_that(memory: Counted) -> None:
    first = a_chain(3)
    seal(memory, first)
    sink = Slow(room=1, whole=False)
    ended = asyncio.Event()
    copying = asyncio.create_task(copy_on(memory, sink, ended, lambda _: None))
    async with asyncio.timeout(60):
        while memory.readings < 2:  # it has looked where the record ends, and for more
            await asyncio.sleep(0.01)
    rest = a_chain(2, head=head_of(first), first=4)

    seal(memory, rest, before=first)

    async with asyncio.timeout(60):
        while not sink.taken:
            await asyncio.sleep(0.01)
    ended.set()
    await copying
    assert lines(rest) == sink.taken


@pytest.mark.parametrize(
    "last", [a_chain(12)[11], a_chain(5, first=21)[4]], ids=["longer than ours", "rewritten"]
)
async def test_a_sink_of_another_record_is_not_written_on(memory: Counted, last: Entry) -> None:
    seal(memory, a_chain(9))
    sink, said = Slow(last=last, room=1), list[str]()

    await copy_on(memory, sink, asyncio.Event(), said.append)

    assert not sink.taken
    assert len(said) == 1
    assert "is not in the record" in said[0]


async def test_a_sink_that_cannot_be_read_is_not_written_on(
    memory: Counted, tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text("mine\n")
    said = list[str]()

    await copy_on(memory, JsonlSink(tmp_path / "a.jsonl"), asyncio.Event(), said.append)

    assert "does not end with an entry" in said[0]
    assert (tmp_path / "a.jsonl").read_text() == "mine\n"


async def test_a_copy_in_a_file_is_a_record_that_verifies(store: Store, tmp_path: Path) -> None:
    entries = a_chain(12)
    seal(store, entries)
    ended = asyncio.Event()
    copying = asyncio.create_task(
        copy_on(store, JsonlSink(tmp_path / "a.jsonl"), ended, pytest.fail)
    )
    async with asyncio.timeout(60):
        while not (tmp_path / "a.jsonl").exists() or not (tmp_path / "a.jsonl").stat().st_size:
            await asyncio.sleep(0.01)
    ended.set()
    await copying

    told = (tmp_path / "a.jsonl").read_bytes().splitlines()
    assert verified(told, anchors=[checkpoints(entries)[11]]).broken is None


def without(store: Store, entries: list[Entry], size: int) -> None:
    """A record of which so many entries were let go."""
    seal(store, entries)
    note = a_note(checkpoints(entries)[size - 1])
    with store.transaction() as tx:
        tx.records.close(Segment(size=size, time=entries[size - 1].time, note=note))
        tx.records.let_go(size, keeping=())


@pytest.mark.parametrize("had", [None, 4, 6], ids=["nothing", "all that was let go", "more"])
async def test_a_sink_goes_on_where_older_entries_were_let_go(
    store: Store, had: int | None
) -> None:
    entries = a_chain(9)
    without(store, entries, 4)
    sink = Slow(last=entries[had - 1] if had else None, room=1)

    await copied(store, sink, 9 - (had or 4))

    assert lines(entries[had or 4 :]) == sink.taken


@pytest.mark.parametrize(
    ("last", "wrong"),
    [
        (a_chain(9)[2], "slow ends with entry 3, and those up to 4 were let go meanwhile"),
        (a_chain(9, first=21)[3], "is not in the record"),
    ],
    ids=["too short", "rewritten"],
)
async def test_a_sink_that_lacks_what_was_let_go_gets_no_gap(
    memory: Counted, last: Entry, wrong: str
) -> None:
    without(memory, a_chain(9), 4)
    sink, said = Slow(last=last, room=1), list[str]()

    await copy_on(memory, sink, asyncio.Event(), said.append)

    assert not sink.taken
    assert wrong in said[0]


async def test_a_sink_that_stands_still_while_entries_are_let_go_gets_no_gap(
    memory: Counted,
) -> None:
    entries = a_chain(9)
    sink, ended, said = Slow(room=10**9), asyncio.Event(), list[str]()
    seal(memory, entries[:2])
    copying = asyncio.create_task(copy_on(memory, sink, ended, said.append))
    async with asyncio.timeout(60):
        while not said:
            await asyncio.sleep(0.01)
        seal(memory, entries[2:], before=entries[:2])
        with memory.transaction() as tx:
            note = a_note(checkpoints(entries)[3])
            tx.records.close(Segment(size=4, time=entries[3].time, note=note))
            tx.records.let_go(4, keeping=())
        while len(said) < 2:
            await asyncio.sleep(0.01)
    ended.set()
    await copying

    assert not sink.taken
    assert "ends with entry 0, and those up to 4 were let go" in said[1]

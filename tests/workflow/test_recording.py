"""Many callers record at once, and each goes on when its own entry is sealed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from holdfast.errors import AlreadyKept, BadRecord, HoldfastError, NotCanonical, StoreRefused
from holdfast.model.entries import ROTATED
from holdfast.ports import Store, Tx
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.recording import Recorder, recording
from holdfast.workflow.sealing import BATCH, Sealer, seal_on
from tests.audit.chains import CLUSTER, a_draft, verified
from tests.workflow.test_sealing import a_sealer, a_sealer_without_keys, submit, told


class Counting(StoreInMemory):
    """Counts how often something was written."""

    transactions = 0

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        self.transactions += 1
        with super().transaction() as tx:
            yield tx


def fail(trouble: HoldfastError) -> None:
    pytest.fail(str(trouble))


@asynccontextmanager
async def a_recorder(store: Store, sealer: Sealer | None) -> AsyncIterator[Recorder]:
    async with asyncio.timeout(60), recording(store, fail, sealer) as recorder:
        yield recorder


@asynccontextmanager
async def a_keeper(store: Store) -> AsyncIterator[None]:
    """A sealer elsewhere."""
    ended = asyncio.Event()
    sealing = asyncio.create_task(seal_on(a_sealer(store), ended, fail))
    yield
    ended.set()
    await sealing


async def record_all(recorder: Recorder, numbers: range) -> None:
    entries = await asyncio.gather(*(recorder.record(a_draft(n)) for n in numbers))
    assert [a_draft(n).id for n in numbers] == [entry.id for entry in entries]


async def test_beside_the_sealer_what_is_recorded_is_sealed_when_the_caller_goes_on(
    store: Store,
) -> None:
    submit(store, a_draft(100))  # waits already, and comes first
    async with a_recorder(store, a_sealer(store)) as recorder:
        await record_all(recorder, range(9))

    outcome = verified(told(store))
    assert (outcome.entries, outcome.broken) == (10, None)
    with store.reading() as tx:
        assert not tx.records.waiting(1)
        first = tx.records.at(1)
    assert first is not None
    assert first.id == a_draft(100).id


async def test_elsewhere_a_caller_waits_for_the_sealer(store: Store) -> None:
    async with a_keeper(store), a_recorder(store, None) as recorder:
        await record_all(recorder, range(9))
        submit(store, a_draft(50))  # in a transaction that did something else as well
        assert (await recorder.sealed(a_draft(50).id)).seq == 10

    assert verified(told(store)).entries == 10


async def test_those_who_come_together_share_one_transaction() -> None:
    store = Counting(CLUSTER)
    async with a_recorder(store, a_sealer(store)) as recorder:
        await record_all(recorder, range(50))

    assert store.transactions == 1


@pytest.mark.parametrize("beside", [True, False], ids=["beside the sealer", "elsewhere"])
async def test_a_bad_draft_is_the_trouble_of_its_caller_alone(store: Store, beside: bool) -> None:
    async with a_keeper(store), a_recorder(store, a_sealer(store) if beside else None) as recorder:
        await recorder.record(a_draft(1))
        drafts = (a_draft(2), a_draft(1), a_draft(3, share=0.5), a_draft(4, kind=ROTATED))
        came = await asyncio.gather(*map(recorder.record, drafts), return_exceptions=True)
        await recorder.record(a_draft(5))

    assert [AlreadyKept, NotCanonical, BadRecord] == [type(each) for each in came[1:]]
    assert verified(told(store)).entries == 4


async def test_an_id_that_waits_is_not_sealed_with_other_words() -> None:
    store = StoreInMemory(CLUSTER)
    submit(store, *(a_draft(n) for n in range(3)))

    with pytest.raises(AlreadyKept):
        a_sealer(store).record([a_draft(2, other="words")])

    assert not told(store)


async def test_where_many_wait_nobody_goes_before_them() -> None:
    store = StoreInMemory(CLUSTER)
    submit(store, *(a_draft(n) for n in range(BATCH)))

    assert a_sealer(store).record([a_draft(9999)]) == ()


async def test_without_the_key_the_caller_hears() -> None:
    store = StoreInMemory(CLUSTER)
    async with a_recorder(store, a_sealer_without_keys(store)) as recorder:
        with pytest.raises(HoldfastError, match="There is no key"):
            await recorder.record(a_draft(1))


async def test_who_gives_up_has_submitted_all_the_same() -> None:
    store = StoreInMemory(CLUSTER)
    async with a_recorder(store, None) as recorder:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(recorder.record(a_draft(1)), 0.01)
        async with a_keeper(store):
            await recorder.record(a_draft(2))

    assert verified(told(store)).entries == 2


async def test_who_still_waits_at_the_end_hears_that_it_is_the_end() -> None:
    store = StoreInMemory(CLUSTER)
    async with a_recorder(store, None) as recorder:
        waiting = asyncio.create_task(recorder.record(a_draft(1)))
        while not store.reading().__enter__().records.waiting(1):
            await asyncio.sleep(0)

    with pytest.raises(StoreRefused, match="does not wait for the seal"):
        await waiting

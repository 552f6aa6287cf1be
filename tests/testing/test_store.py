import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.testing.store import Compacted, Happening, Key, Store


def put(store: Store, name: str, value: int) -> None:
    version = str(store.next_version())
    store.put(key(name), {"metadata": {"name": name, "resourceVersion": version}, "value": value})


def key(name: str) -> Key:
    return ("things", "shop", name)


def test_no_two_writes_share_a_version() -> None:
    store = Store()
    put(store, "a", 1)
    put(store, "a", 2)
    store.remove(key("a"))
    versions = [change.version for change in store.since(store.oldest)]
    assert sorted(set(versions)) == versions


def test_tells_what_happened_since() -> None:
    store = Store()
    put(store, "a", 1)
    then = store.version
    put(store, "a", 2)
    store.remove(key("a"))
    told = [change.what for change in store.since(then)]
    assert [Happening.MODIFIED, Happening.DELETED] == told


def test_what_was_compacted_cannot_be_told() -> None:
    store = Store()
    put(store, "a", 1)
    then = store.version
    put(store, "b", 1)
    store.compact()
    with pytest.raises(Compacted):
        store.since(then)


def test_compaction_leaves_what_is_there_and_the_newest_version() -> None:
    store = Store()
    put(store, "a", 1)
    store.compact()
    assert [] == list(store.since(store.version))
    assert 1 == len(store.listing("things"))


def test_a_removed_object_is_told_under_the_version_of_its_end() -> None:
    store = Store()
    put(store, "a", 1)
    last = store.remove(key("a"))
    assert str(store.version) == last["metadata"]["resourceVersion"]


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9)), max_size=30))
def test_the_past_is_told_as_it_was(writes: list[tuple[str, bool, int]]) -> None:
    store = Store()
    seen = {store.version: store.listing("things")}
    for name, removes, value in writes:
        if not removes:
            put(store, name, value)
        elif store.get(key(name)) is not None:
            store.remove(key(name))
        seen[store.version] = store.listing("things")
    assert seen == {version: store.listing("things", version) for version in seen}


async def test_whoever_waits_is_woken_by_the_next_write() -> None:
    store = Store()
    waiting = asyncio.create_task(store.beyond(store.version))
    await asyncio.sleep(0)
    put(store, "a", 1)
    async with asyncio.timeout(1):
        await waiting


async def test_whoever_is_late_does_not_wait() -> None:
    store = Store()
    then = store.version
    put(store, "a", 1)
    async with asyncio.timeout(1):
        await store.beyond(then)

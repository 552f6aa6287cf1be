"""Older entries are let go a whole day at a time, verified, and their last checkpoint stays."""

from datetime import timedelta

import msgspec
import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.errors import BadRecord, StoreRefused
from holdfast.model.entries import LET_GO, REVOKED
from holdfast.model.keys import Purpose
from holdfast.model.times import stamp
from holdfast.ports import Store
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow import orders
from holdfast.workflow.judging import judge
from holdfast.workflow.retention import Part, Trust, let_go, part_before, verified
from holdfast.workflow.sealing import NOT_SEALED, Sealer
from tests.audit.chains import CLUSTER, a_draft, a_key
from tests.workflow.test_sealing import a_sealer, keys, submit, told

TRUST = Trust(keys=keys("audit", "next"), check=check)


def sealer_of_day(store: Store, day: int, *names: str) -> Sealer:
    return a_sealer(store, *names, clock=FrozenClock(NOON + timedelta(days=day)))


def seal(store: Store, day: int, *numbers: int, key: str = "audit") -> None:
    submit(store, *map(a_draft, numbers))
    sealer_of_day(store, day, key).batch()


def part(store: Store, days: float, trust: Trust = TRUST) -> Part | None:
    with store.reading() as tx:
        return part_before(tx.records, trust, stamp(NOON + timedelta(days=days)))


async def drop(store: Store, days: float, today: int = 30) -> Part:
    gone = part(store, days)
    assert gone is not None
    await let_go(sealer_of_day(store, today), gone, "ada")
    return gone


def judged(store: Store) -> None:
    with store.reading() as tx:
        judge(TRUST.keys, check)(tx.records)


async def test_a_day_ends_with_a_signed_state_and_is_let_go_there(store: Store) -> None:
    seal(store, 0, 1, 2)
    seal(store, 0, 3)
    seal(store, 1, 4)
    seal(store, 5, 5)
    before = told(store)

    gone = await drop(store, 1.5)  # the second day ended before that, and was closed by the fifth

    assert (gone.first, gone.end.size, gone.count) == (1, 4, 4)
    assert list(verified(gone, TRUST, before[:4])) == before[:4]
    assert told(store)[:1] == before[4:]
    last = msgspec.json.decode(told(store)[-1])
    assert (last["kind"], last["details"]["size"]) == (LET_GO, 4)
    judged(store)


async def test_the_next_part_begins_where_the_last_one_ended(store: Store) -> None:
    for day in range(4):
        seal(store, day, day)
    await drop(store, 0.5, today=3)
    before = told(store)

    gone = await drop(store, 2.5)

    assert (gone.first, gone.end.size) == (2, 3)
    assert list(verified(gone, TRUST, before[:2])) == before[:2]
    judged(store)


def test_what_is_not_old_enough_stays() -> None:
    memory = StoreInMemory(CLUSTER)
    seal(memory, 0, 1)
    assert part(memory, 99) is None  # the day has not ended
    seal(memory, 1, 2)

    assert part(memory, 0) is None
    assert part(memory, 0.001) is not None


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t[1:], lambda t: [*t, t[0]]])
def test_lines_that_are_not_the_part_are_refused(spoil: object) -> None:
    memory = StoreInMemory(CLUSTER)
    seal(memory, 0, 1, 2, 3)
    seal(memory, 1, 4)
    gone = part(memory, 0.5)
    assert gone is not None
    assert callable(spoil)

    with pytest.raises(BadRecord, match="not let go"):
        list(verified(gone, TRUST, spoil(told(memory)[:3])))


async def test_a_key_that_was_revoked_before_is_known_as_such_afterwards(store: Store) -> None:
    seal(store, 0, 1)
    both = sealer_of_day(store, 1, "audit", "next")
    await orders.rotate(both, Purpose.AUDIT, a_key("next").public, "ada")
    await orders.revoke(both, Purpose.AUDIT, a_key().public.id, "lost", "ada")
    seal(store, 2, 2, key="next")
    gone = part(store, 1.5)
    assert gone is not None
    await let_go(sealer_of_day(store, 9, "next"), gone, "ada")

    with store.reading() as tx:
        assert [each.seq for each in tx.records.of_kind(REVOKED)] == [3]
        judge(keys("audit", "next"), check)(tx.records)
    with pytest.raises(BadRecord):
        await orders.rotate(sealer_of_day(store, 10, "next"), Purpose.AUDIT, a_key().public, "ada")


async def test_no_part_ends_with_what_a_revoked_key_has_signed() -> None:
    memory = StoreInMemory(CLUSTER)
    seal(memory, 0, 1)
    seal(memory, 1, 2)
    both = sealer_of_day(memory, 1, "audit", "next")
    await orders.rotate(both, Purpose.AUDIT, a_key("next").public, "ada")
    await orders.revoke(both, Purpose.AUDIT, a_key().public.id, "lost", "ada")

    assert part(memory, 9) is None


def test_whoever_submits_cannot_say_that_something_was_let_go() -> None:
    memory = StoreInMemory(CLUSTER)
    submit(memory, a_draft(1, kind=LET_GO, size=7))
    sealer_of_day(memory, 0).batch()

    assert msgspec.json.decode(told(memory)[0])["kind"] == NOT_SEALED


def test_what_is_gone_and_nobody_let_go_is_found() -> None:
    memory = StoreInMemory(CLUSTER)
    seal(memory, 0, 1, 2)
    seal(memory, 1, 3)
    with memory.transaction() as tx:  # by whoever can write the database, and has no key
        tx.records.let_go(2, keeping=())

    with pytest.raises(BadRecord, match="no entry says who let them go"):
        judged(memory)


async def test_a_part_is_let_go_by_one_of_two_who_try() -> None:
    memory = StoreInMemory(CLUSTER)
    seal(memory, 0, 1)
    seal(memory, 1, 2)
    gone = await drop(memory, 0.5)

    with pytest.raises(StoreRefused, match="No segment of the chain ends at entry 1"):
        await let_go(sealer_of_day(memory, 31), gone, "bob")

    judged(memory)

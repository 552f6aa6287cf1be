"""One sealer, no gap, and nothing that whoever submits could order or hold up."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import text

from holdfast.adapters.engine.rows import of
from holdfast.adapters.signers.ed25519 import KeyInMemory
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import BadRecord, CannotSign, HoldfastError, WrongStore
from holdfast.model.canonical import Plain
from holdfast.model.entries import RESTORED, REVOKED, ROTATED, Draft, PublicKey, Segment
from holdfast.model.times import stamp
from holdfast.ports import Clock, Signer, Store
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.sealing import CALM, NOT_SEALED, Sealer, calm_after, seal_on, sealed
from tests.adapters.stores.test_upkeep import SWALLOWS
from tests.audit.chains import CLUSTER, SIGNED, a_chain, a_draft, a_key, checkpoints, verified


class Keys:
    """A keyring of these."""

    def __init__(self, *names: str) -> None:
        self._keys = {key.public.id: key for key in map(a_key, names)}

    def signer(self, id: str = "") -> Signer:  # noqa: A002 - the word of the port
        key = self._keys.get(id) or (None if id else next(iter(self._keys.values()), None))
        if key is None:
            raise CannotSign(f"no key {id}", remedy="Bring it.")
        return key


class Counted:
    """Dice that show what is next."""

    def __init__(self) -> None:
        self._rolled = 0

    def roll(self, count: int) -> bytes:
        self._rolled += 1
        return self._rolled.to_bytes(count)


def a_sealer(store: Store, *names: str, clock: Clock | None = None) -> Sealer:
    return Sealer(
        store=store,
        keys=Keys(*(names or ("audit",))),
        clock=clock or FrozenClock(),
        dice=Counted(),
    )


@pytest.fixture
def memory() -> StoreInMemory:
    return StoreInMemory(CLUSTER)


def submit(store: Store, *drafts: Draft) -> None:
    with store.transaction() as tx:
        for draft in drafts:
            tx.records.submit(draft)


def told(store: Store) -> list[bytes]:
    with store.reading() as tx:
        return list(tx.records.lines())


def order(sealer: Sealer, draft: Draft, epoch: int | None = None) -> None:
    with sealer.store.transaction() as tx:
        assert tx.records.sole_sealer()
        sealer.order(tx.records, draft, epoch=epoch)


def a_rotation(to: KeyInMemory) -> Draft:
    return Draft(id="ent_rotated", kind=ROTATED, actor="ada", details={"to": to.public.id})


def keys(*names: str) -> list[PublicKey]:
    return [a_key(name).public for name in names]


def test_seals_what_waits_in_its_order(store: Store) -> None:
    submit(store, *(a_draft(n) for n in (1, 2, 3)))

    assert a_sealer(store).batch() == 3
    assert a_sealer(store).batch() == 0

    outcome = verified(told(store), cluster=CLUSTER)
    assert (outcome.entries, outcome.broken) == (3, None)
    with store.reading() as tx:
        assert outcome.state == tx.records.tip()
        assert [tx.records.entry(a_draft(n).id) is not None for n in (1, 2, 3, 4)] == [
            *(True, True, True),
            False,
        ]


def test_goes_on_where_another_sealer_ended(store: Store) -> None:
    submit(store, a_draft(1))
    a_sealer(store).batch()
    submit(store, a_draft(2))

    a_sealer(store).batch()

    outcome = verified(told(store))
    assert (outcome.entries, outcome.broken) == (2, None)


def test_a_clock_that_goes_back_takes_no_entry_back(memory: StoreInMemory) -> None:
    submit(memory, a_draft(1))
    a_sealer(memory, clock=FrozenClock(NOON)).batch()
    submit(memory, a_draft(2))

    a_sealer(memory, clock=FrozenClock(NOON.replace(hour=3))).batch()

    assert verified(told(memory)).broken is None
    assert msgspec.json.decode(told(memory)[1])["time"] == stamp(NOON)


def test_without_the_key_whose_turn_it_is_nothing_is_sealed(memory: StoreInMemory) -> None:
    submit(memory, a_draft(1))
    a_sealer(memory).batch()
    submit(memory, a_draft(2))

    with pytest.raises(CannotSign):
        a_sealer(memory, "another").batch()

    assert len(told(memory)) == 1
    with memory.reading() as tx:
        assert [a_draft(2)] == list(tx.records.waiting(9))


@pytest.mark.parametrize("kind", [ROTATED, REVOKED, RESTORED])
def test_whoever_submits_cannot_order_a_change_of_keys(memory: StoreInMemory, kind: str) -> None:
    evil = a_key("evil").public.id
    submit(memory, a_draft(1), a_draft(2, kind=kind, to=evil, key=evil), a_draft(3))

    a_sealer(memory).batch()

    outcome = verified(told(memory))
    assert (outcome.entries, outcome.broken) == (3, None)
    assert outcome.revoked == ()
    with memory.reading() as tx:
        refused = tx.records.entry(a_draft(2).id)
    assert refused is not None
    assert (refused.kind, refused.details["kind"]) == (NOT_SEALED, kind)


def test_an_ordered_rotation_gives_the_turn_to_the_other_key(store: Store) -> None:
    sealer = a_sealer(store, "audit", "next")
    submit(store, a_draft(1))
    order(sealer, a_rotation(a_key("next")))
    sealer.batch()
    revocation = Draft(id="e2", kind=REVOKED, actor="ada", details={"key": a_key().public.id})
    order(sealer, revocation)

    outcome = verified(told(store), keys=keys("audit", "next"))

    assert outcome.broken is None
    assert outcome.keys == (a_key().public.id, a_key("next").public.id)
    assert outcome.revoked == (a_key().public.id,)
    with store.reading() as tx:
        assert outcome.state == tx.records.tip()


@pytest.mark.parametrize(
    "nonsense",
    [
        Draft(id="e", kind=ROTATED, actor="ada", details={"to": "rubbish"}),
        Draft(id="e", kind=ROTATED, actor="ada", details={"to": a_key().public.id}),
        Draft(id="e", kind=REVOKED, actor="ada", details={"key": a_key().public.id}),
        Draft(id="e", kind=REVOKED, actor="ada"),
        Draft(id="e", kind=RESTORED, actor="ada", details={}),
    ],
    ids=["no key", "itself", "revokes itself", "revokes nothing", "gives up nothing"],
)
def test_an_order_that_would_break_the_chain_is_refused(
    memory: StoreInMemory, nonsense: Draft
) -> None:
    submit(memory, a_draft(1))
    a_sealer(memory).batch()

    with pytest.raises(BadRecord):
        order(a_sealer(memory), nonsense)

    assert len(told(memory)) == 1


def test_a_restore_begins_an_epoch_under_any_key(memory: StoreInMemory) -> None:
    submit(memory, a_draft(1))
    a_sealer(memory).batch()
    gave_up = {"abandoned_epoch": 2, "abandoned_size": 40}
    restored = Draft(id="e", kind=RESTORED, actor="ada", details=gave_up)

    order(a_sealer(memory, "next"), restored, epoch=3)

    outcome = verified(told(memory), keys=keys("audit", "next"))
    assert outcome.broken is None
    assert [each.epoch for each in outcome.restores] == [3]


@pytest.mark.parametrize("there", [1, 3])
def test_onto_a_chain_that_does_not_end_at_its_tip_nothing_is_sealed(
    store: Store, there: int
) -> None:
    entries = a_chain(3)
    with store.transaction() as tx:
        tx.records.seal(entries[:there], checkpoints(entries)[1])
    submit(store, a_draft(9))
    sealer = a_sealer(store)

    with pytest.raises(WrongStore, match="should end with entry 2"):
        sealer.batch()
    with pytest.raises(WrongStore):
        sealer.record([a_draft(10)])
    with pytest.raises(WrongStore):
        order(sealer, a_rotation(a_key("next")))

    assert len(told(store)) == there


@pytest.mark.parametrize("left", [0, 1])
def test_onto_an_older_copy_of_the_chain_that_it_sealed_nothing_is_sealed(
    sql_store: SqlStore, left: int
) -> None:
    """Whoever has the database puts back all of it, the tip too, while the sealer lives."""
    entries, older = a_chain(1), checkpoints(a_chain(1))[0]
    sealer = a_sealer(sql_store)
    with sql_store.transaction() as tx:
        tx.records.seal(entries, older)
    submit(sql_store, a_draft(2))
    assert sealer.batch() == 1

    with sql_store.transaction() as tx:
        for table in ("hf_entries", "hf_tips", "hf_segments"):
            of(tx).execute(text(f"DELETE FROM {table}"))  # noqa: S608
        if left:
            tx.records.seal(entries, older)
    submit(sql_store, a_draft(2))

    with pytest.raises(WrongStore, match="does not hold entry 2 any more"):
        sealer.batch()
    assert len(told(sql_store)) == left
    assert a_sealer(sql_store).batch() == 1  # who has not seen it knows of it by anchors alone


def test_a_sealer_goes_on_where_what_it_saw_last_was_let_go(sql_store: SqlStore) -> None:
    entries, states = a_chain(2), checkpoints(a_chain(2))
    sealer = a_sealer(sql_store)
    with sql_store.transaction() as tx:
        tx.records.seal(entries, states[1])
    sealer.known.tip = states[0]
    with sql_store.transaction() as tx:
        tx.records.close(Segment(size=1, time=states[0].time, note=b"note"))
        tx.records.let_go(1, ())
    submit(sql_store, a_draft(3))

    assert sealer.batch() == 1


def test_where_somebody_has_planted_a_trigger_nothing_is_sealed(sql_store: SqlStore) -> None:
    submit(sql_store, a_draft(9))
    sealer = a_sealer(sql_store)
    with sql_store.transaction() as tx:
        for statement in SWALLOWS[of(tx).dialect.name]:
            of(tx).execute(text(statement))

    with pytest.raises(WrongStore, match="the trigger swallow of hf_drafts"):
        sealer.batch()
    with pytest.raises(WrongStore, match="the trigger swallow of hf_drafts"):
        sealer.record([a_draft(10)])

    assert not told(sql_store)


async def test_who_seals_ends_where_somebody_plants_a_trigger_that_leaves_nothing_to_seal(
    sql_store: SqlStore,
) -> None:
    with sql_store.transaction() as tx:
        for statement in SWALLOWS[of(tx).dialect.name]:
            of(tx).execute(text(statement))
    with contextlib.suppress(WrongStore):  # which PostgreSQL says, since it counts no row
        submit(sql_store, a_draft(9, kind="rejection"))

    with pytest.raises(WrongStore, match="the trigger swallow of hf_drafts"):
        await seal_on(a_sealer(sql_store), asyncio.Event(), lambda trouble: None)


async def test_who_seals_ends_where_the_chain_lost_its_end(memory: StoreInMemory) -> None:
    with memory.transaction() as tx:
        tx.records.seal(a_chain(1), checkpoints(a_chain(2))[1])
    submit(memory, a_draft(9))

    with pytest.raises(WrongStore):
        await seal_on(a_sealer(memory), asyncio.Event(), lambda trouble: None)


@pytest.mark.parametrize("kind", ["approval", "rejection", "undo", "thawed"])
@pytest.mark.parametrize(
    "details",
    [
        {},
        {"proof": "server"},
        {"proof": "oidc", "statement": "{}"},
        {"signature": "x"},
        {"statement": "", "signature": ""},
        {"statement": ["{}"], "signature": "x"},
    ],
)
def test_a_persons_word_that_nobody_signed_is_not_sealed_as_that(
    memory: StoreInMemory, kind: str, details: dict[str, Plain]
) -> None:
    forged = Draft(id="forged", kind=kind, actor="ben", subjects=("prp_1",), details=details)
    submit(memory, forged, a_draft(1))

    assert 2 == a_sealer(memory).batch()
    with memory.reading() as tx:
        entry = tx.records.entry("forged")
    assert entry is not None
    assert (NOT_SEALED, "keeper", ()) == (entry.kind, entry.actor, entry.subjects)
    because = "it is said to be by ben, and nobody has signed it"
    assert {"kind": kind, "because": because} == entry.details


def test_a_persons_word_with_a_signature_is_sealed_whoever_made_it(memory: StoreInMemory) -> None:
    """Who that was is for those to say who have the people file."""
    submit(memory, Draft(id="yes", kind="approval", actor="ben", details=SIGNED))

    a_sealer(memory).batch()

    with memory.reading() as tx:
        entry = tx.records.entry("yes")
    assert entry is not None
    assert ("approval", "ben", SIGNED) == (entry.kind, entry.actor, entry.details)


async def test_who_waits_hears_when_it_is_sealed(store: Store) -> None:
    ended = asyncio.Event()
    sealing = asyncio.create_task(seal_on(a_sealer(store), ended, _fails))
    submit(store, a_draft(1), a_draft(2, kind=ROTATED))

    async with asyncio.timeout(60):
        entry = await sealed(store, a_draft(1).id)
        with pytest.raises(BadRecord) as refused:
            await sealed(store, a_draft(2).id)

    assert (entry.seq, entry.details) == (1, dict(a_draft(1).details))
    assert "ordered by a person" in refused.value.wrong
    ended.set()
    await sealing


async def test_trouble_with_the_key_is_said_and_outlived(memory: StoreInMemory) -> None:
    submit(memory, a_draft(1))
    heard: list[HoldfastError] = []
    ended = asyncio.Event()

    def hear(trouble: HoldfastError) -> None:
        heard.append(trouble)
        ended.set()

    await seal_on(a_sealer_without_keys(memory), ended, hear)

    assert [CannotSign] == [type(each) for each in heard]


def a_sealer_without_keys(store: Store) -> Sealer:
    class Empty:
        def signer(self, id: str = "") -> Signer:  # noqa: A002 - the word of the port
            raise CannotSign("There is no key.", remedy="Make one.")

    return Sealer(store=store, keys=Empty(), clock=FrozenClock(), dice=Counted())


_fails: Callable[[HoldfastError], None] = pytest.fail  # type: ignore[assignment]


def test_a_sealer_that_has_nothing_to_do_looks_ten_times_a_second_and_no_more() -> None:
    first = [*itertools.takewhile(lambda pace: pace < CALM, map(calm_after, itertools.count()))]

    assert sum(first) == pytest.approx(1, abs=0.05)
    assert first == sorted(first)
    assert {0.1} == {calm_after(looks) for looks in range(len(first), 1000)}

"""Changes of keys and accepted restores: sealed at once, and never such that the chain breaks."""

from collections.abc import Sequence

import msgspec
import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.errors import BadRecord, WrongStore
from holdfast.model.entries import RESTORED, Checkpoint
from holdfast.model.keys import Purpose
from holdfast.ports import Store
from holdfast.workflow.judging import judge
from holdfast.workflow.orders import accept_restore, require_anchored, revoke, rotate
from holdfast.workflow.voiding import VOIDED
from tests.audit.chains import a_chain, a_draft, a_key, checkpoints, verified
from tests.contracts.test_store import a_letter, seal
from tests.workflow.test_sealing import a_sealer, keys, submit, told


def refused(store: Store, anchors: Sequence[Checkpoint]) -> str:
    with store.reading() as tx, pytest.raises(WrongStore) as said:
        require_anchored(tx.records, anchors)
    assert said.value.remedy
    return said.value.wrong


def anchored(store: Store, anchors: Sequence[Checkpoint]) -> bool:
    with store.reading() as tx:
        require_anchored(tx.records, anchors)
    return True


async def test_a_rotation_and_a_revocation_are_entries_and_the_chain_goes_on(store: Store) -> None:
    sealer = a_sealer(store, "audit", "next")
    submit(store, a_draft(1))
    sealer.batch()

    await rotate(sealer, Purpose.AUDIT, a_key("next").public, "ada")
    entry = await revoke(sealer, Purpose.AUDIT, a_key().public.id, "its laptop is lost", "ada")
    submit(store, a_draft(2))
    sealer.batch()

    outcome = verified(told(store), keys=keys("audit", "next"))
    assert (outcome.broken, outcome.entries) == (None, 4)
    assert outcome.revoked == (a_key().public.id,)
    assert (entry.actor, entry.details["reason"]) == ("ada", "its laptop is lost")


async def test_a_key_that_was_revoked_gets_no_turn(store: Store) -> None:
    sealer = a_sealer(store, "audit", "next")
    submit(store, a_draft(1))
    sealer.batch()
    await rotate(sealer, Purpose.AUDIT, a_key("next").public, "ada")
    await revoke(sealer, Purpose.AUDIT, a_key().public.id, "lost", "ada")

    with pytest.raises(BadRecord):
        await rotate(sealer, Purpose.AUDIT, a_key().public, "ada")


async def test_a_change_of_ticket_keys_changes_no_turn(store: Store) -> None:
    sealer = a_sealer(store)

    rotated = await rotate(sealer, Purpose.TICKETS, a_key("tickets").public, "ada")
    await revoke(sealer, Purpose.TICKETS, a_key("old").public.id, "lost", "ada")

    outcome = verified(told(store))
    assert (outcome.broken, outcome.revoked) == (None, ())
    assert rotated.kind == "ticket_key_rotated"


def test_a_chain_that_has_grown_since_its_anchors_is_fine(store: Store) -> None:
    entries = a_chain(5)
    states = checkpoints(entries)
    assert anchored(store, [])

    seal(store, entries)

    assert anchored(store, [])
    assert anchored(store, [states[4]])
    assert anchored(store, [states[1], states[3]])


def test_a_chain_that_is_shorter_than_an_anchor_is_refused(store: Store) -> None:
    entries = a_chain(5)
    states = checkpoints(entries)

    assert "has 0 entries, and an anchor knows 5" in refused(store, [states[4]])
    seal(store, entries[:3])

    assert "has 3 entries, and an anchor knows 5" in refused(store, [states[0], states[4]])


def test_a_chain_that_is_not_the_anchors_is_refused(store: Store) -> None:
    seal(store, a_chain(5))
    other = checkpoints(a_chain(5, first=11))[3]

    assert "not the one that an anchor knows" in refused(store, [other])
    strange = msgspec.structs.replace(other, chain="chn_other")
    assert "is of the chain chn_other" in refused(store, [strange])


def test_a_chain_that_does_not_end_at_its_tip_is_refused(store: Store) -> None:
    entries = a_chain(3)
    with store.transaction() as tx:
        tx.records.seal(entries[:2], checkpoints(entries)[2])

    told = "should end with entry 3, and the last that is there is entry 2"
    assert told in refused(store, [])
    assert told in refused(store, [checkpoints(entries)[0]])


def test_a_chain_whose_last_entry_is_another_is_refused(store: Store) -> None:
    with store.transaction() as tx:
        tx.records.seal(a_chain(3), checkpoints(a_chain(3, first=11))[2])

    assert "the last that is there is another one" in refused(store, [])


async def test_an_accepted_restore_begins_an_epoch_and_voids_what_waited(store: Store) -> None:
    entries = a_chain(5)
    lost = checkpoints(entries)[4]
    seal(store, entries[:3])
    with store.transaction() as tx:
        tx.letters.put(a_letter(1))
        tx.letters.put(a_letter(2))

    entry = await accept_restore(a_sealer(store), [lost], "the disk died", "ada")

    assert (entry.kind, entry.epoch, entry.seq) == (RESTORED, 1, 4)
    expected = {"abandoned_epoch": 0, "abandoned_size": 5, "reason": "the disk died"}
    assert entry.details == expected
    assert anchored(store, [lost])
    assert verified(told(store), anchors=[lost]).broken is None
    with store.transaction() as tx:
        assert not tx.letters.waiting(9)
        assert not tx.letters.answer("ltr_1", "issued")
        assert tx.letters.outcome("ltr_2") == VOIDED


async def test_a_restore_that_lost_nothing_is_not_accepted(store: Store) -> None:
    entries = a_chain(3)
    seal(store, entries)

    with pytest.raises(BadRecord):
        await accept_restore(a_sealer(store), [checkpoints(entries)[2]], "why not", "ada")

    assert len(told(store)) == 3


async def test_without_any_anchor_a_person_knows_best(store: Store) -> None:
    seal(store, a_chain(3))

    entry = await accept_restore(a_sealer(store), [], "restored, and no anchor was kept", "ada")

    assert (entry.epoch, entry.details["abandoned_size"]) == (1, 3)
    assert verified(told(store)).broken is None


async def test_a_second_restore_gives_up_what_the_first_had(store: Store) -> None:
    lost = checkpoints(a_chain(5))[4]
    seal(store, a_chain(3))
    sealer = a_sealer(store)
    await accept_restore(sealer, [lost], "once", "ada")
    again = msgspec.structs.replace(lost, epoch=1, size=9)
    assert "epoch 1" in refused(store, [again])

    entry = await accept_restore(sealer, [lost, again], "twice", "ada")

    assert entry.epoch == 2
    assert anchored(store, [lost, again])


def test_a_record_that_does_not_verify_is_judged_so(store: Store) -> None:
    seal(store, a_chain(3))

    with store.reading() as tx:
        judge([a_key().public], check)(tx.records)
        with pytest.raises(BadRecord) as said:
            judge([a_key("another").public], check)(tx.records)

    assert "does not verify from entry 1 on" in said.value.wrong


def test_a_record_that_does_not_end_at_its_tip_is_judged_so(store: Store) -> None:
    entries = a_chain(3)
    with store.transaction() as tx:
        tx.records.seal(entries, msgspec.structs.replace(checkpoints(entries)[2], head="0" * 64))

    with store.reading() as tx, pytest.raises(BadRecord):
        judge([a_key().public], check)(tx.records)

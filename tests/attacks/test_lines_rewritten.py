"""The lines of the chain itself written over, in both sorts of database: nothing that was sealed of
a proposal can be left out or told otherwise.
"""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import Connection, text

from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.stores.store import SqlStore
from holdfast.audit import chain
from holdfast.audit.checkpoints import body, note
from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord
from holdfast.model.entries import REVOKED, ROTATED, Draft, Segment
from holdfast.model.ids import new_id
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.workflow.in_the_chain import entries_of
from tests.audit.chains import SIGNED, a_key, at_the_end
from tests.workflow.test_sealing import a_sealer, order

pytestmark = pytest.mark.slow
BEFORE, PACE = 40, timedelta(minutes=4)
PROPOSED = BEFORE + 1
KINDS = ("proposal", "approval", "rejection")


@pytest.fixture
def id_(sql_store: SqlStore) -> str:
    """A proposal, sealed at noon and rejected; before it, some hours of other things."""
    clock = FrozenClock(NOON - BEFORE * PACE)
    sealer = a_sealer(sql_store, clock=clock)
    for number in range(BEFORE):
        sealer.record([Draft(id=f"before {number}", kind="remark", actor="cli")])
        clock.advance(PACE)
    made = new_id("prp", clock.now(), bytes(10))
    for kind in KINDS:
        told = SIGNED if kind != "proposal" else {}
        sealer.record([Draft(id=kind, kind=kind, actor="keeper", subjects=(made,), details=told)])
        sealer.record([Draft(id=f"after {kind}", kind="remark", actor="cli")])
        clock.advance(PACE)
    return made


def told(store: SqlStore, id_: str, *names: str) -> list[str]:
    keys = [a_key(each).public for each in (names or ("audit",))]
    with store.reading() as tx:
        return [each.kind for each in entries_of(tx.records, id_, keys, check)]


def sql(store: SqlStore, *statements: str) -> None:
    with store.transaction() as tx:
        assert isinstance(tx.native, Connection)
        for each in statements:
            tx.native.execute(text(each), PLACES)


def test_all_that_was_sealed_of_it_is_told(sql_store: SqlStore, id_: str) -> None:
    assert [*KINDS] == told(sql_store, id_)
    assert told(sql_store, new_id("prp", NOON, b"0123456789")) == []


REJECTED = BEFORE + 5
PLACES = {"proposed": PROPOSED, "rejected": REJECTED, "approved": REJECTED - 1}
LINE = "UPDATE hf_entries SET line = "
CHANGES = {
    "the rejection is gone": "DELETE FROM hf_entries WHERE seq = :rejected",
    "and the one before it": "DELETE FROM hf_entries WHERE seq IN (:rejected, :approved)",
    "it is of another kind": LINE
    + """replace(line, '"kind":"rejection"', '"kind":"remark"') WHERE seq = :rejected""",
    "it is of another proposal": LINE + """replace(line, '"prp_', '"pr0_') WHERE seq = :rejected""",
    "another line stands in its place": "UPDATE hf_entries SET line = "
    "(SELECT line FROM hf_entries WHERE seq = :approved) WHERE seq = :rejected",
    "what was proposed is gone": "DELETE FROM hf_entries WHERE seq <= :proposed",
    "all is said to be older": LINE
    + """replace(line, '"time":"2026', '"time":"2025') WHERE seq <= :rejected""",
    "all is said to be let go": "INSERT INTO hf_segments (cluster_uid, size, time, note, let_go) "
    "SELECT cluster_uid, :proposed, 'x', 'x', 1 FROM hf_tips",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_line_that_was_written_over_is_noticed(
    sql_store: SqlStore, id_: str, change: str
) -> None:
    sql(sql_store, change)
    with pytest.raises(BadRecord, match=r"Entry \d+ of the record is not|checkpoint"):
        told(sql_store, id_)


def test_one_that_a_stranger_signed_is_noticed(sql_store: SqlStore, id_: str) -> None:
    with sql_store.reading() as tx, pytest.raises(BadRecord, match="which is not known here"):
        entries_of(tx.records, id_, [a_key("mallory").public], check)


@pytest.mark.parametrize(
    ("size", "whole"), [(10, True), (BEFORE - 20, True), (BEFORE, False), (PROPOSED, False)]
)
def test_what_was_let_go_before_it_matters_only_if_it_may_be_of_it(
    sql_store: SqlStore, id_: str, size: int, *, whole: bool
) -> None:
    """By the signed checkpoint at its end, and not by what the row says of that."""
    let_go(sql_store, size)
    if whole:
        assert [*KINDS] == told(sql_store, id_)
        return
    with pytest.raises(BadRecord, match="is not here any more"):
        told(sql_store, id_)


def revoke(store: SqlStore, *, early: bool = False) -> None:
    """The first key is in other hands: the next one signs from now on, and says so."""
    clock = FrozenClock(NOON - (BEFORE + 9) * PACE if early else NOON + 9 * PACE)
    sealer = a_sealer(store, "audit", "next", clock=clock)
    old, new = a_key().public.id, a_key("next").public.id
    order(sealer, Draft(id="rotated", kind=ROTATED, actor="cli", details={"to": new}))
    order(sealer, Draft(id="revoked", kind=REVOKED, actor="cli", details={"key": old}))


THAW = Draft(id="forged", kind="thawed", actor="keeper", details={"switch": "freeze"})
WAS_REVOKED = "which was revoked before"


def test_what_a_key_sealed_before_it_was_revoked_counts(sql_store: SqlStore, id_: str) -> None:
    revoke(sql_store)
    assert [*KINDS] == told(sql_store, id_, "audit", "next")


def test_what_a_revoked_key_seals_does_not_count(sql_store: SqlStore, id_: str) -> None:
    revoke(sql_store)
    at_the_end(sql_store, a_key(), THAW)
    with pytest.raises(BadRecord, match=WAS_REVOKED):
        told(sql_store, id_, "audit", "next")


def test_nor_where_a_key_of_ours_has_signed_what_comes_after(sql_store: SqlStore, id_: str) -> None:
    revoke(sql_store)
    at_the_end(sql_store, a_key(), THAW)
    at_the_end(sql_store, a_key("next"), Draft(id="after", kind="remark", actor="cli"))
    with pytest.raises(BadRecord, match=WAS_REVOKED):
        told(sql_store, id_, "audit", "next")


def test_nor_where_it_was_revoked_long_before_the_proposal(sql_store: SqlStore) -> None:
    clock = FrozenClock(NOON - BEFORE * PACE)
    a_sealer(sql_store, clock=clock).record([Draft(id="begin", kind="remark", actor="cli")])
    revoke(sql_store, early=True)
    sealer = a_sealer(sql_store, "next", clock=clock)
    for number in range(BEFORE):
        clock.advance(PACE)
        sealer.record([Draft(id=f"before {number}", kind="remark", actor="cli")])
    made = new_id("prp", clock.now(), bytes(10))
    sealer.record([Draft(id="p", kind="proposal", actor="keeper", subjects=(made,))])
    assert ["proposal"] == told(sql_store, made, "audit", "next")
    at_the_end(sql_store, a_key(), THAW)
    with pytest.raises(BadRecord, match=WAS_REVOKED):
        told(sql_store, made, "audit", "next")


def test_what_a_revoked_key_says_was_let_go_is_not_believed(sql_store: SqlStore, id_: str) -> None:
    revoke(sql_store)
    with sql_store.reading() as tx:
        last = tx.records.last()
    assert last is not None
    let_go(sql_store, last.seq, REVOKED)
    with pytest.raises(BadRecord, match=WAS_REVOKED):
        told(sql_store, id_, "audit", "next")


def test_a_revocation_whose_row_says_that_it_is_none_holds(sql_store: SqlStore, id_: str) -> None:
    revoke(sql_store)
    at_the_end(sql_store, a_key(), THAW)
    sql(sql_store, "UPDATE hf_entries SET kind = 'remark' WHERE kind = 'key_revoked'")
    with pytest.raises(BadRecord, match=WAS_REVOKED):
        told(sql_store, id_, "audit", "next")


def test_a_revocation_that_was_written_over_is_noticed(sql_store: SqlStore, id_: str) -> None:
    revoke(sql_store)
    at_the_end(sql_store, a_key(), THAW)
    other = LINE + """replace(line, '"key":"', '"key":"0') WHERE kind = 'key_revoked'"""
    sql(sql_store, other)
    with pytest.raises(BadRecord):
        told(sql_store, id_, "audit", "next")


def let_go(store: SqlStore, size: int, *keeping: str) -> None:
    key, tree = a_key(), Tree()
    with store.transaction() as tx:
        entries = [chain.parse(line) for line in tx.records.lines()][:size]
        for each in entries:
            tree.append(bytes.fromhex(each.hash))
        started = chain.started(entries[0].chain, entries[0].cluster)
        state = chain.state_of(chain.after(started, entries[-1]), tree)
        state = msgspec.structs.replace(state, key=key.public.id)
        signed = note(state, key.public, key.sign(body(state)))
        tx.records.close(Segment(size=size, time="2000-01-01T00:00:00.000Z", note=signed))
        tx.records.let_go(size, keeping)

"""The lines of the chain itself written over, in both sorts of database: nothing that was sealed of
a proposal can be left out or told otherwise.
"""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.stores.store import SqlStore
from holdfast.audit import chain
from holdfast.audit.checkpoints import body, note
from holdfast.audit.merkle import Tree
from holdfast.errors import BadRecord
from holdfast.model.entries import Draft, Segment
from holdfast.model.ids import new_id
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.workflow.in_the_chain import entries_of
from tests.audit.chains import a_key
from tests.workflow.test_sealing import a_sealer

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
        sealer.record([Draft(id=kind, kind=kind, actor="keeper", subjects=(made,))])
        sealer.record([Draft(id=f"after {kind}", kind="remark", actor="cli")])
        clock.advance(PACE)
    return made


def told(store: SqlStore, id_: str) -> list[str]:
    with store.reading() as tx:
        return [each.kind for each in entries_of(tx.records, id_, [a_key().public], check)]


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


def let_go(store: SqlStore, size: int) -> None:
    key, tree = a_key(), Tree()
    with store.transaction() as tx:
        entries = [chain.parse(line) for line in tx.records.lines()][:size]
        for each in entries:
            tree.append(bytes.fromhex(each.hash))
        started = chain.started(entries[0].chain, entries[0].cluster)
        state = chain.state_of(chain.after(started, entries[-1]), tree)
        signed = note(state, key.public, key.sign(body(state)))
        tx.records.close(Segment(size=size, time="2000-01-01T00:00:00.000Z", note=signed))
        tx.records.let_go(size, ())

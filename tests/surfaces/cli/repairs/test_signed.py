"""What is shown to be signed is what the record says, in entries that the audit key has signed."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from holdfast.approvals.statements import Decision
from holdfast.errors import BadRecord
from holdfast.model.access import Process
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.surfaces.cli.repairs.finding import found, found_in, require_signed
from holdfast.wiring.footing import ground
from tests.audit.chains import SIGNED
from tests.surfaces.cli.repairs.scripted import as_proposed
from tools.proposals import RESTART, a_case


def record(*drafts: Draft) -> None:
    ours = ground(None, Process.KEEPER)
    with ours.store() as store:
        ours.sealer(store, None).record(drafts)


@pytest.fixture
def proposed(installed: Path) -> Path:
    """One is open, and sealed."""
    with ground(None, Process.KEEPER).store() as store, store.transaction() as tx:
        assert tx.cases.put(a_case())
    record(as_proposed(RESTART), Draft(id="ent_2", kind="remark", actor="cli"))
    return installed


def over(decision: Decision = Decision.APPROVE) -> str:
    ours = ground(None)
    with ours.store() as store:
        with store.reading() as tx:
            told = found_in(tx, store.cluster, RESTART.id)
        return require_signed(ours, store, told, decision)


def sql(home: Path, statement: str) -> None:
    raw = sqlite3.connect(home / "holdfast.db", isolation_level=None)
    raw.execute(statement)
    raw.close()


def test_what_the_record_says_may_be_signed(proposed: Path) -> None:
    assert not over()


def test_an_entry_that_was_edited_is_no_proof_of_anything(proposed: Path) -> None:
    """Each field of it says what the row says: hash and signature tell that it was not so."""
    sql(proposed, "UPDATE hf_entries SET line = replace(line, 'keeper', 'sealer') WHERE seq = 1")
    with pytest.raises(BadRecord, match="Entry 1 of the record is not what was sealed"):
        over()


def test_a_proposal_without_an_entry_is_not_signed(installed: Path) -> None:
    with ground(None, Process.KEEPER).store() as store, store.transaction() as tx:
        assert tx.cases.put(a_case())
    with pytest.raises(BadRecord, match="The record does not say that"):
        over()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "says"), [("rejection", "it was rejected"), ("expired", "its time was over")]
)
def test_what_the_record_says_is_over_is_not_signed(proposed: Path, kind: str, says: str) -> None:
    record(Draft(id="ent_3", kind=kind, actor="ben", subjects=(RESTART.id,), details=SIGNED))
    assert over() == f"the record says that {says}: see its entry 3"
    assert not over(Decision.UNDO)


def test_where_no_audit_key_is_known_that_is_said(
    proposed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(proposed / "keys" / "public")
    assert not over()
    assert "Nobody can tell here who signed the record." in capsys.readouterr().err


def test_an_end_that_was_written_over_in_the_record_as_well_is_not_told(proposed: Path) -> None:
    ill: dict[str, Plain] = {"event": "deadline", "step": 1}
    record(
        Draft(id="ent_3", kind="outcome", actor="keeper", subjects=(RESTART.id,), details=ill),
        Draft(id="ent_4", kind="remark", actor="cli"),
    )
    ours = ground(None)
    sql(proposed, "UPDATE hf_cases SET state = 'not_recovered'")
    with ours.store() as store:
        assert "not_recovered" == found(ours, store, RESTART.id).case.state

    sql(proposed, "UPDATE hf_cases SET state = 'recovered'")
    sql(proposed, "UPDATE hf_entries SET line = replace(line, 'deadline', 'recovered')")
    with (
        ours.store() as store,
        pytest.raises(BadRecord, match="Entry 3 of the record is not what was sealed"),
    ):
        found(ours, store, RESTART.id)

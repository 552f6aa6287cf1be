"""What is said to be recorded is read back out of the sealed chain of a real database."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.errors import BadRecord, NotReady
from holdfast.model.access import Process
from holdfast.model.canonical import Plain
from holdfast.model.entries import Entry
from holdfast.model.handed import FREEZE
from holdfast.model.letters import Letter
from holdfast.surfaces.cli.repairs.recorded import read_back, recorded_as
from holdfast.wiring.footing import ground
from holdfast.workflow.inbox import Inbox

pytestmark = pytest.mark.slow

SWALLOWED = (
    "CREATE TRIGGER planted AFTER INSERT ON hf_drafts WHEN new.kind = 'frozen' "
    "BEGIN DELETE FROM hf_drafts WHERE id = new.id; END"
)
CHANGED = (
    "CREATE TRIGGER planted AFTER INSERT ON hf_drafts WHEN new.kind = 'frozen' "
    "BEGIN UPDATE hf_drafts SET {} WHERE id = new.id; END"
)


def sql(home: Path, *statements: str) -> None:
    raw = sqlite3.connect(home / "holdfast.db", isolation_level=None)
    for statement in statements:
        raw.execute(statement)
    raw.close()


def answered(reason: str = "the network burns") -> tuple[Letter, str]:
    """A freeze that the keeper has answered."""
    ours, clock = ground(None, Process.KEEPER), SystemClock()
    body: dict[str, Plain] = {"reason": reason, "undo_too": False}
    letter = Letter(id=ours.id("ltr"), kind=FREEZE, sender="cli:sam", body=body, at=clock.now())
    with ours.store() as store:
        with store.transaction() as tx:
            tx.letters.put(letter)
        Inbox(store=store, clock=clock, dice=SystemDice()).batch()
        with store.reading() as tx:
            outcome = tx.letters.outcome(letter.id)
    assert outcome is not None
    return letter, outcome


def sealed() -> None:
    ours = ground(None, Process.KEEPER)
    with ours.store() as store:
        ours.sealer(store, None).batch()


def read(letter: Letter, outcome: str) -> Entry:
    ours, wanted = ground(None), recorded_as(letter)
    assert wanted is not None
    with ours.store() as store:
        return asyncio.run(read_back(ours, store, letter, outcome, wanted))


@pytest.mark.parametrize("keys", ["there", "gone"])
def test_a_freeze_that_is_sealed_is_read_back(installed: Path, keys: str) -> None:
    letter, outcome = answered()
    sealed()
    if keys == "gone":
        shutil.rmtree(installed / "keys" / "public")

    assert ("frozen", letter.id) == (
        (entry := read(letter, outcome)).kind,
        entry.details["letter"],
    )


@pytest.mark.slow
def test_a_freeze_that_a_trigger_swallows_is_not_said_to_be_recorded(installed: Path) -> None:
    sql(installed, SWALLOWED)
    letter, outcome = answered()
    sql(installed, "DROP TRIGGER planted")
    sealed()

    with pytest.raises(NotReady, match="nothing of it stood in the record") as said:
        read(letter, outcome)
    assert "holdfast db check" in said.value.remedy


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'remark'",
        "details = replace(details, 'the network burns', 'no reason')",
        "details = replace(details, 'false', 'true')",
        "details = replace(details, 'ltr_', 'ltr_0')",
    ],
)
@pytest.mark.parametrize("keys", ["there", "gone"])
def test_a_freeze_that_a_trigger_has_changed_is_not_said_to_be_recorded(
    installed: Path, change: str, keys: str
) -> None:
    sql(installed, CHANGED.format(change))
    letter, outcome = answered()
    sql(installed, "DROP TRIGGER planted")
    sealed()
    if keys == "gone":
        shutil.rmtree(installed / "keys" / "public")

    with pytest.raises(BadRecord, match="says something else"):
        read(letter, outcome)


def test_an_entry_that_no_key_has_signed_is_no_proof(installed: Path) -> None:
    answered("an earlier one")
    sealed()
    letter, outcome = answered()
    sealed()
    sql(installed, "UPDATE hf_entries SET line = replace(line, 'inbox:cli:sam', 'inbox:cli:kim')")

    with pytest.raises(BadRecord, match="is not what was sealed"):
        read(letter, outcome)


def test_an_older_entry_under_the_id_of_this_one_is_no_proof(installed: Path) -> None:
    answered()
    sealed()
    sql(installed, SWALLOWED)
    letter, outcome = answered()
    sql(
        installed,
        "DROP TRIGGER planted",
        f"UPDATE hf_entries SET id = '{outcome.partition(': ')[2]}'",  # noqa: S608
    )

    with pytest.raises(BadRecord, match="says something else"):
        read(letter, outcome)

"""`holdfast audit retain`: a record of years, of which a file and a checkpoint stay."""

import json
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.audit import merkle
from holdfast.conformance import audit_verifier
from holdfast.model.access import Process
from holdfast.model.keys import Purpose
from holdfast.testing.clock import FrozenClock
from holdfast.wiring.footing import ground
from holdfast.workflow.sealing import Sealer
from tests.audit.chains import a_draft
from tests.surfaces.cli.conftest import Holdfast
from tests.surfaces.cli.test_ground import seal
from tests.workflow.test_sealing import Counted

pytestmark = pytest.mark.slow


@pytest.fixture
def old(installed: Path, tmp_path: Path) -> Path:
    """Three days of a long gone week in the record, and one entry of today; where files go."""
    ours = ground(None, Process.KEEPER)
    long_ago = datetime.now(UTC) - timedelta(days=400)
    with ours.store() as store:
        for day in range(3):
            clock = FrozenClock(long_ago + timedelta(days=day))
            with store.transaction() as tx:
                tx.records.submit(*(a_draft(10 * day + n) for n in range(1, 4)))
            keys = ours.keyring(Purpose.AUDIT)
            Sealer(store=store, keys=keys, clock=clock, dice=Counted()).batch()
    seal(range(90, 91))
    return tmp_path / "retained"


def files(folder: Path) -> list[str]:
    return sorted(each.name.split("-", 1)[-1] for each in folder.iterdir())


def test_what_is_let_go_is_in_a_file_and_the_record_goes_on(
    installed: Path, old: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    said = holdfast("audit", "retain", str(old), "--days", "365")

    assert "Entries 1 to 9 are in" in said
    assert files(old) == ["1-9.jsonl", "1-9.note"]
    assert {each.stat().st_mode & 0o777 for each in old.glob("*.jsonl")} == {0o600}
    whole = holdfast("audit", "verify")
    assert "Entries up to 9 were let go" in whole
    assert "Whole: 2 entries" in whole
    keys = str(installed / "keys" / "public")
    file, note = (str(next(old.glob(f"*.{ending}"))) for ending in ("jsonl", "note"))
    offline = holdfast("audit", "verify", file, "--key", keys, "--anchor", note)
    assert "Anchored up to entry 9: nothing was cut off" in offline
    exported = tmp_path / "e"
    assert "verify it with --from" in holdfast("audit", "export", str(exported))
    rest = ("--key", keys, "--from", f"{exported}.from")
    assert "Whole: 2 entries" in holdfast("audit", "verify", str(exported), *rest)
    stranger = [sys.executable, audit_verifier.__file__, str(exported), *rest]
    assert "Whole" in subprocess.run(stranger, capture_output=True, text=True, check=True).stdout
    assert "No whole day" in holdfast("audit", "retain", str(old), "--days", "365")
    exported.unlink()
    assert "is there already" in holdfast("audit", "export", str(exported), code=2)
    assert not exported.exists()


def test_a_retained_record_is_anchored_proved_backed_up_and_restored(
    installed: Path,
    old: Path,
    holdfast: Holdfast,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holdfast("audit", "anchor")
    holdfast("audit", "retain", str(old), "--days", "365")

    said = json.loads(holdfast("audit", "prove", "10"))
    path = [bytes.fromhex(each) for each in said["path"]]
    leaf, root = bytes.fromhex(said["entry"]["hash"]), bytes.fromhex(said["root"])
    assert merkle.proves_inclusion(9, said["size"], leaf, path, root)
    assert "Entry 3 was let go" in holdfast("audit", "prove", "3", code=2)
    assert "Entry 8 was let go" in holdfast("audit", "prove", "8", "--prefix", code=2)
    assert json.loads(holdfast("audit", "prove", "9", "--prefix"))["of"] == 9
    assert "11 entries" in holdfast("audit", "anchor")
    assert "nothing was cut off" in holdfast("audit", "verify")
    holdfast("db", "check")
    holdfast("db", "backup", str(tmp_path / "b"))
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/restored.db")
    assert "11 entries of the record" in holdfast("db", "restore", str(tmp_path / "b"))
    assert "Entries up to 9 were let go" in holdfast("audit", "verify")


def test_a_file_of_an_attempt_that_was_cut_short_is_verified_and_taken(
    old: Path, holdfast: Holdfast, installed: Path
) -> None:
    shutil.copy(installed / "holdfast.db", installed / "before.db")
    holdfast("audit", "retain", str(old), "--days", "365")
    next(old.glob("*.note")).unlink()
    for each in installed.glob("holdfast.db*"):
        each.unlink()
    (installed / "before.db").rename(installed / "holdfast.db")  # it was killed before it committed

    assert "Entries 1 to 9" in holdfast("audit", "retain", str(old), "--days", "365")

    assert files(old) == ["1-9.jsonl", "1-9.note"]
    assert "Whole: 2 entries" in holdfast("audit", "verify")


def test_nothing_is_let_go_beside_a_file_that_holds_something_else(
    old: Path, holdfast: Holdfast
) -> None:
    ours = ground(None)
    with ours.store() as store, store.reading() as tx:
        tip = tx.records.tip()
    assert tip is not None
    old.mkdir()
    (old / f"{tip.chain}-1-9.jsonl").write_text("mine\n")

    assert "holds something else" in holdfast("audit", "retain", str(old), "--days", "365", code=2)

    assert "Whole: 10 entries" in holdfast("audit", "verify")


def test_nothing_is_let_go_of_a_record_that_was_changed(
    installed: Path, old: Path, holdfast: Holdfast
) -> None:
    with sqlite3.connect(installed / "holdfast.db") as raw:
        raw.execute("UPDATE hf_entries SET line = replace(line, '0000002', '0000007') WHERE seq=2")
    raw.close()

    assert "do not verify" in holdfast("audit", "retain", str(old), "--days", "365", code=2)

    assert not list(old.iterdir())
    with ground(None).store() as store, store.reading() as tx:
        assert len(list(tx.records.lines())) == 10


def test_entries_that_went_without_an_entry_are_missed(
    installed: Path, old: Path, holdfast: Holdfast
) -> None:
    with sqlite3.connect(installed / "holdfast.db") as raw:
        raw.execute("UPDATE hf_segments SET let_go = 1 WHERE size = 3")
        raw.execute("DELETE FROM hf_entries WHERE seq <= 3")
    raw.close()

    assert "no entry says who let them go" in holdfast("audit", "verify", code=1)


def test_the_last_day_stays(old: Path, holdfast: Holdfast) -> None:
    assert "cannot be let go" in holdfast("audit", "retain", str(old), "--days", "0", code=2)


def test_one_does_not_go_on_from_before_the_beginning(
    old: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    with ground(None).store() as store, store.reading() as tx:
        first = tx.records.segments()[0]
    (tmp_path / "early").write_bytes(first.note)
    holdfast("audit", "retain", str(old), "--days", "365")

    said = holdfast("audit", "verify", "--from", str(tmp_path / "early"), code=2)

    assert "begins after entry 9" in said


def test_an_anchor_of_a_lost_branch_is_given_up_when_nothing_else_says_so(
    old: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdfast("db", "backup", str(tmp_path / "b"))
    seal(range(91, 99))
    lost = tmp_path / "lost.note"
    holdfast("audit", "anchor", str(lost))  # of 18 entries, in epoch 0
    holdfast("audit", "anchor")
    give_up = ("audit", "give-up", str(lost), "--reason")
    assert "epoch 0; the record is" in holdfast(*give_up, "x", code=2)
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/restored.db")
    holdfast("db", "restore", str(tmp_path / "b"), code=1)
    holdfast("db", "accept-restore", "--reason", "the disk died")
    holdfast("audit", "anchor", str(tmp_path / "now.note"))
    assert "accepts a restored backup" in holdfast("audit", "verify", "--anchor", str(lost))
    on = ("audit", "verify", "--from", str(tmp_path / "now.note"), "--anchor", str(lost))
    assert "the anchor knows 18 entries" in holdfast(*on, code=1)
    assert "for a reason" in holdfast(*give_up, " ", code=2)

    assert "Given up by entry 12" in holdfast(*give_up, "lost in May")

    assert "gives up an anchor of 18 entries, of epoch 0" in holdfast(*on)

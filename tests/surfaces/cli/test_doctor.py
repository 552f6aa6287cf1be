"""`holdfast doctor` on installations that are broken: each names its fault and its remedy."""

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from holdfast import wiring
from holdfast.approvals.recorded import THAWED
from holdfast.errors import HoldfastError
from holdfast.grants.reader import reader_role
from holdfast.model import switches
from holdfast.model.entries import Draft
from holdfast.model.letters import Beat
from holdfast.surfaces.cli.doctor import LITTLE, room
from holdfast.testing.server import SimulatedServer
from holdfast.testing.shop import a_shop
from holdfast.wiring.footing import ground
from holdfast.workflow.keeping import ASTRAY, require_clock
from holdfast.workflow.lifting import FROZEN
from holdfast.workflow.posting import START_ONE
from tests.adapters.stores.test_upkeep import SWALLOWS, only_to_be_read
from tests.approvals.keygen import public
from tests.contracts.test_casework import a_case
from tests.surfaces.cli.test_ground import anchor, seal
from tests.tally import Count, Tally
from tests.workflow.executing import a_thaw, key

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

type Told = list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One that is well, on a simulated cluster, with something in its record."""

    state: Path
    server: SimulatedServer
    kubeconfig: Path
    set: Callable[[str, str], None]
    open_folder: Path

    def sql(self, statement: str) -> None:
        connection = sqlite3.connect(self.state / "holdfast.db")
        connection.execute(statement)
        connection.commit()
        connection.close()

    @property
    def key(self) -> Path:
        (key,) = (self.state / "keys" / "private").glob("audit-*")
        return key

    def use(self, user: str) -> None:
        self.set("KUBECONFIG", str(self.server.write_kubeconfig(self.kubeconfig, user=user)))


@pytest.fixture
async def well(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Installation]:
    shop = a_shop(now=datetime.now(UTC))
    shop.grant(reader_role(), user="reader")
    state = open_folder / "state"
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(state))
    monkeypatch.setenv("HOLDFAST_TRACEBACK", "true")
    async with SimulatedServer(shop) as server:
        made = Installation(
            state=state,
            server=server,
            kubeconfig=tmp_path / "kubeconfig",
            set=monkeypatch.setenv,
            open_folder=open_folder,
        )
        made.use("reader")
        for words in (["db", "upgrade"], ["keys", "init"]):
            assert await asyncio.to_thread(wiring.main, words) == 0
        seal(range(1, 4))
        anchor(made.state)
        live()
        yield made


def live() -> None:
    """Have a keeper beat, for as long as any test takes."""
    with ground(None).store() as store, store.transaction() as tx:
        now = tx.now()
        tx.beats.beat(
            Beat(
                executor="keeper-a",
                role="keeper",
                version="1",
                started=now,
                beat=now + timedelta(hours=1),
            )
        )


async def doctor(capsys: pytest.CaptureFixture[str], *words: str, code: int = 1) -> Told:
    capsys.readouterr()
    ended = await asyncio.to_thread(wiring.main, ["doctor", "-o", "json", *words])
    told = capsys.readouterr()
    assert ended == code, told.out + told.err
    parts: Told = json.loads(told.out)["parts"]
    return parts


async def test_one_that_is_well_is_said_to_be(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    told = await doctor(capsys, code=0)

    assert {"ok"} == {each["state"] for each in told}
    assert [
        "settings",
        "database",
        "role",
        "clock",
        "keys",
        "keys",
        "anchors",
        "keeper",
        "leash",
        "freeze",
        "rows",
        "files",
        "disk",
    ] == [each["part"] for each in told][:-1]
    assert told[-1]["part"] == "cluster"


async def test_people_read_a_line_for_each_part(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    assert await asyncio.to_thread(wiring.main, ["doctor"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok       settings  Every setting fits."
    assert all(line.startswith("ok ") for line in lines)


@pytest.mark.parametrize(
    ("state", "code", "says"),
    [
        ("applied", 1, "The row of prp_1 was damaged in the database"),
        ("not_recovered", 0, "prp_1 was damaged in the database, and is closed (not_recovered)."),
    ],
)
async def test_a_proposal_whose_row_is_damaged_is_named_and_is_a_fault_until_it_is_closed(
    well: Installation, capsys: pytest.CaptureFixture[str], state: str, code: int, says: str
) -> None:
    with ground(None).store() as store, store.transaction() as tx:
        tx.cases.put(a_case(1, state=state, content=""))

    told = await doctor(capsys, code=code)

    said = [each["says"] for each in told if each["part"] == "rows"]
    assert any(each.startswith(says) for each in said), said


def proposed(state: str, *entries: tuple[str, dict[str, Any]]) -> None:
    """A row that says that, and what is sealed of it."""
    with ground(None).store() as store, store.transaction() as tx:
        tx.cases.put(a_case(1, state=state))
    for number, (kind, details) in enumerate([("proposal", {}), *entries], 5):
        sealed(kind, number, "keeper", "prp_1", **details)


SENT = ("sending", {"account": "act.rolloutrestart.u-1.1"})
DONE = ("outcome", {"event": "applied", "step": 1})
HELPED = ("outcome", {"event": "recovered", "step": 1})


@pytest.mark.parametrize(
    ("state", "entries", "says"),
    [
        ("applied", [SENT, DONE], ""),
        ("recovered", [SENT, DONE, HELPED], ""),
        (
            "recovered",
            [SENT, DONE],
            "of prp_1, its row says that it is recovered, and entry 6 of the record applied.",
        ),
        (
            "rejected",
            [],
            "of prp_1, its row says that it is rejected, and entry 4 of the record proposed.",
        ),
        ("evil", [], "The row of prp_1 says 'evil', which is no state of a proposal."),
    ],
)
async def test_a_row_that_the_record_does_not_bear_out_is_a_fault(
    well: Installation,
    capsys: pytest.CaptureFixture[str],
    state: str,
    entries: list[tuple[str, dict[str, Any]]],
    says: str,
) -> None:
    proposed(state, *entries)

    told = await doctor(capsys, code=1 if says else 0)

    (rows,) = [each for each in told if each["part"] == "rows"]
    assert not says or says == rows["says"]
    assert ("fault" if says else "ok") == rows["state"]


async def test_after_a_restore_was_accepted_rows_are_ahead_of_the_record_until_a_keeper_seals(
    well: Installation, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    proposed("proposed")
    assert wiring.main(["db", "backup", str(tmp_path / "b")]) == 0
    seal(range(20, 22))
    anchor(well.state)
    well.set("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/new.db")
    assert wiring.main(["db", "restore", str(tmp_path / "b")]) == 1
    accept = ["db", "accept-restore", "--reason", "the disk died"]
    assert await asyncio.to_thread(wiring.main, accept) == 0
    with ground(None).store() as store, store.transaction() as tx:
        tx.beats.forget("keeper-a")

    told = {each["part"]: each for each in await doctor(capsys)}
    assert ("fault", START_ONE) == (told["rows"]["state"], told["rows"]["remedy"])
    assert (
        "Of prp_1, the row is ahead of the record: 1 entry waits to be sealed, and no keeper is "
        "alive." == told["rows"]["says"]
    )

    with ground(None).store() as store:
        ground(None).sealer(store, None).batch()
    told = {each["part"]: each for each in await doctor(capsys)}
    assert "ok" == told["rows"]["state"]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([SENT], "prp_1 (leased: entry 5)."),
        ([SENT, DONE], "prp_1 (applied: entry 6)."),
        ([SENT, DONE, HELPED], ""),
        ([], ""),
    ],
)
async def test_an_act_that_has_no_end_and_no_row_is_a_fault(
    well: Installation,
    capsys: pytest.CaptureFixture[str],
    entries: list[tuple[str, dict[str, Any]]],
    says: str,
) -> None:
    proposed("applied", *entries)
    well.sql("DELETE FROM hf_cases")

    told = await doctor(capsys, code=1 if says else 0)

    (rows,) = [each for each in told if each["part"] == "rows"]
    assert rows["says"].endswith(says)
    assert not says or "look at its target yourself" in rows["remedy"]


@pytest.mark.parametrize(
    ("row", "record", "says"),
    [
        (False, [True], "what was done may be taken back, and of that the record says that it is"),
        (False, [True, False], "frozen: see its entry 4"),
        (True, [False], "By its row nothing is taken back, and by the record what was done may be"),
        (True, [True, False], ""),
        (True, [True], ""),
        (False, [False], ""),
    ],
)
async def test_a_freeze_of_which_row_and_record_stop_different_things_is_a_fault(
    well: Installation,
    capsys: pytest.CaptureFixture[str],
    row: bool,
    record: list[bool],
    says: str,
) -> None:
    for number, too in enumerate(record, 8):
        sealed(FROZEN, number, reason="the network burns", undoToo=too)
    frozen = switches.Frozen(by="inbox:cli:sam", reason="x", at=datetime.now(UTC), undo_too=row)
    with ground(None).store() as store, store.transaction() as tx:
        tx.switches.on(switches.FREEZE, switches.told(frozen), frozen.at)

    told = await doctor(capsys, code=1 if says else 0)

    (part,) = [each for each in told if each["part"] == "freeze"]
    assert says in part["says"]


async def test_a_trigger_that_somebody_planted_is_a_fault_and_the_rest_is_looked_at(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    well.sql(SWALLOWS["sqlite"][0])

    told = await doctor(capsys)

    (said,) = [each for each in told if each["state"] != "ok"]
    assert said["part"] == "database"
    assert "the trigger swallow of hf_drafts" in said["says"]
    assert "Drop it" in said["remedy"]


async def test_a_table_that_somebody_made_again_is_a_fault(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    well.sql("DROP INDEX hf_cases_by_time")

    told = await doctor(capsys)

    (said,) = [each for each in told if each["state"] != "ok"]
    assert said["part"] == "database"
    assert "made: the definition of hf_cases" in said["says"]


async def test_a_freeze_that_is_on_is_told_and_is_no_fault(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    frozen = switches.Frozen(by="inbox:cli:sam", reason="the network burns", at=datetime.now(UTC))
    with ground(None).store() as store, store.transaction() as tx:
        tx.switches.on(switches.FREEZE, switches.told(frozen), frozen.at)

    told = await doctor(capsys, code=0)

    (said,) = [each["says"] for each in told if each["part"] == "freeze"]
    assert said == switches.freeze_told(switches.told(frozen))


PEOPLE = """\
apiVersion: holdfast.dev/v1alpha1
kind: People
people:
- {{id: ana, groups: [oncall], identities: {{ssh: ["{key}"]}}}}
"""


def sealed(
    kind: str, number: int, actor: str = "inbox:cli:sam", *about: str, **details: Any
) -> None:
    draft = Draft(id=f"ent_{number}", kind=kind, actor=actor, subjects=about, details=details)
    with ground(None).store() as store:
        ground(None).sealer(store, None).record([draft])


@pytest.mark.parametrize(
    ("signature", "says"),
    [
        ({}, "Of the freeze, the row is ahead of the record: 1 entry waits to be sealed"),
        ({"signature": "made up"}, "By its row nothing is switched off, and the record says"),
    ],
)
async def test_a_thaw_that_waits_to_be_sealed_accuses_nobody_if_somebody_has_signed_it(
    well: Installation, capsys: pytest.CaptureFixture[str], signature: dict[str, str], says: str
) -> None:
    sealed(FROZEN, 8, reason="the network burns", undoToo=False)
    assert wiring.main(["policy", "init"]) == 0
    (well.state / "policy" / "people.yaml").write_text(PEOPLE.format(key=public(key())))
    with ground(None).store() as store, store.transaction() as tx:
        signed = a_thaw(store.cluster, datetime.now(UTC) + timedelta(minutes=15))
        details = {"switch": "freeze", "reason": "over", **signed, **signature}
        tx.records.submit(Draft(id="ent_9", kind=THAWED, actor="ana", details=details))
        tx.beats.forget("keeper-a")

    (told,) = [each for each in await doctor(capsys) if each["part"] == "freeze"]

    assert "fault" == told["state"]
    assert told["says"].startswith(says)


@pytest.mark.parametrize(
    ("thawed", "code"), [("by nobody", 1), ("by ana", 0), ("without a leash here", 0)]
)
async def test_a_freeze_that_the_record_holds_and_no_row_is_a_fault(
    well: Installation, capsys: pytest.CaptureFixture[str], thawed: str, code: int
) -> None:
    sealed(FROZEN, 8, reason="the network burns", undoToo=False)
    (fault,) = [each for each in await doctor(capsys) if each["state"] != "ok"]
    assert "freeze" == fault["part"]
    assert (
        "nothing is switched off, and the record says that it is frozen: see its entry 4"
        in (fault["says"])
    )
    assert "who can write into the database" in fault["remedy"]

    with ground(None).store() as store:
        signed = a_thaw(store.cluster, datetime.now(UTC) + timedelta(minutes=15))
    signed = {**signed, "signature": "made up"} if thawed == "by nobody" else signed
    sealed(THAWED, 9, "ana", switch="freeze", reason="over", **signed)
    if "leash" not in thawed:
        assert wiring.main(["policy", "init"]) == 0
        (well.state / "policy" / "people.yaml").write_text(PEOPLE.format(key=public(key())))
    (told,) = [each for each in await doctor(capsys, code=code) if each["part"] == "freeze"]
    assert ("fault" if code else "ok") == told["state"]


def lose_people(it: Installation) -> None:
    assert wiring.main(["policy", "init"]) == 0
    (it.state / "policy" / "people.yaml").unlink()


def another_product(it: Installation) -> None:
    (it.state / "holdfast.db").unlink()
    it.sql("CREATE TABLE invoices (n INTEGER)")


def no_tables(it: Installation) -> None:
    (it.state / "holdfast.db").unlink()


def rubbish(it: Installation) -> None:
    (it.state / "holdfast.db").write_bytes(b"rubbish" * 1000)


def locked_keys(it: Installation) -> None:
    word = it.state / "word"
    word.write_text("correct horse")
    word.chmod(0o600)
    it.set("HOLDFAST_KEYS_DIR", str(it.state / "locked"))
    it.set("HOLDFAST_PASSPHRASE_FILE", str(word))
    it.set("HOLDFAST_DATABASE", f"sqlite:///{it.state}/fresh.db")
    it.set("HOLDFAST_ANCHORS", str(it.state / "none"))
    assert wiring.main(["db", "upgrade"]) == 0
    live()
    assert wiring.main(["keys", "init", "--passphrase"]) == 0
    word.write_text("battery")


def an_old_backup(it: Installation) -> None:
    it.sql("DELETE FROM hf_entries")
    it.sql("DELETE FROM hf_tips")


def a_signer_that_hangs(it: Installation) -> None:
    it.set("HOLDFAST_SIGNER", "sh -c 'sleep 60' --")
    it.set("HOLDFAST_SIGNER_TIMEOUT", "0.3")


def of_another_cluster(it: Installation) -> None:
    it.set("HOLDFAST_DATABASE", f"sqlite:///{it.state}/another.db")
    it.set("HOLDFAST_ANCHORS", str(it.state / "none"))
    assert wiring.main(["db", "upgrade", "--cluster", "another"]) == 0
    live()


def unlink_all(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()


def a_leash_with(path: str, mode: int) -> Callable[[Installation], object]:
    """A first leash where all get to, of which that has this mode."""

    def break_(it: Installation) -> None:
        assert wiring.main(["policy", "init"]) == 0
        with_mode(path=f"policy/{path}", mode=mode)(it)

    return break_


def with_mode(path: str, mode: int) -> Callable[[Installation], object]:
    """Where all get to, that has this mode."""

    def break_(it: Installation) -> None:
        it.state.chmod(0o755)
        (it.state / path).touch()
        (it.state / path).chmod(mode)

    return break_


def a_leash_of_its_own(it: Installation) -> None:
    """Beside the state, in a folder that everybody may write."""
    it.set("HOLDFAST_POLICY", str(it.open_folder / "srv" / "leash"))
    assert wiring.main(["policy", "init"]) == 0
    (it.open_folder / "srv").chmod(0o777)


def anchors_of_their_own(it: Installation) -> None:
    """Beside the state, in a folder that everybody may write."""
    (it.open_folder / "srv").mkdir()
    (it.state / "anchors").rename(it.open_folder / "srv" / "anchors")
    it.set("HOLDFAST_ANCHORS", str(it.open_folder / "srv" / "anchors"))
    (it.open_folder / "srv").chmod(0o777)


BROKEN: dict[str, tuple[Callable[[Installation], object], str, str, str]] = {
    "a setting that is none": (
        lambda it: it.set("HOLDFAST_PAGE_SIZ", "5"),
        "settings",
        "HOLDFAST_PAGE_SIZ is no setting",
        "Did you mean HOLDFAST_PAGE_SIZE?",
    ),
    "a setting that does not fit": (
        lambda it: it.set("HOLDFAST_PAGE_SIZE", "many"),
        "settings",
        "HOLDFAST_PAGE_SIZE does not fit",
        "Correct or unset it",
    ),
    "an address to listen at that is none": (
        lambda it: it.set("HOLDFAST_LISTEN", "everywhere"),
        "settings",
        "HOLDFAST_LISTEN does not fit",
        "127.0.0.1:8460",
    ),
    "two databases": (
        lambda it: it.set("HOLDFAST_KEEPER_DATABASE", "sqlite:////elsewhere/holdfast.db"),
        "settings",
        "name two databases",
        "Name one, with two roles",
    ),
    "a database without tables": (
        no_tables,
        "database",
        "has no tables yet",
        "holdfast db upgrade",
    ),
    "a database of a newer version": (
        lambda it: it.sql("UPDATE hf_revision SET version_num = '9999'"),
        "database",
        "which this version does not know",
        "A newer Holdfast has upgraded it",
    ),
    "a database that is half upgraded": (
        lambda it: it.sql("DROP TABLE hf_answers"),
        "database",
        "hf_answers is missing",
        "holdfast db restore",
    ),
    "a database of another product": (
        another_product,
        "database",
        "none of them is Holdfast's",
        "Name an empty database",
    ),
    "a file that is no database": (
        rubbish,
        "database",
        "is no database",
        "Name another file, or restore a backup",
    ),
    "a database that may only be read": (
        lambda it: only_to_be_read(it.state / "holdfast.db"),
        "database",
        "is read-only",
        "Let this user write the file and its folder",
    ),
    "a database that does not answer": (
        lambda it: it.set("HOLDFAST_DATABASE", "postgresql://ada:s3cret@127.0.0.1:1/holdfast"),
        "database",
        "holdfast at 127.0.0.1:1 does not answer",
        "Check that it runs",
    ),
    "a key that everybody can read": (
        lambda it: it.key.chmod(0o644),
        "keys",
        "has mode 0644",
        "chmod 600",
    ),
    "no key": (
        lambda it: it.key.unlink(),
        "keys",
        "The private key",
        "holdfast keys init",
    ),
    "a passphrase that does not open": (
        locked_keys,
        "keys",
        "The passphrase does not open",
        "Give the one with which it was made",
    ),
    "people whom everybody may add": (
        a_leash_with("people.yaml", 0o666),
        "files",
        "people.yaml (0666)",
        "chmod go-w ",
    ),
    "a leash that everybody may replace": (
        a_leash_with("", 0o777),
        "files",
        "policy (0777)",
        "/policy",
    ),
    "a database that everybody may write": (
        with_mode("holdfast.db", 0o666),
        "files",
        "holdfast.db (0666)",
        "/holdfast.db",
    ),
    "a journal that everybody may write": (
        with_mode("holdfast.db-journal", 0o666),
        "files",
        "holdfast.db-journal (0666)",
        "/holdfast.db-journal",
    ),
    "a database to which everybody may add": (
        with_mode("", 0o1777),
        "files",
        "state (1777)",
        "state, which is for many.",
    ),
    "a leash to which everybody may add": (
        a_leash_with("", 0o1777),
        "files",
        "policy (1777)",
        "policy, which is for many.",
    ),
    "a leash that everybody may move away": (
        a_leash_of_its_own,
        "files",
        "srv (0777)",
        "/srv",
    ),
    "anchors that everybody may move away": (
        anchors_of_their_own,
        "files",
        "srv (0777)",
        "/srv",
    ),
    "anchors that everybody may replace": (
        with_mode("anchors", 0o777),
        "files",
        "anchors (0777)",
        "/anchors",
    ),
    "a signer that fails": (
        lambda it: it.set("HOLDFAST_SIGNER", "false"),
        "keys",
        "The signer false ended with 1",
        "Run it by hand",
    ),
    "a signer that prints rubbish": (
        lambda it: it.set("HOLDFAST_SIGNER", "echo"),
        "keys",
        "did not answer with a signature",
        "It must print the 64 bytes",
    ),
    "a signer that hangs": (
        a_signer_that_hangs,
        "keys",
        "did not answer within 0.3 s",
        "HOLDFAST_SIGNER_TIMEOUT",
    ),
    "an old backup": (
        an_old_backup,
        "anchors",
        "an anchor knows 3",
        "holdfast db accept-restore",
    ),
    "a record without its entries": (
        lambda it: it.sql("DELETE FROM hf_entries"),
        "anchors",
        "The chain should end with entry 3, and none is",
        "holdfast audit verify",
    ),
    "a record without its last entry": (
        lambda it: it.sql("DELETE FROM hf_entries WHERE seq = 3"),
        "anchors",
        "The chain should end with entry 3, and the last that is there is entry 2",
        "holdfast audit verify",
    ),
    "no anchor": (
        lambda it: unlink_all(it.state / "anchors", "*"),
        "anchors",
        "There is no anchor",
        "holdfast audit anchor",
    ),
    "no keeper": (
        lambda it: it.sql("DELETE FROM hf_beats"),
        "keeper",
        "No keeper is alive.",
        "`holdfast serve --with-keeper`",
    ),
    "a freeze that nobody can read": (
        lambda it: it.sql(
            "INSERT INTO hf_switches SELECT DISTINCT cluster_uid, 'freeze', 'x', 0 FROM hf_entries"
        ),
        "freeze",
        "What a switch says cannot be read.",
        "holdfast thaw",
    ),
    "a leash of which a file is gone": (
        lose_people,
        "leash",
        "people.yaml",
        "A keeper that lives goes on by what it read before.",
    ),
    "no kubeconfig": (
        lambda it: it.kubeconfig.unlink(),
        "cluster",
        "kubeconfig",
        "--kubeconfig",
    ),
    "an account without rights": (
        lambda it: it.use("nobody"),
        "cluster",
        "This account may not list",
        "rbac reader",
    ),
    "a database of another cluster": (
        of_another_cluster,
        "cluster",
        "the database is for another",
        "Name the right context",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_what_is_broken_is_named_with_its_remedy(
    well: Installation, capsys: pytest.CaptureFixture[str], case: str, tally: Tally
) -> None:
    damage, part, wrong, remedy = BROKEN[case]
    await asyncio.to_thread(damage, well)

    told = await doctor(capsys)

    faults = [each for each in told if each["state"] == "fault"]
    assert [part] == [each["part"] for each in faults if wrong in each["says"]], faults
    assert remedy in faults[0]["remedy"]
    assert {part} == {each["part"] for each in faults}
    assert "s3cret" not in str(told)
    tally(Count("doctor: broken installations, each named", n=1))


async def test_what_lets_nobody_in_is_well_whatever_is_in_it(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    a_leash_with("people.yaml", 0o666)(well)
    well.state.chmod(0o700)

    told = await doctor(capsys, code=0)

    assert "Nobody else on this machine may write" in says(told, "files")


async def test_a_first_leash_is_well_by_any_umask(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    well.set("HOLDFAST_POLICY", str(well.open_folder / "srv" / "leash"))
    before = os.umask(0)
    try:
        assert wiring.main(["policy", "init"]) == 0
    finally:
        os.umask(before)

    assert "Nobody else on this machine may write" in says(await doctor(capsys, code=0), "files")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives itself a group")
@pytest.mark.parametrize(("held", "code"), [(True, 0), (False, 1)])
async def test_the_group_of_a_volume_is_told_and_is_no_fault_where_it_is_ours(
    well: Installation, capsys: pytest.CaptureFixture[str], held: bool, code: int
) -> None:
    """As `fsGroup` leaves it: a group that only its number is known of."""
    volume, before = 54321, os.getgroups()
    os.chown(well.state, -1, volume)
    well.state.chmod(0o2775)
    os.setgroups([*before, volume] if held else before)
    try:
        told = await doctor(capsys, code=code)
    finally:
        os.setgroups(before)

    said = says(told, "files")
    assert f"{well.state} (2775)" in said
    assert said.startswith("Whoever shares this process's group" if held else "Others")


async def test_a_cluster_that_does_not_answer_is_named(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    await well.server.__aexit__(None, None, None)

    (fault,) = [each for each in await doctor(capsys) if each["state"] == "fault"]

    assert fault["part"] == "cluster"
    assert fault["remedy"]
    await well.server.__aenter__()


async def test_an_api_server_whose_clock_is_wrong_is_named(
    tmp_path: Path, well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    late = a_shop(now=datetime.now(UTC) - timedelta(minutes=7))
    late.grant(reader_role(), user="reader")
    async with SimulatedServer(late) as server:
        kubeconfig = server.write_kubeconfig(tmp_path / "late", user="reader")
        told = await doctor(capsys, "--kubeconfig", str(kubeconfig))

    (fault,) = [each for each in told if each["state"] == "fault"]
    assert "The clock of this machine is 7 min" in fault["says"]
    assert "ahead of the API server's" in fault["says"]
    assert "Set the wrong one right" in fault["remedy"]


async def test_where_serve_alone_runs_no_keys_are_looked_for(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    unlink_all(well.state / "keys" / "private", "*")

    told = await doctor(capsys, "--process", "serve", code=0)

    assert "keys" not in {each["part"] for each in told}


async def test_anchors_that_are_kept_beside_serve_are_looked_at(
    well: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    serve = ("--process", "serve")
    assert "They know 3 of 3 entries." in says(await doctor(capsys, *serve, code=0), "anchors")
    kept = {each: each.read_bytes() for each in (well.state / "anchors").iterdir()}
    unlink_all(well.state / "anchors", "*")

    assert "None is kept here" in says(await doctor(capsys, *serve, code=0), "anchors")
    for path, note in kept.items():
        path.write_bytes(note)
    well.sql("DELETE FROM hf_entries")
    well.sql("DELETE FROM hf_tips")

    assert "an anchor knows 3" in says(await doctor(capsys, *serve), "anchors")


def says(told: Told, part: str) -> str:
    """What was said of a part."""
    return " ".join(each["says"] for each in told if each["part"] == part)


@pytest.mark.xdist_group("postgres")
async def test_a_role_that_is_not_that_of_its_process_is_named(
    well: Installation, capsys: pytest.CaptureFixture[str], postgres_database: str
) -> None:
    well.set("HOLDFAST_DATABASE", postgres_database)
    well.set("HOLDFAST_ANCHORS", "no-anchors")  # those that there are know another record
    assert await asyncio.to_thread(wiring.main, ["db", "upgrade"]) == 0

    faults = {each["part"]: each for each in await doctor(capsys) if each["state"] == "fault"}

    assert "The database role holdfast" in faults["role"]["says"]
    assert "holdfast db grants --apply" in faults["role"]["remedy"]
    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("SELECT count(*) FROM hf_beats").fetchone() == (0,)


@pytest.mark.xdist_group("postgres")
async def test_where_serve_s_role_was_looked_at_as_both_it_says_how_to_ask_for_one(
    well: Installation, capsys: pytest.CaptureFixture[str], postgres_database: str
) -> None:
    """The rights that the keeper's lacks are not to be granted to serve's."""
    roles = ("doctors_serve", "doctors_keeper")
    well.set("HOLDFAST_DATABASE", postgres_database)
    well.set("HOLDFAST_ANCHORS", "no-anchors")  # those that there are know another record
    assert await asyncio.to_thread(wiring.main, ["db", "upgrade"]) == 0
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        for role in roles:
            connection.execute(f"CREATE ROLE {role} LOGIN".encode())
    words = ["db", "grants", "--serve", roles[0], "--keeper", roles[1], "--apply"]
    assert await asyncio.to_thread(wiring.main, words) == 0
    url = make_url(postgres_database).set(username=roles[0])
    well.set("HOLDFAST_DATABASE", url.render_as_string(hide_password=False))

    faults = {each["part"]: each for each in await doctor(capsys) if each["state"] == "fault"}
    alone = await doctor(capsys, "--process", "serve", code=1)

    assert "holdfast doctor --process serve" in faults["role"]["remedy"]
    assert {each["state"] for each in alone if each["part"] == "role"} == {"ok"}


@pytest.mark.xdist_group("postgres")
async def test_a_server_that_only_reads_is_named(
    well: Installation, capsys: pytest.CaptureFixture[str], postgres_database: str
) -> None:
    well.set("HOLDFAST_DATABASE", postgres_database)
    well.set("HOLDFAST_ANCHORS", "no-anchors")  # those that there are know another record
    assert await asyncio.to_thread(wiring.main, ["db", "upgrade"]) == 0
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())

    faults = {each["part"]: each for each in await doctor(capsys) if each["state"] == "fault"}

    assert "only reads." in faults["database"]["says"]
    assert "Name the primary" in faults["database"]["remedy"]


def test_clocks_may_be_a_minute_apart_and_no_more() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for there in (now - ASTRAY, now + ASTRAY):
        require_clock(now, there, "the database's")
    for there, word in ((now - ASTRAY, "ahead of"), (now + ASTRAY, "behind")):
        moved = there + timedelta(milliseconds=1 if there > now else -1)
        with pytest.raises(HoldfastError, match=word):
            require_clock(now, moved, "the database's")


def test_clocks_that_are_five_minutes_apart_are_said_to_be() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)

    with pytest.raises(HoldfastError, match="is 5 min behind"):
        require_clock(now, now + timedelta(minutes=4, seconds=59, milliseconds=700), "the other's")


def test_a_disk_may_be_nearly_full_and_no_fuller() -> None:
    assert "512 MiB are free" in room("/var", LITTLE)
    with pytest.raises(HoldfastError, match="Only 511 MiB are free in /var"):
        room("/var", LITTLE - 1)

"""The two processes on SQLite, as people start and end them."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from holdfast import wiring
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.audit.checkpoints import body, note
from holdfast.model.keys import Purpose
from holdfast.model.letters import Letter
from holdfast.testing.clock import NOON
from holdfast.wiring.footing import ground
from holdfast.workflow.alive import living_keeper
from tests.adapters.stores.test_definitions import SWALLOWING, made_again
from tests.adapters.stores.test_upkeep import SWALLOWS, only_to_be_read
from tests.audit.chains import CLUSTER, a_draft
from tests.surfaces.cli.test_ground import record
from tests.surfaces.processes.running import PATIENCE, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of an installation."""
    folder = tmp_path / "state"
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(folder))
    assert wiring.main(["db", "upgrade", "--cluster", CLUSTER]) == 0
    assert wiring.main(["keys", "init"]) == 0
    return folder


@pytest.fixture
def store(state: Path) -> SqlStore:
    """Its store, as this test sees it."""
    return SqlStore(open_engine(parse_url(f"sqlite:///{state}/holdfast.db")), CLUSTER)


def eventually(asked: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not asked():
        assert time.monotonic() < until
        time.sleep(0.02)


def size(store: SqlStore) -> int:
    with store.reading() as tx:
        tip = tx.records.tip()
    return tip.size if tip is not None else 0


def put_a_remark(store: SqlStore) -> None:
    letter = Letter(id="ltr_1", kind="remark", sender="cli:ada", body={"text": "x"}, at=NOON)
    with store.transaction() as tx:
        tx.letters.put(letter)


def test_a_keeper_answers_seals_copies_anchors_beats_and_ends_in_order(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    copy = tmp_path / "copy.jsonl"
    settings = {"state_dir": str(state), "copies": f"{copy},-", "anchor_every": "1"}
    with store.transaction() as tx:
        tx.records.submit(a_draft(1))
    put_a_remark(store)
    with running(tmp_path / "log", "keeper", **settings) as keeper:
        keeper.until("started")
        eventually(
            lambda: size(store) == 2 and copy.exists() and copy.read_bytes().count(b"\n") == 2
        )
        eventually(lambda: living_keeper(store))
        keeper.process.send_signal(signal.SIGTERM)
        assert keeper.ended() == 0
        assert keeper.told()[-1]["event"] == "ended"

    assert living_keeper(store) is None
    with store.reading() as tx:
        chain = list(tx.records.lines())
        assert str(tx.letters.outcome("ltr_1")).startswith("recorded: ent_")
    assert record(state).broken is None
    assert copy.read_bytes().splitlines() == chain
    assert wiring.main(["db", "check"]) == 0
    (anchor,) = (state / "anchors").iterdir()
    assert b"\n2\n" in anchor.read_bytes()


def test_a_remark_waits_for_a_keeper_and_is_recorded_once_one_lives(
    tmp_path: Path, state: Path, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wiring.main(["audit", "remark", "nobody listens"]) == 0
    assert (
        "because no keeper is alive. Start one with `holdfast serve --with-keeper`, or"
        in capsys.readouterr().out
    )
    with running(tmp_path / "log", "keeper", state_dir=str(state)) as keeper:
        keeper.until("started")
        eventually(lambda: living_keeper(store))
        assert wiring.main(["audit", "remark", "we moved db-1 by hand"]) == 0
        assert "Recorded: ent_" in capsys.readouterr().out
        eventually(lambda: size(store) == 2)

    assert wiring.main(["audit", "show"]) == 0
    assert 2 == capsys.readouterr().out.count(" remark ")


def test_what_waits_when_it_is_told_to_end_is_sealed_by_the_next_one(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    for first in (1, 101):
        with running(tmp_path / "log", "keeper", state_dir=str(state)) as keeper:
            keeper.until("started")
            with store.transaction() as tx:
                for number in range(first, first + 100):
                    tx.records.submit(a_draft(number))
            keeper.process.send_signal(signal.SIGINT)
            assert keeper.ended() == 0

    with store.reading() as tx:
        waits = tx.records.backlog()
    outcome = record(state)
    assert outcome.broken is None
    assert outcome.entries + waits == 200


def test_a_database_that_is_moved_away_makes_serve_unready_until_it_is_back(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    store.close()
    with running(tmp_path / "log", "serve", state_dir=str(state)) as serve:
        listens = serve.until("started")["listens"]
        eventually(lambda: said(listens, "readyz").startswith("ready\n"))
        (state / "holdfast.db").rename(state / "elsewhere")
        eventually(lambda: said(listens, "readyz") == "the database does not answer\n")
        assert not (state / "holdfast.db").exists()
        (state / "elsewhere").rename(state / "holdfast.db")
        eventually(lambda: said(listens, "readyz").startswith("ready\n"))


def test_a_database_that_takes_nothing_makes_serve_unready_until_it_does(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    store.close()
    with (
        running(tmp_path / "log", "serve", state_dir=str(state)) as serve,
        closing(sqlite3.connect(state / "holdfast.db", isolation_level=None)) as other,
    ):
        listens = serve.until("started")["listens"]
        eventually(lambda: said(listens, "readyz").startswith("ready\n"))
        other.execute("BEGIN IMMEDIATE")  # nobody else writes, as on a disk that is full
        eventually(lambda: "takes nothing" in said(listens, "readyz"))
        assert "ok\n" == said(listens, "healthz")
        other.execute("ROLLBACK")
        eventually(lambda: said(listens, "readyz").startswith("ready\n"))


def test_a_second_signal_ends_it_at_once(tmp_path: Path, state: Path, store: SqlStore) -> None:
    with running(tmp_path / "log", "keeper", state_dir=str(state)) as keeper:
        keeper.until("started")
        eventually(lambda: living_keeper(store))
        other = sqlite3.connect(state / "holdfast.db", isolation_level=None)
        eventually(lambda: _locked(other))  # from now on, nobody else writes
        keeper.process.send_signal(signal.SIGTERM)
        keeper.until("told to end")
        with pytest.raises(Exception, match="timed out"):
            keeper.process.wait(1)

        keeper.process.send_signal(signal.SIGTERM)

        assert keeper.process.wait(30) == -signal.SIGTERM
        other.close()


def _locked(other: sqlite3.Connection) -> bool:
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def test_two_keepers_make_one_chain(tmp_path: Path, state: Path, store: SqlStore) -> None:
    with (
        running(tmp_path / "one.log", "keeper", state_dir=str(state)) as one,
        running(tmp_path / "two.log", "keeper", state_dir=str(state)) as two,
    ):
        one.until("started")
        two.until("started")
        for number in range(60):
            with store.transaction() as tx:
                tx.records.submit(a_draft(number))
        one.process.kill()
        eventually(lambda: size(store) == 60)

    assert record(state).broken is None


def sql(state: Path, statement: str) -> None:
    connection = sqlite3.connect(state / "holdfast.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def an_anchor_that_is_ahead(state: Path) -> None:
    """As after an old backup was restored."""
    ours = ground(None)
    with ours.store() as store:
        for number in (1, 2):
            with store.transaction() as tx:
                tx.records.submit(a_draft(number))
            ours.sealer(store, None).batch()
        with store.reading() as tx:
            tip = tx.records.tip()
    assert tip is not None
    signer = ours.keyring(Purpose.AUDIT).signer(tip.key)
    ours.keep_note(note(tip, signer.public, signer.sign(body(tip))), f"{tip.chain}.note", None)
    sql(state, "DELETE FROM hf_entries")
    sql(state, "DELETE FROM hf_tips")


def entries_deleted(state: Path) -> None:
    ours = ground(None)
    with ours.store() as store:
        with store.transaction() as tx:
            tx.records.submit(a_draft(1))
        ours.sealer(store, None).batch()
    sql(state, "DELETE FROM hf_entries")


def loosen(state: Path) -> None:
    (key,) = (state / "keys" / "private").glob("audit-*")
    key.chmod(0o644)


def lose_keys(state: Path) -> None:
    for key in (state / "keys" / "private").glob("audit-*"):
        key.unlink()


REFUSALS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "of a newer version": (
        lambda state: sql(state, "UPDATE hf_revision SET version_num = '9999'"),
        "which this version does not know",
        "A newer Holdfast has upgraded it",
    ),
    "half upgraded": (
        lambda state: sql(state, "DROP TABLE hf_answers"),
        "is half upgraded or damaged: hf_answers is missing",
        "holdfast db restore",
    ),
    "without tables": (
        lambda state: (state / "holdfast.db").unlink(),
        "has no tables yet",
        "holdfast db upgrade",
    ),
    "an old backup": (an_anchor_that_is_ahead, "an anchor knows 2", "holdfast db accept-restore"),
    "its entries deleted": (
        entries_deleted,
        "The chain should end with entry 1, and none is",
        "holdfast audit verify",
    ),
    "a trigger": (
        lambda state: sql(state, SWALLOWS["sqlite"][0]),
        "the trigger swallow of hf_drafts",
        "Drop it (DROP TRIGGER",
    ),
    "a table made again": (
        lambda state: made_again(state / "holdfast.db", "hf_drafts", "UNIQUE (id)", SWALLOWING),
        "made: the definition of hf_drafts",
        "holdfast db restore",
    ),
    "an open key": (loosen, "has mode 0644", "chmod 600"),
    "no key": (lose_keys, "There is no audit key", "holdfast keys init"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_keeper_refuses_to_start_and_says_what_to_do(
    tmp_path: Path, state: Path, case: str
) -> None:
    damage, wrong, remedy = REFUSALS[case]
    damage(state)

    with running(tmp_path / "log", "keeper", state_dir=str(state)) as keeper:
        assert keeper.ended() == 2
        assert wrong in keeper.said
        assert remedy in keeper.said


@pytest.mark.parametrize(
    "case", ["an old backup", "its entries deleted", "half upgraded", "a trigger"]
)
def test_serve_refuses_a_database_that_is_not_as_it_was_known(
    tmp_path: Path, state: Path, case: str
) -> None:
    damage, wrong, remedy = REFUSALS[case]
    damage(state)

    with running(tmp_path / "log", "serve", state_dir=str(state)) as serve:
        assert serve.ended() == 2
        assert wrong in serve.said
        assert remedy in serve.said


@pytest.mark.parametrize(
    ("signer", "wrong"),
    [
        ("false", "ended with 1"),
        ("echo rubbish", "did not answer with a signature"),
        ("sh -c 'sleep 60' --", "did not answer within 0.5 s"),
    ],
)
def test_a_keeper_refuses_a_signer_that_does_not_sign(
    tmp_path: Path, state: Path, signer: str, wrong: str
) -> None:
    settings = {"state_dir": str(state), "signer": signer, "signer_timeout": "0.5"}
    with running(tmp_path / "log", "keeper", **settings) as keeper:
        assert keeper.ended() == 2
        assert wrong in keeper.said


@pytest.mark.parametrize("process", ["serve", "keeper"])
def test_a_database_that_may_only_be_read_is_said_at_once(
    tmp_path: Path, state: Path, process: str
) -> None:
    only_to_be_read(state / "holdfast.db")

    with running(tmp_path / "log", process, state_dir=str(state)) as started:
        assert started.ended() == 75
        assert started.said.startswith(f"holdfast: The database {state}/holdfast.db is read-only")
        assert "Let this user write the file and its folder" in started.said


def test_a_keeper_whose_record_was_rewritten_ends_and_adds_nothing(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    with running(tmp_path / "log", "keeper", state_dir=str(state), anchor_every="1") as keeper:
        keeper.until("started")
        with store.transaction() as tx:
            tx.records.submit(a_draft(1))
        keeper.until("anchored")
        sql(state, """UPDATE hf_entries SET line = replace(line, '"hash":"', '"hash":"0')""")
        with store.transaction() as tx:
            tx.records.submit(a_draft(2))

        assert keeper.ended() == 2
        assert "the last that is there is another one" in keeper.said


def test_a_keeper_whose_entries_are_deleted_ends_and_adds_nothing(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    with running(tmp_path / "log", "keeper", state_dir=str(state)) as keeper:
        keeper.until("started")
        with store.transaction() as tx:
            tx.records.submit(a_draft(1))
        eventually(lambda: size(store) == 1)
        sql(state, "DELETE FROM hf_entries")
        with store.transaction() as tx:
            tx.records.submit(a_draft(2))

        assert keeper.ended() == 2
        assert "The chain should end with entry 1, and none is" in keeper.said
    with store.reading() as tx:
        assert list(tx.records.lines()) == []


def test_a_keeper_ends_soon_after_somebody_plants_a_trigger_also_while_nothing_is_sealed(
    tmp_path: Path, state: Path
) -> None:
    with running(tmp_path / "log", "keeper", state_dir=str(state)) as keeper:
        keeper.until("started")
        sql(state, SWALLOWS["sqlite"][0])

        assert keeper.ended() == 2
        assert "the trigger swallow of hf_drafts" in keeper.said


def test_a_keeper_ends_soon_after_somebody_makes_a_table_again_that_swallows(
    tmp_path: Path, state: Path
) -> None:
    with running(tmp_path / "log", "keeper", state_dir=str(state)) as keeper:
        keeper.until("started")
        made_again(state / "holdfast.db", "hf_drafts", "UNIQUE (id)", SWALLOWING)

        assert keeper.ended() == 2
        assert "made: the definition of hf_drafts" in keeper.said


def test_serve_answers_and_runs_a_keeper_that_it_starts_again_and_that_ends_with_it(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    with running(tmp_path / "log", "serve", "--with-keeper", state_dir=str(state)) as serve:
        listens = serve.until("started")["listens"]
        first = serve.until("keeper started")
        eventually(lambda: "keeper: alive" in said(listens, "readyz"))
        assert page(listens, "healthz") == "ok\n"
        assert "holdfast_keeper_alive 1\n" in page(listens, "metrics")
        os.kill(int(first["pid"]), signal.SIGKILL)
        serve.until("keeper died")
        second = serve.until("keeper started", times=2)
        assert first["pid"] != second["pid"]
        put_a_remark(store)
        eventually(lambda: size(store) == 1)

        serve.process.send_signal(signal.SIGTERM)

        assert serve.ended() == 0
        assert not alive(int(second["pid"]))
    eventually(lambda: living_keeper(store) is None)  # the killed one is known by its silence


def test_a_keeper_does_not_outlive_a_serve_that_is_killed(
    tmp_path: Path, state: Path, store: SqlStore
) -> None:
    with running(tmp_path / "log", "serve", "--with-keeper", state_dir=str(state)) as serve:
        keeper = int(serve.until("keeper started")["pid"])
        eventually(lambda: living_keeper(store))
        serve.process.kill()

        eventually(lambda: not alive(keeper))
    assert living_keeper(store) is None  # it ended in order


def test_serve_ends_when_its_keeper_refuses_to_start(tmp_path: Path, state: Path) -> None:
    lose_keys(state)
    with running(tmp_path / "log", "serve", "--with-keeper", state_dir=str(state)) as serve:
        assert serve.ended() == 2
        assert "There is no audit key" in serve.said
        assert "The keeper refuses to start, and has said why." in serve.said


def page(listens: str | int, name: str) -> str:
    with urlopen(f"http://{listens}/{name}", timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def said(listens: str | int, name: str) -> str:
    """A page, whether it says yes or no."""
    try:
        return page(listens, name)
    except HTTPError as no:
        with no:
            return no.read().decode()


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and was not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"

"""Whoever has taken over `serve` writes rows as it likes: they hold up neither sealer nor inbox."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import asking, open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import BadRecord
from holdfast.model.entries import LONGEST_DRAFT, LONGEST_ID
from holdfast.model.handed import FREEZE
from holdfast.model.objects import Ref
from holdfast.ports import Records
from holdfast.surfaces.cli.repairs.dossier import opened
from holdfast.testing.clock import FrozenClock
from holdfast.testing.memory import StoreInMemory
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.busy import UNDER_WAY, busy
from holdfast.workflow.expiring import DAMAGED as DAMAGED_ROW
from holdfast.workflow.expiring import expired
from holdfast.workflow.orders import accept_restore
from tests.adapters.engine.test_pulse import a_beat
from tests.audit.chains import CLUSTER, a_draft, verified
from tests.contracts.test_casework import a_case, a_word
from tests.workflow.leashes import NOBODY, a_leash
from tests.workflow.test_inbox import an_inbox, outcome, put, put_any
from tests.workflow.test_sealing import a_sealer, submit, told

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)

# ruff: noqa: S608  (the names of tables and columns are ours)

DRAFT: dict[str, str | int] = {
    "id": "bad",
    "kind": "k",
    "actor": "a",
    "subjects": "[]",
    "details": "{}",
}
LETTER: dict[str, str | int] = {
    "id": "bad",
    "kind": "remark",
    "sender": "s",
    "body": '{"text":"x"}',
    "at_ms": 0,
}
LONG = "x" * (LONGEST_DRAFT + 9)

DRAFTS: dict[str, dict[str, str | int]] = {
    "no JSON": {"details": "rubbish"},
    "half of it": {"details": '{"a":'},
    "a list": {"details": "[]"},
    "numbers for names": {"subjects": "[1]"},
    "a float": {"details": '{"n": 1e400}'},
    "a number that is too big": {"details": '{"n": 9007199254740993}'},
    "too deep": {"details": '{"a":' * 100_000},
    "half of a character": {"details": '{"a":"\\ud800"}'},
    "long details": {"details": '{"a":"' + LONG + '"}'},
    "a long kind": {"kind": LONG},
    "a long actor": {"actor": LONG},
    "no id": {"id": ""},
}
LETTERS: dict[str, dict[str, str | int]] = {
    "no JSON": {"body": "rubbish"},
    "a list": {"body": "[]"},
    "too deep": {"body": '{"a":' * 100_000},
    "half of a character": {"body": '{"text":"\\ud800"}'},
    "a long sender": {"sender": LONG},
    "a long kind": {"kind": LONG},
    "a long id": {"id": "x" * 3000},
    "the end of time": {"at_ms": 2**63 - 1},
    "before all time": {"at_ms": -(2**63)},
}


def write(database: str, table: str, row: dict[str, str | int]) -> None:
    engine = open_engine(parse_url(database))
    row = {"cluster_uid": CLUSTER, **row}
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    insert = f"INSERT INTO {table} ({names}) VALUES ({values})"
    with asking(engine, writing=True) as connection:
        connection.execute(text(insert), row)
    engine.dispose()


def rewrite(database: str, statement: str) -> None:
    engine = open_engine(parse_url(database))
    with asking(engine, writing=True) as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.parametrize("case", DRAFTS)
def test_a_draft_of_nobodys_becomes_an_entry_that_says_so(
    database: str, sql_store: SqlStore, case: str
) -> None:
    write(database, "hf_drafts", {**DRAFT, **DRAFTS[case]})
    submit(sql_store, a_draft(1))

    assert a_sealer(sql_store).batch() == 2

    lines = told(sql_store)
    outcome_ = verified(lines)
    assert (outcome_.broken, outcome_.entries) == (None, 2)
    assert b'"kind":"draft_refused"' in lines[0]
    assert max(map(len, lines)) < LONGEST_DRAFT


def test_a_draft_of_another_cluster_is_refused_and_does_not_wait_for_ever(
    database: str, sql_store: SqlStore
) -> None:
    write(database, "hf_drafts", {**DRAFT, "cluster_uid": "another"})
    submit(sql_store, a_draft(1))

    assert a_sealer(sql_store).batch() == 2

    lines = told(sql_store)
    assert b"or is of another cluster" in lines[0]
    assert verified(lines, cluster=CLUSTER).broken is None
    with sql_store.reading() as tx:
        assert tx.records.backlog() == 0


def test_a_draft_of_an_id_that_is_sealed_is_refused_under_another(
    database: str, sql_store: SqlStore
) -> None:
    submit(sql_store, a_draft(1))
    a_sealer(sql_store).batch()
    write(database, "hf_drafts", {**DRAFT, "id": a_draft(1).id})
    submit(sql_store, a_draft(2))

    assert [2, 0] == [a_sealer(sql_store).batch(), a_sealer(sql_store).batch()]

    lines = told(sql_store)
    assert (verified(lines).broken, len(lines)) == (None, 3)
    assert f"an entry has the id {a_draft(1).id} already".encode() in lines[1]


def test_what_is_recorded_at_once_passes_a_draft_of_an_id_that_is_sealed(
    database: str, sql_store: SqlStore
) -> None:
    submit(sql_store, a_draft(1))
    a_sealer(sql_store).batch()
    write(database, "hf_drafts", {**DRAFT, "id": a_draft(1).id})

    (entry,) = a_sealer(sql_store).record([a_draft(2)])

    assert (a_draft(2).id, 3) == (entry.id, entry.seq)
    assert verified(told(sql_store)).broken is None


@pytest.mark.parametrize("length", [LONGEST_ID + 1, LONGEST_ID + 2, 2000])
def test_a_draft_whose_id_is_longer_than_any_of_ours_is_refused_under_another(
    database: str, sql_store: SqlStore, length: int
) -> None:
    write(database, "hf_drafts", {**DRAFT, "id": "x" * length})
    submit(sql_store, a_draft(1))

    assert [2, 0] == [a_sealer(sql_store).batch(), a_sealer(sql_store).batch()]

    lines = told(sql_store)
    assert (verified(lines).broken, len(lines)) == (None, 2)
    assert b"its id is longer than 200 characters: xxx" in lines[0]
    with sql_store.reading() as tx:
        assert tx.records.backlog() == 0


def test_an_id_of_exactly_the_longest_is_sealed_beside_a_longer_one(
    database: str, sql_store: SqlStore
) -> None:
    longest = msgspec.structs.replace(a_draft(1), id="x" * LONGEST_ID)
    write(database, "hf_drafts", {**DRAFT, "id": "x" * (LONGEST_ID + 1)})
    submit(sql_store, longest)

    assert a_sealer(sql_store).batch() == 2

    with sql_store.reading() as tx:
        entry = tx.records.entry(longest.id)
        assert entry is not None
        assert (entry.kind, tx.records.backlog()) == (longest.kind, 0)


REWRITTEN = {
    "an entry that is no JSON": "UPDATE hf_entries SET line = 'rubbish'",
    "an entry with a field more": "UPDATE hf_entries SET line = '{\"x\":1}'",
    "an entry that is too deep": "UPDATE hf_entries SET line = " + f"'{'[' * 9999}'",
}
READS: dict[str, Callable[[Records], object]] = {
    "by id": lambda records: records.entry(a_draft(1).id),
    "by place": lambda records: records.at(1),
    "by kind": lambda records: records.of_kind(a_draft(1).kind),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("how", REWRITTEN)
def test_an_entry_that_somebody_has_rewritten_is_said_when_it_is_read(
    database: str, sql_store: SqlStore, how: str, read: str
) -> None:
    submit(sql_store, a_draft(1))
    a_sealer(sql_store).batch()
    rewrite(database, REWRITTEN[how])

    with pytest.raises(BadRecord, match="is none of ours"), sql_store.reading() as tx:
        READS[read](tx.records)


@pytest.mark.parametrize("column", ["root", "frontier"])
def test_a_tip_that_somebody_has_rewritten_is_said_when_it_is_read(
    database: str, sql_store: SqlStore, column: str
) -> None:
    submit(sql_store, a_draft(1))
    a_sealer(sql_store).batch()
    rewrite(database, f"UPDATE hf_tips SET {column} = 'rubbish'")

    with pytest.raises(BadRecord, match="Somebody has written into the database"):
        a_sealer(sql_store).record([a_draft(2)])


@pytest.mark.parametrize("case", LETTERS)
def test_a_letter_of_nobodys_is_answered_and_holds_up_no_other(
    database: str, sql_store: SqlStore, case: str
) -> None:
    write(database, "hf_letters", {**LETTER, **LETTERS[case]})
    good = put(sql_store, 1, text="fine")

    assert an_inbox(sql_store).batch() == 2

    assert outcome(sql_store, good).startswith("recorded: ")
    with sql_store.reading() as tx:
        assert tx.letters.backlog() == 0
    assert a_sealer(sql_store).batch() == 2
    assert verified(told(sql_store)).broken is None


TYPES = {
    "a sender that is no text": ("sender", "x'ff'"),
    "a sender in no encoding": ("sender", "CAST(x'ff' AS TEXT)"),
    "a kind that is no text": ("kind", "x'ff'"),
    "a kind in no encoding": ("kind", "CAST(x'ff' AS TEXT)"),
    "a kind in bytes": ("kind", "CAST('freeze' AS BLOB)"),
    "a body in no encoding": ("body", "CAST(x'ff' AS TEXT)"),
    "a body that is no text": ("body", "x'ff'"),
    "a moment that is no number": ("at_ms", "'abc'"),
    "a moment in bytes": ("at_ms", "x'ff'"),
    "a moment with a fraction": ("at_ms", "1.5"),
    "a moment beyond all numbers": ("at_ms", "9e999"),
}
NO_NAMES = {
    "an id that is no text": "x'ff'",
    "an id in no encoding": "CAST(x'ff' AS TEXT)",
    "an id with another letter": "'\N{LATIN SMALL LETTER E WITH ACUTE}'",
}


def written_in_sqlite(tmp_path: Path, **row: str) -> SqlStore:
    """A store in which one letter's row was written by whoever may write the file."""
    address = f"sqlite:///{tmp_path}/holdfast.db"
    engine = open_engine(parse_url(address))
    upkeep.upgrade(engine, CLUSTER)
    told = {name: f"'{value}'" for name, value in {"cluster_uid": CLUSTER, **LETTER}.items()}
    told = {**told, "at_ms": "0", **row}
    rewrite(
        address, f"INSERT INTO hf_letters ({', '.join(told)}) VALUES ({', '.join(told.values())})"
    )
    return SqlStore(engine, CLUSTER)


@pytest.mark.parametrize("case", TYPES)
def test_a_row_of_another_type_is_refused_and_holds_up_no_letter(tmp_path: Path, case: str) -> None:
    name, value = TYPES[case]
    store = written_in_sqlite(tmp_path, **{name: value})
    good = put(store)
    frozen = put_any(store, 2, FREEZE, {"reason": "stop"})

    assert 3 == an_inbox(store).batch()

    assert outcome(store, "bad").startswith("recorded" if "sender in" in case else "refused")
    assert outcome(store, good).startswith("recorded")
    assert outcome(store, frozen).startswith("frozen")
    store.close()


@pytest.mark.parametrize("case", NO_NAMES)
def test_a_row_of_an_id_by_which_nobody_can_answer_holds_up_no_letter(
    tmp_path: Path, case: str
) -> None:
    store = written_in_sqlite(tmp_path, id=NO_NAMES[case])
    good = put(store)

    assert [1, 0] == [an_inbox(store).batch(), an_inbox(store).batch()]

    assert outcome(store, good).startswith("recorded")
    store.close()


BEATEN: dict[str, tuple[str, str]] = {
    "a moment that is no number": ("beat_ms", "'q'"),
    "a beginning with a fraction": ("started_ms", "1.5"),
    "a role that is no text": ("role", "x'ff'"),
    "an executor in bytes": ("executor", "CAST('other' AS BLOB)"),
    "figures that are no text": ("figures", "x'ff'"),
}


def a_store_in_sqlite(tmp_path: Path) -> SqlStore:
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/holdfast.db"))
    upkeep.upgrade(engine, CLUSTER)
    return SqlStore(engine, CLUSTER)


def damage(tmp_path: Path, table: str, column: str, value: str, where: str) -> None:
    address = f"sqlite:///{tmp_path}/holdfast.db"
    rewrite(address, f"UPDATE {table} SET {column} = {value} WHERE {where}")


@pytest.mark.parametrize("case", BEATEN)
def test_a_beat_of_another_type_is_nobodys_and_hides_no_other(tmp_path: Path, case: str) -> None:
    store = a_store_in_sqlite(tmp_path)
    with store.transaction() as tx:
        tx.beats.beat(a_beat("k-1"))
        tx.beats.beat(a_beat("k-2"))
    damage(tmp_path, "hf_beats", *BEATEN[case], "executor = 'k-1'")

    with store.reading() as tx:
        assert ["k-2"] == [each.executor for each in tx.beats.all()]

    with store.transaction() as tx:
        tx.beats.beat(a_beat("k-1"))  # whoever lives says so again
        assert {"k-1", "k-2"} == {each.executor for each in tx.beats.all()}
    store.close()


DAMAGED: dict[str, tuple[str, str]] = {
    "a change at no moment": ("changed_ms", "'abc'"),
    "a change beyond all numbers": ("changed_ms", "9e999"),
    "proposed with a fraction": ("proposed_ms", "1.5"),
    "open until bytes": ("open_until_ms", "x'ff'"),
    "a content in bytes": ("content", "CAST(content AS BLOB)"),
    "a content in no encoding": ("content", "CAST(x'ff' AS TEXT)"),
    "a card in no encoding": ("card", "CAST(x'ff' AS TEXT)"),
    "a card that is no text": ("card", "x'ff'"),
    "progress that is no text": ("progress", "x'ff'"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_proposal_with_a_value_of_another_type_is_told_as_changed_and_hides_no_other(
    tmp_path: Path, case: str
) -> None:
    store = a_store_in_sqlite(tmp_path)
    with store.transaction() as tx:
        tx.cases.put(a_case(1))
        tx.cases.put(a_case(2))
    damage(tmp_path, "hf_cases", *DAMAGED[case], "id = 'prp_1'")

    with store.reading() as tx:
        assert a_case(2) == tx.cases.case("prp_2")
        (damaged,) = (each for each in tx.cases.newest(9) if each.id == "prp_1")
        assert damaged == tx.cases.case("prp_1")
        assert 2 == len(tx.cases.in_states(["proposed"], 9))
    with pytest.raises(BadRecord, match="Proposal prp_1 is not what it was when it was proposed"):
        opened(damaged, CLUSTER)
    with store.transaction() as tx:
        assert not tx.cases.move(damaged, msgspec.structs.replace(damaged, state="approved"))
    store.close()


@pytest.mark.parametrize("state", ["proposed", "approved"])
@pytest.mark.parametrize("case", DAMAGED)
def test_a_proposal_whose_row_is_damaged_ends_at_once_and_is_told_once(
    tmp_path: Path, case: str, state: str
) -> None:
    store, cluster = a_store_in_sqlite(tmp_path), SimulatedCluster()
    leash = a_leash(store=store, cluster=cluster, hands=NOBODY, clock=SystemClock())  # type: ignore[arg-type]
    with store.transaction() as tx:
        for number in (1, 2):
            now = tx.now()
            tx.cases.put(a_case(number, state=state, changed=now, open_until=now + DAY))
    damage(tmp_path, "hf_cases", *DAMAGED[case], "id = 'prp_1'")

    for ended in (1, 0):
        with store.transaction() as tx:
            assert ended == expired(tx, leash)

    with store.reading() as tx:
        states = {each.id: each.state for each in tx.cases.newest(9)}
        (entry,) = tx.records.waiting(9)
    assert {"prp_1": "expired", "prp_2": state} == states
    assert ("expired", DAMAGED_ROW) == (entry.kind, entry.details["because"])
    assert ["row damaged"] == leash.log.events  # type: ignore[attr-defined]
    store.close()


async def test_a_proposal_whose_row_is_damaged_holds_up_no_restore(tmp_path: Path) -> None:
    store = a_store_in_sqlite(tmp_path)
    states = ("proposed", "approved", "leased", "applied", "unknown", "undoing", "not_recovered")
    with store.transaction() as tx:
        for number, state in enumerate(states):
            tx.cases.put(a_case(number, state=state))
    damage(tmp_path, "hf_cases", "content", "x'ff'", "1 = 1")

    await accept_restore(a_sealer(store), [], "the disk died", "ada")

    with store.reading() as tx:
        ended = {each.id: each.state for each in tx.cases.newest(9)}
    assert ["expired", "expired", "unknown"] == [ended[f"prp_{number}"] for number in range(3)]
    store.close()


@pytest.mark.parametrize("value", ["'abc'", "x'ff'", "1.5", "9e999"])
def test_a_word_of_no_moment_is_nobodys(tmp_path: Path, value: str) -> None:
    store = a_store_in_sqlite(tmp_path)
    with store.transaction() as tx:
        tx.words.add(a_word("ada"))
        tx.words.add(a_word("ben"))
    damage(tmp_path, "hf_words", "at_ms", value, "person = 'ada'")

    with store.reading() as tx:
        assert ["ben"] == [each.person for each in tx.words.of("prp_1", 1)]
    store.close()


@pytest.mark.parametrize("value", ["'abc'", str(2**62)])
def test_whoever_reads_page_by_page_comes_to_an_end(tmp_path: Path, value: str) -> None:
    store = a_store_in_sqlite(tmp_path)
    with store.transaction() as tx:
        for number in range(1, 6):
            tx.cases.put(a_case(number))
    damage(tmp_path, "hf_cases", "changed_ms", value, "id = 'prp_2'")

    read: list[str] = []
    with store.reading() as tx:
        page = tx.cases.in_states(["proposed"], 2)
        while page and len(read) < 20:
            read += [each.id for each in page]
            page = tx.cases.in_states(["proposed"], 2, (page[-1].changed, page[-1].id))
    assert ["prp_1", "prp_3", "prp_4", "prp_5", "prp_2"] == read
    store.close()


def test_nothing_is_begun_beside_what_nobody_can_read() -> None:
    store = StoreInMemory(CLUSTER, FrozenClock())
    with store.transaction() as tx:
        tx.cases.put(a_case(1, state="applied", content="", target="uid-1"))
    about = Ref(api_version="v1", kind="Pod", namespace="shop", name="web", uid="uid-2")
    cluster = SimulatedCluster()
    leash = a_leash(store=store, cluster=cluster, hands=NOBODY, clock=cluster.clock)  # type: ignore[arg-type]
    no = busy(leash, about, UNDER_WAY)
    assert no is not None
    assert "prp_1 is under way on it (applied)" == no.because


@pytest.mark.parametrize(("second", "held"), [(-1, True), (0, False)])
def test_what_nobody_can_read_holds_nobody_up_once_nothing_can_come_of_it(
    second: int, held: bool
) -> None:
    clock = FrozenClock()
    store, cluster = StoreInMemory(CLUSTER, clock), SimulatedCluster()
    with store.transaction() as tx:
        tx.cases.put(a_case(1, state="unknown", content="", changed=clock.now()))
    about = Ref(api_version="v1", kind="Pod", namespace="shop", name="web", uid="uid-2")
    leash = a_leash(store=store, cluster=cluster, hands=NOBODY, clock=clock)  # type: ignore[arg-type]
    timing = leash.timing
    clock.advance(timing.settled + timing.deadline + timing.late + timedelta(seconds=second))
    assert held is (busy(leash, about, UNDER_WAY) is not None)

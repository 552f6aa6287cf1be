"""Databases of every released schema are upgraded with work in flight, and so are their backups."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, text

from holdfast.adapters.stores import backup, upkeep
from holdfast.adapters.stores.database import asking, open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import WrongStore
from holdfast.testing.clock import NOON
from tests.adapters.stores.released import FOLDER, as_released, made
from tests.adapters.stores.test_backup import whole
from tests.audit.chains import CLUSTER, a_chain_of, a_draft, lines, verified
from tests.contracts.test_casework import a_bucket, a_case, a_word, moved
from tests.contracts.test_store import a_beat, a_letter
from tests.workflow.test_sealing import a_sealer

RELEASED = sorted(path.stem for path in FOLDER.glob("*.sql"))
NEWEST = RELEASED[-1]
WITH_CASEWORK = "0003"  # and every later one


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    opened = open_engine(parse_url(database))
    yield opened
    opened.dispose()


def judge(engine: Engine) -> None:
    """What was sealed is whole, and what was on its way arrives."""
    store = SqlStore(engine, CLUSTER)
    with store.reading() as tx:
        assert lines(a_chain_of(as_released(*range(1, 6)))) == list(tx.records.lines())
        assert as_released(100, 101) == list(tx.records.waiting(9))
        assert [a_letter(2)] == list(tx.letters.waiting(9))
    with store.transaction() as tx:
        assert not tx.letters.answer("ltr_1", "again")
        tx.records.submit(a_draft(102))
    assert a_sealer(store).batch() == 3
    with store.reading() as tx:
        outcome = verified(list(tx.records.lines()))
        assert (outcome.entries, outcome.broken, outcome.state) == (8, None, tx.records.tip())


def test_there_is_a_database_and_a_backup_of_every_revision() -> None:
    assert set(RELEASED) == upkeep.revisions()
    assert {path.stem for path in FOLDER.glob("*.backup")} == upkeep.revisions()


def judge_casework(engine: Engine) -> None:
    """What people have said yes to goes on where it was, and nothing of it is done twice."""
    store = SqlStore(engine, CLUSTER)
    with store.transaction() as tx:
        assert [a_case(2, state="approved"), a_case(1)] == list(tx.cases.newest(9))
        assert [a_word("ada"), a_word("grace")] == list(tx.words.of("prp_1", 1))
        assert not tx.once.spend("ticket", "jti_1", "run_2", NOON)
        assert not tx.buckets.fill("ada", "restart", None, a_bucket())
        assert tx.buckets.bucket("ada", "restart") == a_bucket()
        assert tx.switches.value("freeze") == "{}"
        assert not tx.words.add(a_word("ada"))
        assert tx.words.add(a_word("alan"))
        assert tx.cases.move(a_case(1), moved(a_case(1)))


@pytest.mark.parametrize("revision", RELEASED)
def test_work_in_flight_goes_on_after_an_upgrade(engine: Engine, revision: str) -> None:
    made(engine, revision)
    if revision != NEWEST:
        with pytest.raises(WrongStore, match=f"at revision {revision}, and this version wants"):
            upkeep.require_current(engine, CLUSTER)

    assert upkeep.upgrade(engine, CLUSTER) == (revision, NEWEST)

    upkeep.require_current(engine, CLUSTER)
    with SqlStore(engine, CLUSTER).reading() as tx:
        assert [a_beat()] == list(tx.beats.all())
    judge(engine)
    if revision >= WITH_CASEWORK:
        judge_casework(engine)


class Failed(Exception):
    """Somebody pulled the plug."""


@pytest.mark.slow
@pytest.mark.parametrize("revision", [each for each in RELEASED if each != NEWEST])
def test_an_upgrade_that_fails_at_any_statement_leaves_what_was_there(
    engine: Engine, revision: str
) -> None:
    made(engine, revision)
    for fails_at in range(1, 200):
        try:
            _upgraded(engine, fails_at)
        except Failed:
            now = upkeep.standing(engine)
            assert (now.revision, now.foreign) == (revision, False), f"after statement {fails_at}"
            continue
        break

    assert fails_at > 3
    judge(engine)


def _upgraded(engine: Engine, fails_at: int) -> None:
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == fails_at:
            raise Failed

    event.listen(engine, "before_cursor_execute", count)
    try:
        upkeep.upgrade(engine, CLUSTER)
    finally:
        event.remove(engine, "before_cursor_execute", count)


@pytest.mark.slow
@pytest.mark.parametrize("revision", RELEASED)
def test_a_backup_of_every_release_is_restored(engine: Engine, revision: str) -> None:
    manifest = backup.restore(engine, FOLDER / f"{revision}.backup", whole)

    assert manifest.revision == revision
    upkeep.require_current(engine, CLUSTER)
    judge(engine)
    if revision >= WITH_CASEWORK:
        judge_casework(engine)


def test_a_newer_schema_is_not_downgraded(engine: Engine) -> None:
    made(engine, NEWEST)
    with asking(engine, writing=True) as connection:
        connection.execute(text("UPDATE hf_revision SET version_num = '9999'"))

    with pytest.raises(WrongStore, match="which this version does not know"):
        upkeep.upgrade(engine, CLUSTER)
    with pytest.raises(WrongStore, match="which this version does not know"):
        upkeep.require_current(engine, CLUSTER)

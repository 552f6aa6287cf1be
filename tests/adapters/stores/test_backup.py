"""A backup shows one moment, and is restored whole into an empty database or not at all."""

import hashlib
import json
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from holdfast.adapters.files.whole import opened
from holdfast.adapters.stores import backup, upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.audit import chain
from holdfast.errors import BadRecord, WrongStore
from holdfast.model.entries import Entry
from holdfast.ports import Records
from holdfast.testing.clock import NOON
from tests.audit.chains import (
    CHAIN,
    CLUSTER,
    a_chain,
    a_draft,
    a_key,
    checkpoints,
    lines,
    verified,
)
from tests.contracts.test_casework import a_bucket, a_case, a_word
from tests.contracts.test_store import a_beat, a_letter

pytestmark = pytest.mark.slow

AT = "2026-03-02T12:00:00.000Z"


class NotThis(Exception):
    """The record was judged, and found wanting."""


def whole(records: Records) -> None:
    """A judge who looks."""
    if verified(list(records.lines())).broken is not None:
        raise NotThis


def upgraded(url: str) -> Iterator[Engine]:
    """That database, as an upgrade makes it, until it is done with."""
    opened = open_engine(parse_url(url))
    upkeep.upgrade(opened, CLUSTER)
    yield opened
    opened.dispose()


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    yield from upgraded(database)


@pytest.fixture
def empty(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of the same sort."""
    if engine.dialect.name == "sqlite":
        opened = open_engine(parse_url(f"sqlite:///{tmp_path}/restored.db"))
    else:
        opened = open_engine(parse_url(request.getfixturevalue("another_postgres_database")))
    yield opened
    opened.dispose()


def fill(engine: Engine, entries: int = 7) -> None:
    told = a_chain(entries)
    with SqlStore(engine, CLUSTER).transaction() as tx:
        tx.records.seal(told, checkpoints(told)[-1])
        tx.records.submit(a_draft(100))
        tx.records.submit(a_draft(101))
        tx.letters.put(a_letter(1))
        tx.letters.put(a_letter(2))
        tx.letters.answer("ltr_1", "issued")
        tx.beats.beat(a_beat())
        tx.cases.put(a_case())
        tx.words.add(a_word())
        tx.once.spend("ticket", "jti_1", "run_1", NOON)
        tx.buckets.fill("ada", "restart", None, a_bucket())
        tx.switches.on("freeze", "{}", NOON)


def test_a_restored_database_holds_what_was_there(
    engine: Engine, empty: Engine, tmp_path: Path
) -> None:
    fill(engine)

    written = backup.write(engine, tmp_path / "b", AT, opened)
    restored = backup.restore(empty, tmp_path / "b", whole)

    assert written == restored
    assert (written.size, written.cluster, written.tables["hf_letters"]) == (7, CLUSTER, 2)
    upkeep.require_current(empty, CLUSTER)
    store = SqlStore(empty, CLUSTER)
    with store.transaction() as tx:
        assert lines(a_chain(7)) == list(tx.records.lines())
        assert checkpoints(a_chain(7))[-1] == tx.records.tip()
        assert [a_draft(100), a_draft(101)] == list(tx.records.waiting(9))
        assert [a_letter(2)] == list(tx.letters.waiting(9))
        assert not tx.letters.answer("ltr_1", "again")
        assert not tx.beats.all()
        assert [a_case()] == list(tx.cases.newest(9))
        assert tx.once.spent("ticket", "jti_1") == "run_1"
        assert tx.buckets.bucket("ada", "restart") == a_bucket()
        assert [("freeze", "{}")] == list(tx.switches.all())
        assert tx.words.add(a_word("grace"))
        assert [a_word(), a_word("grace")] == list(tx.words.of("prp_1", 1))
        tx.records.submit(a_draft(102))  # and it goes on counting where it was
        assert [d.id for d in tx.records.waiting(9)] == [a_draft(n).id for n in (100, 101, 102)]


def test_a_backup_of_nothing_is_one(engine: Engine, empty: Engine, tmp_path: Path) -> None:
    backup.write(engine, tmp_path / "b", AT, opened)

    assert backup.restore(empty, tmp_path / "b", whole).size == 0


def test_only_the_owner_can_read_a_backup(engine: Engine, tmp_path: Path) -> None:
    backup.write(engine, tmp_path / "b", AT, opened)

    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600


def test_nothing_is_written_over(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")

    with pytest.raises(BadRecord):
        backup.write(engine, tmp_path / "b", AT, opened)

    assert (tmp_path / "b").read_text() == "mine"


def test_a_backup_is_restored_into_an_empty_database_alone(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    backup.write(engine, tmp_path / "b", AT, opened)

    with pytest.raises(WrongStore) as said:
        backup.restore(engine, tmp_path / "b", whole)

    assert "is not empty" in said.value.wrong


def test_a_record_that_is_judged_bad_is_not_restored(
    engine: Engine, empty: Engine, tmp_path: Path
) -> None:
    fill(engine)
    backup.write(engine, tmp_path / "b", AT, opened)

    def judge(_: Records) -> None:
        raise NotThis

    with pytest.raises(NotThis):
        backup.restore(empty, tmp_path / "b", judge)

    assert upkeep.standing(empty).revision is None


def a_backup(path: Path) -> list[bytes]:
    engine = open_engine(parse_url(f"sqlite:///{path.parent}/of.db"))
    upkeep.upgrade(engine, CLUSTER)
    fill(engine)
    backup.write(engine, path, AT, opened)
    engine.dispose()
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told[:-1],
        lambda told: told[:-2],
        lambda told: [*told[:-1], told[-1][:-1]],
        lambda told: [*told[:4], *told[5:]],
        lambda told: [told[0], told[2], told[1], *told[3:]],
        lambda told: [*told, told[-1]],
        lambda told: [told[0].replace(b'"size":7', b'"size":6'), *told[1:]],
        lambda told: [told[0], told[1].replace(b"7e8d", b"7e8e", 1), *told[2:]],
        lambda told: [],
        lambda told: [b"rubbish\n"],
        lambda told: [told[0]],
        lambda told: [b"x" * (17 << 20)],
    ],
    ids=[
        *("without its hash", "without a row", "cut in its hash", "a row dropped", "rows swapped"),
        *("hash doubled", "manifest changed", "row changed", "empty", "rubbish", "manifest alone"),
        "one long line",
    ],
)
def test_a_spoilt_backup_is_refused_and_nothing_is_written(
    tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]]
) -> None:
    (tmp_path / "bad").write_bytes(b"".join(spoil(a_backup(tmp_path / "b"))))
    empty = open_engine(parse_url(f"sqlite:///{tmp_path}/restored.db"))

    with pytest.raises(BadRecord):
        backup.restore(empty, tmp_path / "bad", whole)

    assert upkeep.standing(empty).revision is None
    empty.dispose()


def again_with_its_hash(told: list[bytes]) -> bytes:
    body = b"".join(told[:-1])
    return body + b'{"sha256":"%s"}\n' % hashlib.sha256(body).hexdigest().encode()


@pytest.mark.parametrize(
    "lie",
    [
        {"size": 6},
        {"chain": "chn_other"},
        {"revision": "9999"},
        {"kind": "Snapshot"},
        {"tables": {"hf_letters": 2}},
        {"tables": {"sqlite_master": 1}},
        {"cluster": "another"},
    ],
    ids=str,
)
def test_a_manifest_that_lies_is_refused(tmp_path: Path, lie: dict[str, object]) -> None:
    told = a_backup(tmp_path / "b")
    manifest = json.dumps(json.loads(told[0]) | lie).encode() + b"\n"
    (tmp_path / "bad").write_bytes(again_with_its_hash([manifest, *told[1:]]))
    empty = open_engine(parse_url(f"sqlite:///{tmp_path}/restored.db"))

    with pytest.raises(BadRecord):
        backup.restore(empty, tmp_path / "bad", whole)

    assert upkeep.standing(empty).revision is None
    empty.dispose()


def test_a_backup_under_load_restores_to_a_chain_that_verifies(
    engine: Engine, empty: Engine, tmp_path: Path
) -> None:
    store = SqlStore(engine, CLUSTER)
    enough = threading.Event()
    sealed = threading.Semaphore(0)

    def seal() -> None:
        head, size = chain.started(CHAIN, CLUSTER), 0
        entries: list[Entry] = []
        while not enough.is_set():
            drafts = [a_draft(n) for n in range(size + 1, size + 4)]
            new = chain.sealed(head, drafts, time=AT, key=a_key().public.id, sign=a_key().sign)
            entries += new
            with store.transaction() as tx:
                tx.records.seal(new, checkpoints(entries)[-1])
            head, size = chain.after(head, new[-1]), size + 3
            sealed.release()

    writer = threading.Thread(target=seal)
    writer.start()
    try:
        for number in range(3):
            assert sealed.acquire(timeout=60)
            backup.write(engine, tmp_path / f"b{number}", AT, opened)
            assert sealed.acquire(timeout=60)
    finally:
        enough.set()
        writer.join()

    restored = backup.restore(empty, tmp_path / "b2", whole)
    assert restored.size % 3 == 0
    assert restored.size >= 9


def test_a_backup_that_fails_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    fill(engine)

    with pytest.raises(FileNotFoundError):
        backup.write(engine, tmp_path / "gone" / "b", AT, opened)

    assert not [f for f in tmp_path.iterdir() if ".b" in f.name]

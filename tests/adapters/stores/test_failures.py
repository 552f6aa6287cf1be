"""Every statement and every write to a file fails once, before and after: the state stays whole."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from holdfast.adapters.files.whole import opened
from holdfast.adapters.stores import backup, upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import HoldfastError
from holdfast.model.letters import Letter
from tests.adapters.stores.test_backup import AT, whole
from tests.audit.chains import CLUSTER, a_draft, verified
from tests.contracts.test_store import a_letter
from tests.tally import Count, Tally
from tests.workflow.test_sealing import a_sealer

pytestmark = pytest.mark.slow


class Failed(Exception):
    """The connection was lost, the disk was full, the plug was pulled."""


class Plug:
    """Pulled at the n-th point; counts how many there are."""

    def __init__(self) -> None:
        self.at = 0
        self.seen = 0

    def point(self, *_: object) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise Failed

    @contextmanager
    def pulled_at(self, number: int) -> Iterator[None]:
        self.at, self.seen = number, 0
        try:
            yield
        finally:
            self.at = 0


@pytest.fixture
def plug(sql_store: SqlStore) -> Plug:
    made = Plug()
    for moment in ("before_cursor_execute", "after_cursor_execute", "commit", "begin"):
        event.listen(engine_of(sql_store), moment, made.point)
    return made


def engine_of(store: SqlStore) -> Engine:
    with store.reading() as tx:
        connection = tx.native
    engine: Engine = connection.engine  # type: ignore[attr-defined]
    return engine


def points(plug: Plug, act: Callable[[int], None], judge: Callable[[int, bool], None]) -> int:
    """Do it with the plug pulled ever later, until it gets through; judge after each."""
    for number in range(1, 500):
        try:
            with plug.pulled_at(number):
                act(number)
        except Failed:
            judge(number, False)
            continue
        judge(number, True)
        return number - 1
    raise AssertionError("it never got through")


def state(store: SqlStore) -> tuple[list[str], list[str], list[Letter]]:
    """What is sealed, what waits, and the inbox; the chain verifies and ends at its tip."""
    with store.reading() as tx:
        outcome = verified(list(tx.records.lines()))
        assert outcome.broken is None
        assert outcome.state == tx.records.tip()
        sealed = [each.id for each in map(tx.records.at, range(1, outcome.entries + 1)) if each]
        waiting = [each.id for each in tx.records.waiting(999)]
        return sealed, waiting, list(tx.letters.waiting(999))


def test_a_submission_is_there_or_its_caller_hears(
    sql_store: SqlStore, plug: Plug, tally: Tally
) -> None:
    def act(number: int) -> None:
        with sql_store.transaction() as tx:
            tx.records.submit(a_draft(number))
            tx.letters.put(a_letter(number))

    def judge(number: int, through: bool) -> None:
        _, waiting, letters = state(sql_store)
        expected = [a_draft(number).id] if through else []
        assert expected == waiting, number
        assert [f"ltr_{number}"][: len(expected)] == [each.id for each in letters], number

    tally(Count("failure points of an append", n=points(plug, act, judge)))


def test_a_batch_is_sealed_or_waits(sql_store: SqlStore, plug: Plug, tally: Tally) -> None:
    ids = [a_draft(n).id for n in (1, 2, 3)]
    with sql_store.transaction() as tx:
        for number in (1, 2, 3):
            tx.records.submit(a_draft(number))

    def act(_: int) -> None:
        a_sealer(sql_store).batch()

    def judge(number: int, through: bool) -> None:
        sealed, waiting, _ = state(sql_store)
        assert (ids, []) == (sealed, waiting) if through else ([], ids) == (sealed, waiting), number

    tally(Count("failure points of a seal", n=points(plug, act, judge)))


def test_a_backup_is_whole_or_not_there(
    sql_store: SqlStore, plug: Plug, tally: Tally, tmp_path: Path
) -> None:
    with sql_store.transaction() as tx:
        for number in range(1, 6):
            tx.records.submit(a_draft(number))
    a_sealer(sql_store).batch()
    engine = engine_of(sql_store)

    def act(number: int) -> None:
        backup.write(engine, tmp_path / f"b{number}", AT, opened)

    def judge(number: int, through: bool) -> None:
        assert through == (tmp_path / f"b{number}").exists()
        assert not list(tmp_path.glob(".b*"))

    count = points(plug, act, judge)
    restored = open_engine(parse_url(f"sqlite:///{tmp_path}/restored.db"))
    assert backup.restore(restored, tmp_path / f"b{count + 1}", whole).size == 5
    restored.dispose()
    tally(Count("failure points of a backup", n=count))


@pytest.mark.parametrize("call", ["fsync", "open", "fdopen"])
def test_a_backup_on_a_disk_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    engine = open_engine(parse_url(f"sqlite:///{tmp_path}/of.db"))
    upkeep.upgrade(engine, CLUSTER)
    (tmp_path / "backups").mkdir()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises((OSError, HoldfastError)):
            backup.write(engine, tmp_path / "backups" / "b", AT, opened)

    assert not [each for each in (tmp_path / "backups").iterdir() if each.name == "b"]
    engine.dispose()

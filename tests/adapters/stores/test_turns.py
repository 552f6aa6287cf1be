"""Writers of one process take turns, and nobody is passed over."""

import threading
from pathlib import Path

import pytest

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.adapters.stores.turns import NobodyGotOn, Turns, turns_of
from holdfast.errors import HoldfastError, StoreRefused
from tests.audit.chains import CLUSTER, a_draft

SOON = 30  # seconds that a thread of the tests may take


def a_store(path: Path, busy: float) -> SqlStore:
    engine = open_engine(parse_url(f"sqlite:///{path}/holdfast.db"), busy=busy)
    upkeep.upgrade(engine, CLUSTER)
    return SqlStore(engine, CLUSTER)


def test_whoever_came_first_writes_first() -> None:
    turns, order = Turns(), []
    writers = []

    def write(number: int) -> None:
        with turns.turn(SOON):
            order.append(number)

    with turns.turn(SOON):
        for number in range(8):
            writer = threading.Thread(target=write, args=(number,))
            writers.append(writer)
            writer.start()
            while turns.waiting < number + 1:
                assert writer.is_alive()
    for writer in writers:
        writer.join(SOON)

    assert order == list(range(8))


def test_whoever_waits_for_one_who_keeps_his_turn_gives_up_and_holds_up_nobody() -> None:
    turns = Turns()
    with turns.turn(SOON):
        with pytest.raises(NobodyGotOn), turns.turn(0.01):
            pytest.fail("there were two at once")
        assert turns.waiting == 0

    with turns.turn(0.01):
        pass


def test_a_file_has_one_line_however_often_it_is_opened(tmp_path: Path) -> None:
    assert turns_of(tmp_path / "a.db") is turns_of(tmp_path / "a.db")
    assert turns_of(tmp_path / "a.db") is not turns_of(tmp_path / "b.db")


@pytest.mark.slow
def test_eight_writers_who_never_pause_all_get_their_turns(tmp_path: Path) -> None:
    """Without a line, one in ten gives up: SQLite's sleepers wake when another has the file."""
    stores = [a_store(tmp_path, busy=1) for _ in range(2)]
    together = threading.Barrier(8)
    refused: list[HoldfastError] = []

    def write(writer: int) -> None:
        together.wait(SOON)
        for batch in range(15):
            first = 1000 * writer + 10 * batch
            try:
                with stores[writer % 2].transaction() as tx:
                    for number in range(first, first + 10):
                        tx.records.submit(a_draft(number))
            except HoldfastError as starved:
                refused.append(starved)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(SOON * 4)

    assert refused == []
    with stores[0].reading() as tx:
        assert len(tx.records.waiting(9999)) == 8 * 15 * 10
    for store in stores:
        store.close()


def test_one_who_keeps_his_turn_too_long_is_said(tmp_path: Path) -> None:
    store = a_store(tmp_path, busy=0.05)
    said: list[str] = []

    def second() -> None:
        with pytest.raises(StoreRefused) as refused, store.transaction():
            pass
        said.append(refused.value.wrong)

    with store.transaction():
        other = threading.Thread(target=second)
        other.start()
        other.join(SOON)

    assert "is being written by another part of this process" in said[0]
    store.close()

"""A budget gives as much as it holds, however many take from it, and whatever starts again."""

import threading
from datetime import datetime, timedelta

import pytest

from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.approvals.budgets import left
from holdfast.model.cases import Bucket
from holdfast.model.repairs import ActionClass
from holdfast.ports import Store
from holdfast.testing.casework import BucketsInMemory, Casework
from holdfast.testing.clock import NOON
from holdfast.workflow.budgets import take
from tests.audit.chains import CLUSTER
from tests.tally import Count, Tally

RESTART, REMOVE = ActionClass.RESTART, ActionClass.REMOVE
SOON = 300  # seconds that a thread of the tests may take
TAKES, HOLDS, AT_ONCE = 1000, 250, 8


def taken(store: Store, person: str = "ada", now: datetime = NOON, *, per_hour: int = 10) -> bool:
    with store.transaction() as tx:
        return take(tx.buckets, person, RESTART, per_hour, now)


def test_it_gives_what_an_hour_holds_and_each_person_and_class_its_own(store: Store) -> None:
    assert [True] * 10 + [False] * 2 == [taken(store) for _ in range(12)]

    assert taken(store, "grace")
    with store.transaction() as tx:
        assert take(tx.buckets, "ada", REMOVE, 1, NOON)
        assert not take(tx.buckets, "ada", REMOVE, 1, NOON)


def test_it_gives_again_with_time_and_not_when_a_clock_goes_back(store: Store) -> None:
    while taken(store):
        pass

    assert not taken(store, now=NOON - timedelta(hours=9))
    assert not taken(store, now=NOON + timedelta(minutes=5, seconds=59))
    assert taken(store, now=NOON + timedelta(minutes=6))
    assert not taken(store, now=NOON + timedelta(minutes=6))


def test_what_was_taken_in_a_transaction_that_ended_badly_is_there_again(store: Store) -> None:
    class Undone(Exception):
        """Ends a transaction badly."""

    def take_all() -> None:
        with store.transaction() as tx:
            for _ in range(10):
                assert take(tx.buckets, "ada", RESTART, 10, NOON)
            raise Undone

    with pytest.raises(Undone):
        take_all()

    assert taken(store)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_a_thousand_who_take_at_once_as_many_get_one_as_it_holds(
    store: Store, tally: Tally
) -> None:
    barrier, won = threading.Barrier(AT_ONCE), list[bool]()

    def run() -> None:
        barrier.wait(SOON)
        won.extend([taken(store, per_hour=HOLDS) for _ in range(TAKES // AT_ONCE)])

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)

    wrong = abs(sum(won) - HOLDS)
    tally(Count("budgets: takes at once", len(won), failures=wrong))
    assert (TAKES, HOLDS) == (len(won), sum(won))


def test_starting_again_fills_nothing(database: str, sql_store: SqlStore) -> None:
    for _ in range(7):
        assert taken(sql_store)
    sql_store.close()

    again = SqlStore(open_engine(parse_url(database)), CLUSTER)

    with again.reading() as tx:
        assert left(tx.buckets.bucket("ada", "restart"), 10, NOON) == 3
    assert [True] * 3 + [False] == [taken(again) for _ in range(4)]
    again.close()


class Grabbed(BucketsInMemory):
    """Somebody else takes first, each time."""

    def __init__(self) -> None:
        kept = Casework()
        super().__init__(kept, lambda: kept)
        self.seen = 0

    def fill(self, person: str, of_class: str, was: Bucket | None, now: Bucket) -> bool:
        self.seen += 1
        super().fill(person, of_class, was, now)
        return False


def test_whoever_is_always_too_late_gives_up_when_nothing_is_left() -> None:
    buckets = Grabbed()

    assert not take(buckets, "ada", RESTART, 3, NOON)

    assert buckets.seen == 3

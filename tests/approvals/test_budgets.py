"""What is left of a person's budget, by the server's time."""

from datetime import UTC, datetime, timedelta

from holdfast.approvals.budgets import after_one, left, paid
from holdfast.model.cases import Bucket

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_an_hour_holds_so_many_and_no_more() -> None:
    bucket: Bucket | None = None
    for number in range(10):
        assert 10 - number == left(bucket, 10, NOON)
        bucket = after_one(bucket, 10, NOON)
        assert bucket is not None
    assert 0 == left(bucket, 10, NOON)
    assert after_one(bucket, 10, NOON) is None


def test_a_tenth_of_an_hour_gives_one_back_and_a_second_less_does_not() -> None:
    empty = Bucket(thousandths=0, at=NOON)
    assert 0 == left(empty, 10, NOON + timedelta(minutes=6) - timedelta(seconds=1))
    assert 1 == left(empty, 10, NOON + timedelta(minutes=6))
    assert 10 == left(empty, 10, NOON + timedelta(days=9))


def test_the_last_microsecond_counts() -> None:
    """Eleven an hour: a thousandth comes back every 327,272.7 microseconds."""
    nearly = Bucket(thousandths=999, at=NOON)
    assert 0 == left(nearly, 11, NOON + timedelta(microseconds=327_272))
    assert 1 == left(nearly, 11, NOON + timedelta(microseconds=327_273))


def test_a_clock_that_goes_back_fills_nothing_and_is_not_paid_twice_for() -> None:
    empty = Bucket(thousandths=1000, at=NOON)
    after = after_one(empty, 10, NOON - timedelta(hours=5))
    assert after == Bucket(thousandths=0, at=NOON)
    assert 0 == left(after, 10, NOON)


def test_a_budget_of_none_lets_nobody() -> None:
    assert 0 == left(None, 0, NOON)
    assert after_one(None, 0, NOON) is None


def test_a_budget_that_was_made_smaller_holds_at_once() -> None:
    assert 2 == left(Bucket(thousandths=9000, at=NOON), 2, NOON)


def test_no_two_payments_share_a_key() -> None:
    assert len({paid("prp_1", 11, "a"), paid("prp_1", 1, "1a"), paid("prp_11", 1, "a")}) == 3

"""Budgets: how many approvals of one class a person may give. Judged here, spent elsewhere.

A bucket fills with the server's time and holds an hour's worth. A restart fills nothing: what is
left is kept with the moment that it was left at.
"""

from datetime import datetime, timedelta

from holdfast.model.cases import Bucket

ONE = 1000  # thousandths
_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)


def left(was: Bucket | None, per_hour: int, now: datetime) -> int:
    """How many whole approvals are left; a clock that goes back fills nothing."""
    return _filled(was, per_hour, now) // ONE


def after_one(was: Bucket | None, per_hour: int, now: datetime) -> Bucket | None:
    """The bucket after one more; None if there is none left."""
    there = _filled(was, per_hour, now)
    if there < ONE:
        return None
    return Bucket(thousandths=there - ONE, at=max(now, was.at) if was is not None else now)


def _filled(was: Bucket | None, per_hour: int, now: datetime) -> int:
    most = per_hour * ONE
    if was is None:
        return most
    since = max(now - was.at, timedelta()) // _MICROSECOND
    return min(most, was.thousandths + since * most // (_HOUR // _MICROSECOND))


def paid(proposal: str, step: int, person: str) -> str:
    """The key under which one person's payment for one step is spent (of the sort `budget`).

    No part of it holds a slash: ids are letters and digits, a person's also dots and dashes.
    """
    return f"{proposal}/{step}/{person}"

"""Take from a person's budget, whoever else takes from it at the same moment."""

from datetime import datetime

from holdfast.approvals.budgets import after_one
from holdfast.model.repairs import ActionClass
from holdfast.ports import Buckets


def take(
    buckets: Buckets, person: str, of_class: ActionClass, per_hour: int, now: datetime
) -> bool:
    """Take one, in the transaction of these; False if none is left. `now` is the store's."""
    for _ in range(per_hour + 1):  # whoever loses so often has seen as many takes as there are
        was = buckets.bucket(person, of_class.value)
        after = after_one(was, per_hour, now)
        if after is None:
            return False
        if buckets.fill(person, of_class.value, was, after):
            return True
    return False

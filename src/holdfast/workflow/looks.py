"""Looks, as they are ordered: each under a number that none had before."""

from itertools import count

from holdfast.model.ordered import LOOK, CaseOrder
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.workflow.leash import Leash
from holdfast.workflow.numbering import first_free


def look_again(
    leash: Leash, tx: Tx, order: CaseOrder, number: int, *, rarely: bool = False
) -> None:
    """Order the next look, under the first number from there on that none had. The first look of
    all comes soon.
    """
    pace = leash.timing.pace
    delay = pace / 5 if number == 1 else pace * 6 if rarely else pace

    def free(number: int) -> bool:
        return leash.engine.status(tx, order.run(LOOK, number)) is None

    for each in count(first_free(free, number)):
        look = Order(id=order.run(LOOK, each), phase=LOOK, argument=order, delay=delay)
        if leash.engine.enqueue(tx, look):
            return

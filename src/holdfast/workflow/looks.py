"""Looks, as they are ordered: each under a number that none had before, and one after the other."""

from itertools import count

import msgspec

from holdfast.model.ordered import LOOK, CaseOrder
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.workflow.leash import Leash
from holdfast.workflow.numbering import first_free

AHEAD = 50  # looks that failed one after the other, after which it is told


def is_looked_at(leash: Leash, tx: Tx, order: CaseOrder, first: int) -> bool:
    """Whether somebody will have a look, from that number on: also one that was ordered before the
    latest lease was.
    """
    of_each = (
        msgspec.structs.replace(order, generation=each) for each in range(1, order.generation + 1)
    )
    return any(_is_due(leash, tx, each, first) for each in of_each)


def _is_due(leash: Leash, tx: Tx, order: CaseOrder, first: int) -> bool:
    number = next_look(leash, tx, order, first)
    latest = (order.run(LOOK, each) for each in range(max(first, number - AHEAD), number))
    found = (leash.engine.status(tx, each) for each in latest)
    return any(each is not None and not each.state.ended for each in found)


def next_look(leash: Leash, tx: Tx, order: CaseOrder, first: int) -> int:
    """The number of a look that nobody had, from that one on."""

    def free(number: int) -> bool:
        return leash.engine.status(tx, order.run(LOOK, number)) is None

    return first_free(free, first)


def look_again(
    leash: Leash, tx: Tx, order: CaseOrder, number: int, *, rarely: bool = False
) -> None:
    """Order the next look, under the first number from there on that none had. The first look of
    all comes soon.
    """
    pace = leash.timing.pace
    delay = pace / 5 if number == 1 else pace * 6 if rarely else pace
    for each in count(next_look(leash, tx, order, number)):
        look = Order(id=order.run(LOOK, each), phase=LOOK, argument=order, delay=delay)
        if leash.engine.enqueue(tx, look):
            return

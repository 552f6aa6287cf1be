"""Looks, as they are ordered: each under a number that none had before, and one after the other."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import msgspec

from holdfast.model.ordered import LOOK, CaseOrder
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.workflow.leash import Leash
from holdfast.workflow.numbering import first_free

AHEAD = 50  # looks that failed one after the other, after which it is told


def look_again(leash: Leash, tx: Tx, order: CaseOrder, first: int, *, rarely: bool = False) -> None:
    """Order the next look, under the first number from there on that none had. The first look of
    all comes soon.
    """
    pace = leash.timing.pace
    delay = _soon(leash) if first == 1 else pace * 6 if rarely else pace
    _ordered(leash, tx, order, _free(leash, tx, order, first), delay)


def look_unless_due(leash: Leash, tx: Tx, order: CaseOrder, first: int) -> int | None:
    """The same, unless somebody will have a look, from that number on: also one that was ordered
    before the latest lease was. Its number; None if somebody will.
    """
    number = _free(leash, tx, order, first)
    if _is_due(leash, tx, order, first, number) or any(
        _is_due(leash, tx, each, first, _free(leash, tx, each, first)) for each in _before(order)
    ):
        return None
    _ordered(leash, tx, order, number, _soon(leash) if number == 1 else leash.timing.pace)
    return number


def _before(order: CaseOrder) -> Iterator[CaseOrder]:
    for each in range(1, order.generation):
        yield msgspec.structs.replace(order, generation=each)


def _is_due(leash: Leash, tx: Tx, order: CaseOrder, first: int, free: int) -> bool:
    """Whether one of those looks is still to come: of many, the latest are asked for."""
    latest = (order.run(LOOK, each) for each in range(max(first, free - AHEAD), free))
    found = (leash.engine.status(tx, each) for each in latest)
    return any(each is not None and not each.state.ended for each in found)


def _free(leash: Leash, tx: Tx, order: CaseOrder, first: int) -> int:
    """The number of a look that nobody had, from that one on."""

    def free(number: int) -> bool:
        return leash.engine.status(tx, order.run(LOOK, number)) is None

    return first_free(free, first)


def _soon(leash: Leash) -> timedelta:
    return leash.timing.pace / 5


def _ordered(leash: Leash, tx: Tx, order: CaseOrder, number: int, delay: timedelta) -> None:
    for each in count(number):
        look = Order(id=order.run(LOOK, each), phase=LOOK, argument=order, delay=delay)
        if leash.engine.enqueue(tx, look):
            return

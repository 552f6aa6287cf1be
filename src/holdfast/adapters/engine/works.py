"""What an engine works at, as whom, and with what."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from holdfast.adapters.engine.rows import Rows
from holdfast.adapters.engine.wording import Wording
from holdfast.model.ids import ALPHABET
from holdfast.model.runs import Queue, Schedule
from holdfast.ports import Clock, Dice, Store
from holdfast.ports.engine import Phase

KEEP = timedelta(days=7)
PATIENCE = 20.0
_SUFFIX = 10  # digits of five bits: no two boots of one pod share a name


def nobody_listens(_: str) -> None:
    """What the engine complains about is lost."""


class Works(msgspec.Struct, frozen=True, kw_only=True):
    """What one process works at, and as whom."""

    role: str  # `serve` or `keeper`
    executor: str  # see `executor_of`
    release: str  # of Holdfast, for people
    phases: Sequence[Phase] = ()
    queues: Sequence[Queue] = ()
    schedules: Sequence[Schedule] = ()
    types: Sequence[type[msgspec.Struct]] = ()  # what phases and steps give
    keep: timedelta = KEEP  # how long runs are kept that have ended
    patience: float = PATIENCE  # seconds that work has to end when we stop
    troubled: Callable[[str], None] = nobody_listens


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody in an engine works with."""

    works: Works
    store: Store
    rows: Rows
    wording: Wording
    clock: Clock


def executor_of(name: str, dice: Dice) -> str:
    """One process, and no other: the name of its machine or pod, and a suffix of this boot."""
    return f"{name}-{''.join(ALPHABET[each % 32] for each in dice.roll(_SUFFIX))}"

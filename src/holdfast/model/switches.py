"""What holds for the whole cluster until somebody switches it back, as it is kept.

A switch that is on and cannot be read is on: nobody unfreezes a cluster by a broken row.
"""

from datetime import datetime

import msgspec

from holdfast.errors import BadRecord, sentence
from holdfast.model.repairs import ActionClass
from holdfast.model.times import to_the_second

FREEZE = "freeze"
BREAKER = "breaker/"
ACTED = "acted/"
TRIPS = 3  # failed verifications of one class in a row, before nothing of it is done any more


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody has switched everything off."""

    by: str
    reason: str
    at: datetime
    undo_too: bool = False


class Failures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often, one after the other, what was done of a class has not helped."""

    count: int
    since: datetime


class Acted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A target was acted on."""

    until: datetime  # it is left alone that long


def breaker(of_class: str) -> str:
    """The name of the switch of a class."""
    return f"{BREAKER}{of_class}"


def acted(uid: str) -> str:
    """The name of the switch of a target."""
    return f"{ACTED}{uid}"


def told(switch: Frozen | Failures | Acted) -> str:
    """What is kept of it."""
    return msgspec.json.encode(switch).decode()


def may_be_closed(name: str) -> bool:
    """Whether that is a switch that people switch back by their signature."""
    return name == FREEZE or name in {breaker(each.value) for each in ActionClass}


def frozen(value: str | None) -> Frozen | None:
    """What the switch `freeze` says; None if it is off. Raises `BadRecord`."""
    return _read(value, Frozen)


def frozen_more(value: str | None, more: Frozen) -> Frozen:
    """What holds once somebody has frozen it as well: nobody weakens a freeze, and who was first,
    why and since when stays. Where nobody can read that, nothing is taken back either.
    """
    try:
        first = frozen(value)
    except BadRecord:
        return msgspec.structs.replace(more, undo_too=True)
    if first is None:
        return more
    return msgspec.structs.replace(first, undo_too=first.undo_too or more.undo_too)


def failures(value: str | None) -> Failures | None:
    """What a breaker has counted; None if nothing. Raises `BadRecord`."""
    return _read(value, Failures)


def frozen_by(value: str | None, *, undoing: bool = False) -> str:
    """Who has switched everything off, and why; empty if nobody has.

    What was done may be taken back all the same, unless the switch says otherwise.
    """
    try:
        said = frozen(value)
    except BadRecord:
        return "everything is switched off, and nobody can read by whom"
    if said is None or (undoing and not said.undo_too):
        return ""
    return f"{said.by} has switched everything off: {said.reason}"


def freeze_told(value: str | None) -> str:
    """All that there is to say of a freeze, for people; empty if it is off."""
    try:
        said = frozen(value)
    except BadRecord:
        return "A freeze is on, and nobody can read since when, by whom or why: nothing is done."
    if said is None:
        return ""
    more = "nor taken back " if said.undo_too else ""
    return (
        f"A freeze is on since {to_the_second(said.at)}, by {said.by}: {sentence(said.reason)} "
        f"Nothing new is done {more}until `holdfast thaw` is signed."
    )


def broken_by(value: str | None) -> str:
    """Why nothing of a class is done any more; empty if it is."""
    try:
        counted = failures(value)
    except BadRecord:
        return "nobody can read how often it has failed"
    if counted is None or counted.count < TRIPS:
        return ""
    return f"what was done of this class has not helped {counted.count} times in a row"


def cooling_until(value: str | None, never: datetime) -> datetime | None:
    """Until when a target is left alone; `never` where that cannot be read."""
    try:
        left_alone = _read(value, Acted)
    except BadRecord:
        return never
    return left_alone.until if left_alone is not None else None


def _read[S: Frozen | Failures | Acted](value: str | None, form: type[S]) -> S | None:
    if value is None:
        return None
    try:
        return msgspec.json.decode(value, type=form)
    except (msgspec.MsgspecError, UnicodeError):
        raise BadRecord(
            "What a switch says cannot be read.",
            remedy="See who can write into the database; `holdfast thaw` switches it back.",
        ) from None

"""What is believed of a row that says how long something is watched: whoever writes rows wrote it.

- It was done when the record says so: not before it was about to be sent, and not after it was
  sealed that it was done.
- It has been well no longer than since that was sealed, nor since this process saw it otherwise,
  and not from a time to come. What was well before that has not been seen to be: it begins anew.
- Whether it was given up, its state tells; whoever takes it back asks the record.
- What another keeper has seen since then is believed: it may have been its turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from holdfast.execution.lease_names import Purpose
from holdfast.execution.recovering import Watched
from holdfast.execution.states import Event
from holdfast.model.entries import Entry
from holdfast.model.ordered import CaseOrder
from holdfast.model.times import stamp
from holdfast.workflow.keeping import ASTRAY
from holdfast.workflow.sendings import sendings
from holdfast.workflow.taking_back import OUTCOME

MOST = 1000
"""Of so many cases it knows what it saw: more are not watched at once."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """When a step was done, as far as the record tells."""

    begun: datetime  # it was about to be sent, by the store's time
    sealed: datetime  # that it was done, by the clock of whoever sealed it


def done(entries: Sequence[Entry], step: int) -> Done | None:
    """When that step was done; None if the record does not say that it was. Raises `BadRecord`."""
    for each in entries:
        said = each.details
        if each.kind == OUTCOME and said.get("step") == step and said.get("event") in _DONE:
            sealed = datetime.fromisoformat(each.time)
            asked = (one.at for _, one in sendings(entries, step, Purpose.ACT, ""))
            return Done(begun=min(asked, default=sealed), sealed=sealed)
    return None


_DONE = {Event.APPLIED.value, Event.FOUND_DONE.value}


def believed(
    watched: Watched, told: Done | None, now: datetime, least: datetime | None = None
) -> tuple[Watched, str]:
    """What of a row can be so, and what of it cannot; `least` is since when it can have been well,
    as this process has seen it.
    """
    odd: list[str] = []
    if told is not None and now < told.begun:
        told = None  # the store's clock was set back: that has not come yet, by it
    if least is not None and now < least:
        least = None
    applied, since = watched.applied, watched.well_since
    if told is not None and not told.begun <= applied <= told.sealed + ASTRAY:
        odd.append(f"that it was done at {stamp(applied)}, and the record at {stamp(told.sealed)}")
        applied = told.sealed
    if since is not None:
        since = min(since, now)
        begun = told.begun if told is not None else since
        if since < max(begun, least or since):
            odd.append(f"that it was well at {stamp(since)}, which nobody can have seen")
            since = None
        elif told is not None:  # it may have been seen before that was sealed
            since = min(max(since, told.sealed), now)
    return msgspec.structs.replace(watched, applied=applied, well_since=since), "; ".join(odd)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one process knows of one step."""

    step: int
    done: Done | None = None
    least: datetime | None = None  # it was not well for longer than since then


@dataclass(frozen=True, slots=True)
class OwnEyes:
    """What this process has seen of the cases that it looked at last."""

    _seen: dict[str, Seen] = field(default_factory=dict)

    def of(self, order: CaseOrder) -> Seen:
        """What it knows of that step."""
        known = self._seen.get(order.proposal)
        return known if known is not None and known.step == order.step else Seen(step=order.step)

    def keep(self, order: CaseOrder, seen: Seen) -> None:
        """Know that from now on."""
        self._seen.pop(order.proposal, None)
        self._seen[order.proposal] = seen
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]

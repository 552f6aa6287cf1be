"""Whether a target has recovered: by its own word, for a while, and with its cause gone.

- The first good look is no recovery: the old pods may still be up. It has to stay well for a soak.
- Its cause's fact must be absent; that nobody could tell counts as not absent.
- What is ill for good (gone, changed by somebody else) is not waited for.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from holdfast.model.objects import Time
from holdfast.model.repairs import DEADLINE, LATE, Recovery, State
from holdfast.model.rules import Verdict


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How long is waited, and for what. Shorter ones are for tests and demos, and are told."""

    soak: timedelta = timedelta(seconds=60)
    deadline: timedelta = DEADLINE
    late: timedelta = LATE
    settled: timedelta = timedelta(seconds=65)  # an API server is at a request for a minute at most
    sealed: timedelta = timedelta(seconds=60)  # without seals nobody does anything: no one is kept

    @property
    def pace(self) -> timedelta:
        """How long lies between two looks while something is waited for."""
        return min(max(self.soak / 12, timedelta(seconds=0.2)), timedelta(seconds=5))


class Outcome(StrEnum):
    """What is known by now."""

    WAITING = "waiting"
    RECOVERED = "recovered"
    NOT_RECOVERED = "not_recovered"
    RECOVERED_LATE = "recovered_late"
    STAYED_ILL = "stayed_ill"  # also the late window has passed


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What has been seen since the act: all that a process that takes over must know."""

    applied: Time
    timing: Timing = Timing()  # as it was set when it was done: for people who watch
    well_since: Time | None = None
    says: str = ""
    given_up: bool = False  # the deadline has passed, or waiting was of no use


def seen(
    watched: Watched, now: datetime, recovery: Recovery, cause: Verdict, timing: Timing
) -> tuple[Watched, Outcome]:
    """One look at the target, and what follows from it with all looks before."""
    well = recovery.state is State.WELL and cause is Verdict.ABSENT
    since = (watched.well_since or now) if well else None
    says = recovery.says if recovery.state is not State.WELL or well else _but(cause)
    looked = msgspec.structs.replace(watched, well_since=since, says=says)
    soaked = since is not None and now - since >= timing.soak
    if watched.given_up:
        return looked, _late(looked, now, timing, soaked=soaked)
    if soaked:
        return looked, Outcome.RECOVERED
    # Who became well within the deadline is let soak to its end.
    late = now - watched.applied >= timing.deadline and since is None
    if late or recovery.state is State.ILL:
        return msgspec.structs.replace(looked, given_up=True), Outcome.NOT_RECOVERED
    return looked, Outcome.WAITING


def _late(watched: Watched, now: datetime, timing: Timing, *, soaked: bool) -> Outcome:
    if now - watched.applied >= timing.deadline + timing.late:
        return Outcome.STAYED_ILL
    return Outcome.RECOVERED_LATE if soaked else Outcome.WAITING


def _but(cause: Verdict) -> str:
    if cause is Verdict.FOUND:
        return "it looks well, but what was wrong is still found"
    return "it looks well, but nobody can tell whether what was wrong is gone"

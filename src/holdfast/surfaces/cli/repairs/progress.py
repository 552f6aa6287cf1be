"""What is to be said of a proposal under way: where it is, what is waited for, and how it ended."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from holdfast.execution.courses import read_progress
from holdfast.execution.recovering import Timing, Watched
from holdfast.execution.states import ENDS, UNDONE_FROM, State
from holdfast.model.times import in_words
from holdfast.surfaces.cli.exits import NOT_RECOVERED, NOTHING, REFUSED, UNCERTAIN
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.rows import stands
from holdfast.surfaces.cli.text import clean

UNDO_BEGINS = timedelta(seconds=30)
"""What can be taken back and is not by then is left as it is: frozen, or switched off."""

UNKNOWN_LASTS = timedelta(minutes=2)
"""The keeper looks at once what became of it; later it will not find out by itself."""

CODES: Mapping[State, int] = MappingProxyType(
    {
        State.RECOVERED: NOTHING,
        State.RECOVERED_LATE: NOTHING,
        State.NOT_RECOVERED: NOT_RECOVERED,
        State.UNDONE: NOT_RECOVERED,
        State.UNDO_FAILED: NOT_RECOVERED,
        State.REJECTED: REFUSED,
        State.EXPIRED: REFUSED,
        State.REFUSED: REFUSED,
        State.FAILED: REFUSED,
        State.UNKNOWN: UNCERTAIN,
    }
)
"""The exit code of each end."""

WAITS: Mapping[State, str] = MappingProxyType(
    {
        State.APPROVED: "for the intent to be sealed, and for its lease",
        State.LEASED: "for the API server",
        State.NOT_RECOVERED: "for the way back to begin",
        State.UNDOING: "for it to be taken back",
        State.UNKNOWN: "for the cluster to show whether it was done",
    }
)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One look at it."""

    told: Dossier
    now: datetime

    @property
    def state(self) -> State:
        """Where it is."""
        return State(self.told.case.state)

    @property
    def lasted(self) -> timedelta:
        """For how long it has been there."""
        return self.now - self.told.case.changed

    @property
    def ended(self) -> bool:
        """Whether it is of no use to wait any longer."""
        if self._recalled:
            return False
        if self.state is State.NOT_RECOVERED:
            return not self.told.proposal.undo or self.lasted >= UNDO_BEGINS
        if self.state is State.UNKNOWN:
            return self.lasted >= UNKNOWN_LASTS
        return self.state in ENDS

    def waits(self) -> str:
        """What is waited for, and how long at most."""
        match self.state:
            case _ if self._recalled:
                return WAITS[State.NOT_RECOVERED]
            case State.PROPOSED:
                left = self.told.proposal.open_until - self.now
                return f"for people to approve it: {in_words(left)} left{self._approved()}"
            case State.APPLIED:
                return self._recovery()
            case state:
                return WAITS.get(state, "for nothing")

    def outcome(self) -> str:
        """How it ended, in one sentence."""
        end = f"{self.told.case.id}: {stands(self.told)}"
        says = _says(self.told)
        return clean(f"{end}{f' ({says})' if says else ''}.{self._late()}")

    def _late(self) -> str:
        """Whether it may still heal by itself, and be seen to."""
        watched, timing = _watched(self.told), self._timing
        halted = read_progress(self.told.case.progress).halted
        if self.state is not State.NOT_RECOVERED or halted or watched is None:
            return ""
        left = watched.applied + timing.deadline + timing.late - self.now
        if left <= timedelta():
            return " It is not looked at any more."
        return f" It is looked at for {in_words(left)} more: it may heal late."

    @property
    def _recalled(self) -> bool:
        """Somebody wants it taken back, and that is about to begin."""
        since = read_progress(self.told.case.progress).recalled
        here = self.state in UNDONE_FROM
        return here and since is not None and self.now - since < UNDO_BEGINS

    @property
    def _timing(self) -> Timing:
        """How long the keeper waits, as it said when it acted."""
        watched = _watched(self.told)
        return watched.timing if watched is not None else Timing()

    def _approved(self) -> str:
        """Of what was approved in part: which step by whom."""
        by = {
            step: ", ".join(clean(yes.person) for yes in self.told.yeses(step))
            for step in (each.step for each in self.told.plan.steps)
        }
        if not self.told.words:
            return ""
        if not self.told.several:
            return f"; so far by {by[1]}"
        each = (f"step {step} by {names or 'nobody yet'}" for step, names in by.items())
        return f"; so far {', '.join(each)}"

    def _recovery(self) -> str:
        watched, timing = _watched(self.told), self._timing
        if watched is None:
            return "for the first look at it"
        if watched.well_since is not None:
            left = watched.well_since + timing.soak - self.now
            return f"for it to stay well: {in_words(left)} of {in_words(timing.soak)} left"
        left = watched.applied + timing.deadline - self.now
        return f"for it to be well: {in_words(left)} left; so far, {clean(watched.says) or 'ill'}"


def _watched(told: Dossier) -> Watched | None:
    return read_progress(told.case.progress).watched


def _says(told: Dossier) -> str:
    """What execution says last, or the layers that refused."""
    refusals = "; ".join(f"{each.by}: {each.because}" for each in told.card.refusals)
    return read_progress(told.case.progress).says or refusals

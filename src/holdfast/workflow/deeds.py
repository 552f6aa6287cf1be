"""Deeds, in words: what is sent once, what is judged before it, and what may come of it.

Whoever runs one is in `doing`; the act and the way back say here what is theirs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from holdfast.errors import CouldNotLook
from holdfast.execution.courses import Course
from holdfast.execution.lease_names import Purpose
from holdfast.execution.observing import Asked, Shown, settled, shown
from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.cases import Case
from holdfast.model.documents import Document
from holdfast.model.entries import Entry
from holdfast.model.objects import Ref
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Sight
from holdfast.model.snapshot import State as Seen
from holdfast.model.steps import Create, Step
from holdfast.ports import Hands, Tx, Unseen
from holdfast.workflow.issuing import KEEPER


class Came(StrEnum):
    """What came of a request."""

    DONE = "done"
    DENIED = "denied"  # the API server, or whoever stands before it, said no
    MOVED = "moved"  # what was read is not what is there any more: certainly not done
    OPEN = "open"  # nobody can tell yet
    UNTOLD = "untold"  # nobody will be able to tell


class Answered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer, or what the cluster shows in place of one."""

    came: Came
    says: str
    observed: bool = False  # nobody heard an answer; the cluster was looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Nothing stands against it any more."""

    step: Step
    fresh: Document | None  # None: it makes an object
    keep: Callable[[Course], Course] = lambda course: course


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """It is not sent, and certainly was not done."""

    refusals: tuple[Refusal, ...]
    failed: bool = False  # nobody refused: it could not be done
    alarm: bool = False  # a fence did not hold


class Stopped(Exception):
    """It does not go on; never leaves the run."""

    def __init__(self, stop: Stop) -> None:
        super().__init__("; ".join(each.because for each in stop.refusals))
        self.stop = stop


class MovedOn(Exception):
    """What was read is not what is there any more: it is read and judged again."""


class Trial(Protocol):
    """What a deed is shown of its run while it judges."""

    @property
    def proposal(self) -> Proposal:
        """What was approved."""
        ...

    async def rehearsed(self, step: Step, fresh: Document | None) -> Document | None:
        """What the server says that would come of it. Raises `MovedOn` and `Stopped`."""
        ...

    async def before(self) -> Sight | None:
        """What was there before the act."""
        ...

    @property
    def entries(self) -> Sequence[Entry]:
        """What is sealed of it, as `sealed` has read that last."""
        ...

    async def sealed(self) -> bool:
        """Whether it is in the chain, and witnessed elsewhere, that exactly this is to be done; it
        is waited for. Raises `Stopped`.
        """
        ...


class Deed(Protocol):
    """What is done: it says what is judged before, and what follows from each end."""

    @property
    def purpose(self) -> Purpose:
        """What its leases are for."""
        ...

    @property
    def begins_in(self) -> frozenset[State]:
        """Where a case may be before anything of it is done."""
        ...

    @property
    def goes_on_in(self) -> State:
        """Where a case is while it may have been sent."""
        ...

    def steps(self, proposal: Proposal) -> tuple[Step, ...]:
        """What of the proposal it sends."""
        ...

    def intent(self, tx: Tx) -> str:
        """The id of the entry that says that it is to be done; empty if there is none."""
        ...

    async def ready(self, doing: Trial) -> Ready:
        """Judge all of it again. Raises `Stopped` and `CouldNotLook`."""
        ...

    def stands(self, tx: Tx, about: Proposal) -> tuple[Refusal, ...]:
        """Why it is not begun at this very moment; empty if it is."""
        ...

    def begin(self, tx: Tx, case: Case, course: Course) -> Case | Refusal:
        """Move the case to where it may have been sent."""
        ...

    def stopped(self, tx: Tx, case: Case, course: Course, stop: Stop) -> Case | Refusal:
        """Move the case to where nothing was done, and say so in the record."""
        ...

    def ended(self, tx: Tx, case: Case, course: Course, answered: Answered) -> Case | Refusal:
        """Move the case by what came of it, order what follows, and say so in the record."""
        ...


def refused(by: str, because: str) -> Stopped:
    """It is refused, by that and because of that."""
    return Stopped(Stop(refusals=(Refusal(by=by, because=because),)))


def failed(why: str) -> Stopped:
    """It could not be done, and was not."""
    return Stopped(Stop(refusals=(Refusal(by=KEEPER, because=why),), failed=True))


def only(steps: tuple[Step, ...]) -> Step | None:
    """The one request that there is; what takes several is not sent: nobody could take it up."""
    return steps[0] if len(steps) == 1 else None


async def placed(hands: Hands, step: Step) -> Document | None:
    """What stands where a step's object stands, or is to stand. Raises `CouldNotLook`."""
    ref = Document(value=step.manifest).ref if isinstance(step, Create) else step.target
    found = await hands.read(Ref(**{**_fields(ref), "uid": ""}))
    if not isinstance(found, Unseen):
        return found
    if found.state is Seen.ABSENT:
        return None
    raise CouldNotLook(f"{ref} cannot be seen: {found.why}", remedy="Let the keeper read it.")


def _fields(ref: Ref) -> Mapping[str, str]:
    return {name: getattr(ref, name) for name in Ref.__struct_fields__}


_FIRST = (Shown.DONE, Shown.NOT_YET, Shown.UNTOLD, Shown.NOT_DONE)


def told(step: Step, sent: Iterable[Asked], now: Document | None, *, over: bool) -> Answered:
    """What the cluster shows of a request, as what came of it. It may have been sent more than
    once: that it certainly was not done is said where that holds of each time.
    """
    found = {settled(shown(step, each, now), over=over) for each in sent}
    match next(each for each in _FIRST if each in found):
        case Shown.DONE:
            return Answered(
                came=Came.DONE, says="the cluster shows that it was done", observed=True
            )
        case Shown.NOT_DONE:
            says = "the cluster shows that it was not done"
            return Answered(came=Came.MOVED, says=says, observed=True)
        case Shown.NOT_YET:
            says = "the cluster does not show it, and it may be under way"
            return Answered(came=Came.OPEN, says=says, observed=True)
        case Shown.UNTOLD:
            says = "the cluster does not tell whether it was done"
            return Answered(came=Came.UNTOLD, says=says, observed=True)

"""What the keeper does on the leash: its phases, its queues, and the letters that it hears.

It begins only where the cluster is the store's: a proposal of one is nothing for another.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from holdfast.errors import NotReady, WrongStore
from holdfast.model.handed import PLAN, PROPOSE, THAW, WORD
from holdfast.model.letters import Letter
from holdfast.model.ordered import EXECUTE, VERIFY
from holdfast.model.runs import Queue, Schedule
from holdfast.ports.engine import Phase
from holdfast.workflow.acting import act_phase
from holdfast.workflow.deciding import hear_word
from holdfast.workflow.deeds import Answered
from holdfast.workflow.expiring import expire_phase, expire_schedule
from holdfast.workflow.inbox import Hearing
from holdfast.workflow.journal import JOURNALLING, journal_phase
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.proposing import preview_phase, propose_hearing
from holdfast.workflow.revoking import revoke_phase
from holdfast.workflow.sweeping import SWEEPING, sweep_phase
from holdfast.workflow.switching import hear_thaw
from holdfast.workflow.undoing import undo_phase
from holdfast.workflow.verifying import look_phase

QUEUES = (
    Queue(name=EXECUTE, in_each_partition=1, look=timedelta(seconds=0.1)),
    Queue(name=VERIFY, look=timedelta(seconds=0.2)),
)
TYPES: Sequence[type[msgspec.Struct]] = (Answered,)


class Holder:
    """Holds the leash once there is one; phases and hearings ask for it when they run."""

    def __init__(self) -> None:
        self._leash: Leash | None = None

    def take(self, leash: Leash) -> None:
        """From now on there is one."""
        self._leash = leash

    def held(self) -> Leash:
        """The leash. Raises `NotReady` before there is one."""
        if self._leash is None:
            raise NotReady("The keeper has not reached its cluster yet.", remedy="Wait for it.")
        return self._leash


def phases(held: Held) -> Sequence[Phase]:
    """Everything that can be ordered."""
    acting = (preview_phase, act_phase, look_phase, undo_phase, revoke_phase)
    return [each(held) for each in (*acting, sweep_phase, expire_phase, journal_phase)]


def schedules() -> Sequence[Schedule]:
    """What is ordered again and again."""
    return [SWEEPING, expire_schedule(), JOURNALLING]


def hearings(held: Held) -> Mapping[str, Hearing]:
    """The letters that are judged on a fresh look, by their kinds."""

    async def word(letter: Letter) -> None:
        await hear_word(held(), letter)

    async def thaw(letter: Letter) -> None:
        await hear_thaw(held(), letter)

    propose = propose_hearing(held)
    known = {PROPOSE: propose, PLAN: propose, WORD: word, THAW: thaw}
    return {kind: _refreshed(held, hear) for kind, hear in known.items()}


def _refreshed(held: Held, hear: Hearing) -> Hearing:
    """It is judged by the folder as it is when the letter is heard."""

    async def heard(letter: Letter) -> None:
        await held().refreshed()
        await hear(letter)

    return heard


async def require_its_cluster(leash: Leash) -> None:
    """Raise `WrongStore` unless the cluster that is reached is the one of the store."""
    there = await leash.cluster.identity()
    if there.uid != leash.store.cluster:
        raise WrongStore(
            f"The keeper reaches the cluster {there.uid or '(it may not see which)'}, and the "
            f"database is of {leash.store.cluster}.",
            remedy="Name that cluster's kubeconfig in HOLDFAST_KEEPER_KUBECONFIG, or its database.",
        )


def told(leash: Leash) -> Mapping[str, str | int]:
    """What is said at the start: on which cluster, and how long is waited for what."""
    timing = leash.timing
    seconds = {
        name: int(getattr(timing, name).total_seconds()) for name in ("soak", "deadline", "late")
    }
    return {"cluster": leash.store.cluster, "policy": leash.operator.version[:12], **seconds}

"""The journal: which revisions did well here, so that a rollback leads to something known.

- A revision did well when its Deployment was through with it twice, in two looks as far apart as a
  soak at least: what is available for a moment between two crashes has not done well.
- What was seen is kept for ever, by the revision's uid: also when none of its pods is left.
- Only the keeper writes it. What it could not see, it has not seen do well.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from holdfast.errors import CouldNotLook
from holdfast.model.asks import Refusal
from holdfast.model.kinds import Deployment, ReplicaSet
from holdfast.model.objects import Ref
from holdfast.model.ordered import JOURNAL, VERIFY, JournalOrder
from holdfast.model.repairs import Action, Sight, State
from holdfast.model.rollouts import rollout
from holdfast.model.runs import Schedule
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import stamp
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.topology.revisions import revisions
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.sighting import sight, surroundings

FIRST_WELL = "first seen well"
HEALTHY = "healthy"
"""What a revision's uid is spent as: for the first time, and once it counts."""

EVERY = timedelta(minutes=5)  # two lists of the whole cluster, of kinds of which there are many

JOURNALLING = Schedule(name=JOURNAL, phase=JOURNAL, argument=JournalOrder(), every=EVERY)


def journal_phase(held: Held) -> Phase:
    """The phase that looks which revisions do well now."""

    @phase(JOURNAL, queue=VERIFY, takes=JournalOrder)
    async def journal(attempt: Attempt, _: JournalOrder) -> int:
        leash = held()
        well = await _well(leash)
        return await attempt.commit("journal", lambda tx: _kept(leash, tx, well))

    return journal


async def sighted(
    leash: Leash, action: Action, target: Ref, looked: Snapshot | None = None
) -> Sight | Refusal:
    """A fresh sight, with what the journal says of the revisions that the action wants.

    Raises `CouldNotLook` where nobody answers.
    """
    wanted = [each.uid for each in action.wants(target)]
    healthy = await asyncio.to_thread(healthy_before, leash, wanted) if wanted else frozenset()
    return await sight(leash.cluster, leash.hands, action, target, healthy, looked)


def healthy_before(leash: Leash, uids: Sequence[str]) -> frozenset[str]:
    """Those of them that did well here."""
    with leash.store.reading() as tx:
        return frozenset(uid for uid in uids if tx.once.spent(HEALTHY, uid) is not None)


async def _well(leash: Leash) -> Sequence[str]:
    try:
        seen = await surroundings(leash.cluster, (Deployment, ReplicaSet), "")
    except CouldNotLook as nobody:
        leash.log.trouble("journal", nobody)
        return ()
    leash.log.goes_on("journal")
    return [*_doing_well(seen)]


def _doing_well(seen: Snapshot) -> Iterator[str]:
    """The uid of each revision whose Deployment is through with it."""
    for deployment in seen.all(Deployment):
        if deployment.leaving or rollout(deployment).state is not State.WELL:
            continue
        known = revisions(seen, deployment)
        kept = known[0].kept_in if known else None
        if isinstance(kept, ReplicaSet) and 0 < kept.spec.replicas <= kept.status.ready_replicas:
            yield kept.metadata.uid


def _kept(leash: Leash, tx: Tx, well: Sequence[str]) -> int:
    """How many count from now on."""
    now = leash.clock.now()
    return sum(_counts(leash, tx, uid, now) for uid in well)


def _counts(leash: Leash, tx: Tx, uid: str, now: datetime) -> bool:
    if tx.once.spent(HEALTHY, uid) is not None:
        return False
    first = tx.once.spent(FIRST_WELL, uid)
    if first is None:
        tx.once.spend(FIRST_WELL, uid, stamp(now), now)
        return False
    soaked = now - datetime.fromisoformat(first) >= leash.timing.soak
    return soaked and tx.once.spend(HEALTHY, uid, JOURNAL, now)

"""The keeper's life: answer, seal, copy, anchor, and say that it lives, until it is told to end.

- It starts on a store that is as its anchors know it, with the key whose turn it is in hand and by
  a clock that agrees with the store's, or not at all.
- Told to end, it finishes what it has in hand, anchors that, and says that it ended in order.
- What goes wrong on the way (a store that does not answer, a sink that hangs) is logged and waited
  out. A record that does not hold ends it: nothing is added to that.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.errors import CannotSign, HoldfastError, NotReady, StoreFailed
from holdfast.model.entries import Check
from holdfast.model.letters import Beat
from holdfast.model.times import in_words
from holdfast.ports import Keyring, Log, Sink, Store
from holdfast.ports.engine import Engine
from holdfast.workflow.anchoring import Witness, anchor_on, require_on_shelf
from holdfast.workflow.copying import copy_on
from holdfast.workflow.inbox import Inbox, answer_on
from holdfast.workflow.leash import Leash
from holdfast.workflow.orders import require_anchored
from holdfast.workflow.sealing import Sealer, seal_on

MINUTE = timedelta(minutes=1)
ASTRAY = MINUTE  # how far two clocks may be apart
TRIAL = b"holdfast-trial-v1\n"  # what is signed to see whether a key signs; it means nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Everything that the keeper works with."""

    me: Beat
    engine: Engine
    inbox: Inbox
    sealer: Sealer
    sinks: Sequence[Sink]
    witness: Witness
    anchor_every: float  # seconds
    log: Log
    reach: Callable[[], AbstractAsyncContextManager[Leash]] | None = (
        None  # None: it acts on nothing
    )

    @property
    def store(self) -> Store:
        """Where everything is kept."""
        return self.sealer.store


def require_ready(keeper: Keeper) -> None:
    """Raise what keeps it from starting, with what to do."""
    anchorage = keeper.witness.anchorage
    anchors = anchorage.believed()
    with keeper.store.reading() as tx:
        require_clock(keeper.sealer.clock.now(), tx.now(), "the database's")
        require_anchored(tx.records, anchors)
        tip = tx.records.tip()
    require_on_shelf(keeper.store, anchorage)
    require_signing(keeper.sealer.keys, tip.key if tip is not None else "", anchorage.check)


async def keep(keeper: Keeper, ended: asyncio.Event) -> None:
    """Live until it ended. Raises what it cannot go on with, after it has ended in order."""
    log, store = keeper.log, keeper.store

    def sealing(trouble: HoldfastError) -> None:
        log.trouble("sealing", trouble)

    def copying(said: str) -> None:
        log.complain("copy", said=said)

    works = [
        answer_on(keeper.inbox, ended, log),
        seal_on(keeper.sealer, ended, sealing),
        anchor_on(keeper.witness, keeper.anchor_every, ended, log),
        *(copy_on(store, each, ended, copying) for each in keeper.sinks),
    ]

    def begun() -> None:
        log.tell("started", version=keeper.me.version, cluster=store.cluster)

    await beside(keeper.engine, works, ended, log, begun)


async def beside(
    engine: Engine,
    works: Sequence[Coroutine[None, None, None]],
    ended: asyncio.Event,
    log: Log,
    begun: Callable[[], None],
) -> None:
    """All of those works, while the engine works and says that we live; it ends last.

    That we have begun is told once it has said so: whoever reads the one may ask for the other.
    """
    failed: HoldfastError | None = None
    try:
        async with engine.running():
            begun()
            try:
                await together(works, ended)
            except HoldfastError as why:
                failed = why
    except StoreFailed as left:
        if not ended.is_set():
            raise  # it could not begin
        log.trouble("end", left)  # it is known by its silence, then
    finally:
        for work in works:
            work.close()  # those that never began
    if failed is not None:
        raise failed


async def together(works: Sequence[Coroutine[None, None, None]], ended: asyncio.Event) -> None:
    """All of them, until each has ended; when one of them fails, the others end in order too."""

    async def watched(work: Coroutine[None, None, None]) -> None:
        try:
            await work
        finally:
            ended.set()

    told = await asyncio.gather(*map(watched, works), return_exceptions=True)
    for each in told:
        if isinstance(each, BaseException):
            raise each


def require_clock(ours: datetime, other: datetime, whose: str) -> None:
    """Raise `NotReady` unless the two clocks agree as far as clocks must."""
    apart = abs(ours - other)
    if apart > ASTRAY:
        which = "behind" if ours < other else "ahead of"
        raise NotReady(
            f"The clock of this machine is {in_words(_nearest(apart))} {which} {whose}.",
            remedy="Set the wrong one right: expiries and grace are counted by clocks.",
        )


def _nearest(apart: timedelta) -> timedelta:
    """In whole minutes: what clocks differ by is looked at a moment later."""
    return MINUTE * max(1, round(apart / MINUTE))


def require_signing(keys: Keyring, id_: str, check: Check) -> None:
    """Raise `CannotSign` unless that key (the only one, if none is named) signs when asked."""
    signer = keys.signer(id_)
    if not check(signer.public, TRIAL, signer.sign(TRIAL)):
        raise CannotSign(
            f"What key {signer.public.id} signs does not verify.",
            remedy="Take it from its backup, or rotate: holdfast keys rotate",
        )

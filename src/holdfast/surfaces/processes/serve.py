"""The process that faces the world: it holds no key, and hands things over by the inbox alone."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holdfast.model.entries import Checkpoint
from holdfast.model.letters import Beat
from holdfast.ports import Clock, Log, Store
from holdfast.ports.engine import Engine
from holdfast.surfaces.processes.ending import ends_when_told
from holdfast.surfaces.processes.health import Health
from holdfast.surfaces.processes.listener import listen
from holdfast.surfaces.processes.pair import keep_one
from holdfast.workflow.keeping import beside, require_clock
from holdfast.workflow.orders import require_anchored


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Everything that `serve` works with."""

    me: Beat
    store: Store
    engine: Engine
    clock: Clock
    log: Log
    host: str
    port: int
    anchors: Callable[[], Sequence[Checkpoint]]  # those that this machine keeps
    keeper: Sequence[str] = ()  # the command of a keeper that is to run beside it


def run(serving: Serving) -> None:
    """Serve until it is told to end. Raises what keeps it from starting or from going on."""
    asyncio.run(_run(serving))


async def _run(serving: Serving) -> None:
    ended = ends_when_told(serving.log)
    await asyncio.to_thread(_require_ready, serving)
    health = Health(
        store=serving.store,
        engine=serving.engine,
        executor=serving.me.executor,
        version=serving.me.version,
    )
    async with await listen(health.pages, serving.host, serving.port) as server:
        host, port = server.sockets[0].getsockname()[:2]

        def begun() -> None:
            serving.log.tell("started", version=serving.me.version, listens=f"{host}:{port}")

        works = [_until(ended)]
        if serving.keeper:
            works.append(keep_one(serving.keeper, ended, serving.log))
        await beside(serving.engine, works, ended, serving.log, begun)
    serving.log.tell("ended")


async def _until(ended: asyncio.Event) -> None:
    await ended.wait()


def _require_ready(serving: Serving) -> None:
    anchors = serving.anchors()
    with serving.store.reading() as tx:
        require_clock(serving.clock.now(), tx.now(), "the database's")
        require_anchored(tx.records, anchors)

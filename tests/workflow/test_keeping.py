"""In which order a process of ours begins."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.testing.clock import FrozenClock
from holdfast.testing.engine import EngineInMemory
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.keeping import beside
from tests.audit.chains import CLUSTER
from tests.workflow.notes_of_a_log import Heard


class Beating(EngineInMemory):
    """An engine that tells when it has said that it lives."""

    def __init__(self, log: Heard) -> None:
        super().__init__(StoreInMemory(CLUSTER), FrozenClock(), phases=(), queues=())
        self._log = log

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._log.tell("beats")
        async with super().running():
            yield


async def test_who_tells_that_it_has_started_has_said_before_that_it_lives() -> None:
    log = Heard()

    async def work() -> None:
        log.tell("works")

    await beside(Beating(log), [work()], asyncio.Event(), log, lambda: log.tell("started"))

    assert ["beats", "started", "works"] == log.events

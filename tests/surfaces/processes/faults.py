"""Keepers that are made wrong on purpose: whoever sweeps must find each of them.

Honest keepers are made with none of these.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from holdfast.model.ordered import ACT
from holdfast.model.runs import Order
from holdfast.ports import Store, Tx
from holdfast.ports.engine import Attempt
from holdfast.workflow.doing import GO
from holdfast.workflow.on_record import OnRecord


class Fault:
    """None: everything stays as it is."""

    def attempt(self, attempt: Attempt, store: Store) -> Attempt:
        """What a phase is handed."""
        return attempt

    def enqueue(self, engine: Any) -> Callable[[Tx, Order], bool]:
        """How something is ordered."""
        ordered: Callable[[Tx, Order], bool] = engine.enqueue
        return ordered

    def heard(self, engine: Any, store: Store) -> None:
        """A letter was answered."""


class ActsFirst(Fault):
    """That something is about to be sent is kept only when it was sent, and nobody waits until the
    record says so.
    """

    def __init__(self) -> None:
        async def told(*_: object) -> bool:
            return True

        setattr(OnRecord, OnRecord.sends.__name__, told)

    def attempt(self, attempt: Attempt, store: Store) -> Attempt:
        """One that keeps it too late."""
        return _Late(attempt, store)


class _NotKept(Exception):
    """Nothing of this transaction is kept."""


class _Late:
    """An `Attempt`."""

    def __init__(self, attempt: Attempt, store: Store) -> None:
        self._attempt = attempt
        self._store = store
        self._late: tuple[str, Callable[[Tx], Any]] | None = None
        self.run = attempt.run
        self.number = attempt.number

    async def commit(self, name: str, write: Callable[[Tx], Any]) -> Any:
        if name.startswith("ready") and await asyncio.to_thread(self._would, write) == GO:
            self._late = name, write
            return GO
        return await self._attempt.commit(name, write)

    async def step(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        if self._late is None:
            return await self._attempt.step(name, act)
        late, self._late = self._late, None
        answered = await act()
        await self._attempt.commit(*late)

        async def sent() -> Any:
            return answered

        return await self._attempt.step(name, sent)

    def _would(self, write: Callable[[Tx], Any]) -> Any:
        said = None
        with suppress(_NotKept), self._store.transaction() as tx:
            said = write(tx)
            raise _NotKept
        return said


class OrdersLater(Fault):
    """That somebody's yes sets an act going is kept after the yes, and not with it."""

    def __init__(self) -> None:
        self._late: list[Order] = []

    def enqueue(self, engine: Any) -> Callable[[Tx, Order], bool]:
        """Orders an act only when the letter was answered."""

        def enqueue(tx: Tx, order: Order) -> bool:
            if order.phase == ACT:
                self._late.append(order)
                return True
            said: bool = engine.enqueue(tx, order)
            return said

        return enqueue

    def heard(self, engine: Any, store: Store) -> None:
        """Now it does."""
        with store.transaction() as tx:
            for order in self._late:
                engine.enqueue(tx, order)
        self._late.clear()


FAULTS: dict[str, type[Fault]] = {
    "": Fault,
    "acts first": ActsFirst,
    "orders later": OrdersLater,
}

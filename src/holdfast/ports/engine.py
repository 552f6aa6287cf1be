"""The engine: runs that survive the death of whoever works at them.

- An order is part of the caller's transaction: rolled back with it, or kept with it.
- A phase is short. It waits for nobody: a human's answer is a row, and the next phase is ordered
  in the transaction that writes it.
- A step that has ended is not done again. One that was cut off may be: what it did to the world is
  looked up there, never repeated blindly.
- Whoever was taken over writes nothing more, from that moment on.
- A run does not end because the database did not answer, or refused for a moment, whoever asked it:
  another attempt goes on.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from holdfast.errors import BadInput, UnreadableWork
from holdfast.model.runs import Figures, Order, Queue, RunStatus
from holdfast.ports.store import Tx

type Value = msgspec.Struct | str | int | bool | None
"""What a phase or a step gives back: a registered struct, or something plain."""


class Attempt(Protocol):
    """One go at a run, by one process."""

    @property
    def run(self) -> str:
        """The run's id."""
        ...

    @property
    def number(self) -> int:
        """1 for the first; more than 1 says that somebody may have begun what is to be done."""
        ...

    async def step[V: Value](self, name: str, act: Callable[[], Awaitable[V]]) -> V:
        """Do something in the world, and keep what came of it.

        An attempt after it gets what was kept, or the error that was. One that was cut off
        before anything was kept (also because the database did not answer `act`, or refused)
        does it again.
        Raises `TakenOver`, and keeps nothing, if somebody else has the run by then.
        """
        ...

    async def commit[V: Value](self, name: str, write: Callable[[Tx], V]) -> V:
        """Write something in one transaction, exactly once, while the run is ours.

        An attempt after it gets what was kept. `write` may be called again when a transaction
        failed, and must do nothing but write. Raises `TakenOver`, and nothing was written, if
        somebody else has the run.
        """
        ...


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A short function that an order can name. One whose steps change gets another name."""

    name: str
    queue: str
    takes: type[msgspec.Struct]
    body: Callable[[Attempt, msgspec.Struct], Awaitable[Value]]


def phase[A: msgspec.Struct](
    name: str, *, queue: str, takes: type[A]
) -> Callable[[Callable[[Attempt, A], Awaitable[Value]]], Phase]:
    """Make a phase of a function; what it takes is looked at before it runs."""

    def named(body: Callable[[Attempt, A], Awaitable[Value]]) -> Phase:
        async def checked(attempt: Attempt, argument: msgspec.Struct) -> Value:
            if not isinstance(argument, takes):
                raise UnreadableWork(
                    f"The run {attempt.run} was not ordered by this version of Holdfast.",
                    remedy="See who can write into the database; it is ended and does nothing.",
                )
            return await body(attempt, argument)

        return Phase(name=name, queue=queue, takes=takes, body=checked)

    return named


def ordered(order: Order, phases: Mapping[str, Phase], queues: Mapping[str, Queue]) -> Phase:
    """The phase that an order asks for. Raises `BadInput` for an order that cannot be taken."""
    found = phases.get(order.phase)
    if found is None or not isinstance(order.argument, found.takes):
        raise BadInput(
            f"Nobody here knows a phase {order.phase} of {type(order.argument).__name__}.",
            remedy="Name a phase that this process was built with, and what it takes.",
        )
    if (queues[found.queue].in_each_partition is None) == bool(order.partition):
        named = order.partition or "no partition"
        raise BadInput(
            f"{order.id} names {named} for the queue {found.queue}.",
            remedy="Name a partition where the queue has them, and nowhere else.",
        )
    return found


class Engine(Protocol):
    """Whatever makes runs of orders."""

    def enqueue(self, tx: Tx, order: Order) -> bool:
        """Have a run made once the transaction is kept; False if there is one of that id."""
        ...

    def cancel(self, tx: Tx, run: str) -> bool:
        """End a run before its end; whoever works at it writes nothing more. False if it ended."""
        ...

    def status(self, tx: Tx, run: str) -> RunStatus | None:
        """How it stands."""
        ...

    def figures(self, tx: Tx) -> Figures:
        """What is to be seen of the whole."""
        ...

    def forget(self, tx: Tx, before: datetime) -> int:
        """Remove some of the runs that ended before then; 0 when there are none left."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Work: say that we live, take up what waits, and what the dead have left."""
        ...

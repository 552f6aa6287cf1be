"""Keepers that are forked from a process which has read everything they need, and are killed."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier

from tests.surfaces.processes.mortal_keeper import Fated, live

LOOK = 0.1  # seconds
TOGETHER = 60  # the same, for everybody to come to a gate

_FORKS = multiprocessing.get_context("forkserver")
_READ = [
    "tests.surfaces.processes.mortal_keeper",
    "alembic.command",
    "anyio._backends._asyncio",
    "dbos._sys_db_postgres",
    "dbos._sys_db_sqlite",
    "encodings.idna",
    "holdfast.adapters.files.notes",
    "holdfast.adapters.kubernetes.canary",
    "holdfast.adapters.kubernetes.fences",
    "holdfast.adapters.kubernetes.kubeconfig",
    "holdfast.adapters.kubernetes.leases",
    "holdfast.adapters.kubernetes.left_over",
    "holdfast.adapters.kubernetes.reader",
    "holdfast.adapters.signers.keyrings",
    "holdfast.adapters.signers.passphrases",
    "holdfast.adapters.stores.rights",
    "holdfast.adapters.stores.upkeep",
    "holdfast.wiring.fencing",
    "holdfast.wiring.policies",
]
"""What a keeper reads only when it needs it, and every one of them does."""

_FORKS.set_forkserver_preload(_READ)


def forked(what: Callable[..., object], *given: object) -> BaseProcess:
    """A process that does that, and ends with us however we end."""
    process = _FORKS.Process(target=_with_whoever_wanted_it, args=(what, given), daemon=True)
    process.start()
    return process


def a_gate(many: int) -> Barrier:
    """So many of those who were forked go on from here together, or none of them does."""
    return _FORKS.Barrier(many, timeout=TOGETHER)


def _with_whoever_wanted_it(what: Callable[..., object], given: Sequence[object]) -> None:
    threading.Thread(target=_ends, daemon=True).start()
    what(*given)


def _ends() -> None:
    """The fork server lives as long as anybody whom it forked: its end would tell nobody."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def a_keeper(fated: Fated) -> Iterator[BaseProcess]:
    """One, gone in the end whatever happens."""
    keeper = forked(live, fated)
    try:
        yield keeper
    finally:
        keeper.kill()
        keeper.join()


async def killed(keeper: BaseProcess, fated: Fated) -> None:
    """Until it was killed where it was to be. Raises if it ended otherwise."""
    while keeper.is_alive():
        await asyncio.sleep(LOOK)
    if fated.point is None or keeper.exitcode != -signal.SIGKILL:
        said = fated.log.read_text()[-1500:] if fated.log.exists() else "nothing"
        raise AssertionError(f"a keeper ended by itself: {keeper.exitcode} {said}")

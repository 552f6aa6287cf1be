"""Record and seal in a process of its own.

python -m bench.recording beside|elsewhere|seal FOLDER EACH

`seal` seals what comes into the database of that folder until its input ends. The others record
EACH records with each of eight callers at once, then so many with one alone, and print JSON:
seconds for all of the eight's, for one of theirs, for one of the one's, and for an fdatasync.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Coroutine
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.signers.ed25519 import KeyInMemory
from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import HoldfastError
from holdfast.model.entries import Draft
from holdfast.ports import Signer, Store
from holdfast.workflow.recording import Recorder, recording
from holdfast.workflow.sealing import Sealer, seal_on

CLUSTER = "7e8d3c52-0000-4000-8000-000000000001"
CALLERS = 8
SYNCS = 50


class OneKey:
    """A keyring of one key, the same in every process."""

    def __init__(self) -> None:
        self._key = KeyInMemory(Ed25519PrivateKey.from_private_bytes(b"k" * 32))

    def signer(self, id: str = "") -> Signer:  # noqa: A002, ARG002 - the word of the port
        """That one, whichever is asked for."""
        return self._key


def a_store(folder: Path) -> SqlStore:
    """The database of that folder, made if it is not there; one process makes it."""
    engine = open_engine(parse_url(f"sqlite:///{folder}/holdfast.db"))
    upkeep.upgrade(engine, CLUSTER)
    return SqlStore(engine, CLUSTER)


def a_sealer(store: Store) -> Sealer:
    """Whoever has the key."""
    return Sealer(store=store, keys=OneKey(), clock=SystemClock(), dice=SystemDice())


def a_draft(number: int, text: int = 120) -> Draft:
    """Something as long as what is usually recorded, or longer."""
    return Draft(
        id=f"ent_{number:026d}",
        kind="verdict",
        actor="keeper",
        subjects=("Deployment/shop/web", "Namespace/shop"),
        details={"proposal": "prp_01J9Z8", "layer": "protected_namespaces", "because": "x" * text},
    )


async def measure(store: Store, sealer: Sealer | None, each: int) -> dict[str, float]:
    """Eight at once, then one alone."""

    async def caller(recorder: Recorder, number: int) -> None:
        first = 1_000_000 * number
        for place in range(each):
            await recorder.record(a_draft(first + place))

    async with recording(store, _fail, sealer) as recorder:
        await recorder.record(a_draft(0))  # what happens once has happened
        eight = await _timed(_together(*(caller(recorder, n) for n in range(1, CALLERS + 1))))
        alone = await _timed(caller(recorder, CALLERS + 1))
    return {"eight": eight, "each": eight / (CALLERS * each), "alone": alone / each}


async def _together(*callers: Coroutine[None, None, None]) -> None:
    await asyncio.gather(*callers)


async def _timed(work: Coroutine[None, None, None]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def sync_time(folder: Path) -> float:
    """How long the disk takes to say that something is safe: the median."""
    took: list[float] = []
    handle = os.open(folder / "probe", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for number in range(SYNCS):
            os.pwrite(handle, b"x" * 4096, 4096 * number)
            began = time.perf_counter()
            os.fdatasync(handle)
            took.append(time.perf_counter() - began)
    finally:
        os.close(handle)
    return sorted(took)[SYNCS // 2]


async def seal(store: Store) -> None:
    """Until the input ends."""
    ended = asyncio.Event()
    sealing = asyncio.create_task(seal_on(a_sealer(store), ended, _fail))
    await asyncio.to_thread(sys.stdin.read)
    ended.set()
    await sealing


def _fail(trouble: HoldfastError) -> None:
    raise SystemExit(str(trouble))


def main(what: str, folder: Path, each: int) -> None:
    """One of the three."""
    store = a_store(folder)
    if what == "seal":
        asyncio.run(seal(store))
        return
    sealer = a_sealer(store) if what == "beside" else None
    told = asyncio.run(measure(store, sealer, each))
    print(json.dumps(told | {"sync": sync_time(folder)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))

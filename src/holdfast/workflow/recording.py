"""What a process has to record, for many callers at once: they share each wait for the disk.

- Drafts that come while a transaction is under way go together into the next one.
- Where the sealer is at hand, as in the keeper, a group is sealed in the transaction that would
  have submitted it. Elsewhere it waits for the sealer.
- Of a group that is refused, each is submitted alone: a bad draft is its own caller's trouble.
- A caller goes on when its entry is sealed, and never before. Whoever gives up waiting has
  submitted all the same.
- What must be recorded together with something else is submitted in the transaction that does the
  other thing; `sealed` waits for it here as well.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from holdfast.errors import AlreadyKept, HoldfastError, NotCanonical, StoreRefused
from holdfast.model.entries import Draft, Entry
from holdfast.ports import Store
from holdfast.workflow.pauses import pause
from holdfast.workflow.sealing import TROUBLED, Sealer, accepted, pace_after

MOST = 500  # drafts in one transaction

type _Waiting = asyncio.Future[Entry]
type _Asked = tuple[Draft, _Waiting]


@asynccontextmanager
async def recording(
    store: Store, troubled: Callable[[HoldfastError], None], sealer: Sealer | None = None
) -> AsyncIterator["Recorder"]:
    """A recorder for as long as that lasts; `troubled` hears why it does not get on."""
    recorder = Recorder(store, sealer)
    running = asyncio.create_task(recorder.run(troubled))
    try:
        yield recorder
    finally:
        running.cancel()
        await asyncio.wait([running])
        recorder.end()


class Recorder:
    """Submits for many, and looks for all of their seals together."""

    def __init__(self, store: Store, sealer: Sealer | None = None) -> None:
        self._store = store
        self._sealer = sealer
        self._coming: list[_Asked] = []
        self._awaited: defaultdict[str, list[_Waiting]] = defaultdict(list)
        self._news = asyncio.Event()

    async def record(self, draft: Draft) -> Entry:
        """Submit that, and come back with its entry. Raises why it could not be submitted."""
        waiting: _Waiting = asyncio.get_running_loop().create_future()
        self._coming.append((draft, waiting))
        self._news.set()
        return accepted(await waiting)

    async def sealed(self, id_: str) -> Entry:
        """The entry of what was submitted elsewhere, once it is in the chain."""
        waiting: _Waiting = asyncio.get_running_loop().create_future()
        self._awaited[id_].append(waiting)
        self._news.set()
        return accepted(await waiting)

    async def run(self, troubled: Callable[[HoldfastError], None]) -> None:
        """Submit what comes, and look for what is awaited, until this is cancelled."""
        looks = 0
        while True:
            if not self._coming and not self._awaited:
                await self._news.wait()
            self._news.clear()
            pace = pace_after(looks)
            looks += 1
            try:
                if await self._submitted() or await self._found():
                    looks = 0
                    continue
            except HoldfastError as trouble:
                troubled(trouble)
                pace = TROUBLED
            await pause(self._news, pace)

    def end(self) -> None:
        """Nobody waits here any more."""
        left = [waiting for _, waiting in self._coming]
        left += [waiting for group in self._awaited.values() for waiting in group]
        for waiting in left:
            if not waiting.done():
                waiting.set_exception(_ended())
        self._coming.clear()
        self._awaited.clear()

    async def _submitted(self) -> bool:
        group = self._coming[:MOST]
        del self._coming[:MOST]
        for draft, waiting in group:
            self._awaited[draft.id].append(waiting)
        if group:
            await self._try(group)
        return bool(group)

    async def _try(self, group: Sequence[_Asked]) -> None:
        try:
            self._tell(await asyncio.to_thread(self._hand_in, [draft for draft, _ in group]))
        except (AlreadyKept, NotCanonical) as refused:
            if len(group) == 1:
                self._answer(group, refused)
                return
            for each in group:
                await self._try([each])
        except HoldfastError as failed:
            self._answer(group, failed)

    def _hand_in(self, drafts: Sequence[Draft]) -> Sequence[Entry]:
        """Have them sealed; returns those that are already."""
        sealed = self._sealer.record(drafts) if self._sealer is not None else ()
        if not sealed:
            with self._store.transaction() as tx:
                tx.records.submit(*drafts)
        return sealed

    def _answer(self, group: Sequence[_Asked], failed: HoldfastError) -> None:
        for draft, waiting in group:
            if not waiting.done():
                waiting.set_exception(failed)
            self._awaited[draft.id].remove(waiting)
            if not self._awaited[draft.id]:
                del self._awaited[draft.id]

    async def _found(self) -> bool:
        for id_ in [i for i, group in self._awaited.items() if all(w.done() for w in group)]:
            del self._awaited[id_]  # they have given up
        if not self._awaited:
            return False
        entries = await asyncio.to_thread(_look, self._store, list(self._awaited))
        self._tell(entries)
        return bool(entries)

    def _tell(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            for waiting in self._awaited.pop(entry.id):
                if not waiting.done():
                    waiting.set_result(entry)


def _look(store: Store, ids: Sequence[str]) -> Sequence[Entry]:
    with store.reading() as tx:
        return tx.records.entries(ids)


def _ended() -> StoreRefused:
    return StoreRefused(
        "This process ends, and does not wait for the seal.",
        remedy="Look for the entry by its id once a keeper runs again.",
    )

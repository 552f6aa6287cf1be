"""Copy the record to sinks: each at its own pace, from where it is, with nothing left out.

- What is copied has been sealed and committed before; no sink is asked before anything is sealed.
- A sink that has no room is offered the same lines again. It holds up no other one, and no sealer.
- A sink whose last entry is not one of this chain is not written on.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice

from holdfast.errors import HoldfastError, SinkFailed
from holdfast.model.entries import Entry, Segment
from holdfast.ports import Sink, Store
from holdfast.workflow.pauses import pause

PAGE = 200  # lines that are offered at once
PACE = 0.2  # seconds between two looks
TROUBLED = 5.0  # the same, while the store does not answer
GRACE = 2.0  # seconds that a sink has in the end


async def copy_on(
    store: Store, sink: Sink, ended: asyncio.Event, said: Callable[[str], None]
) -> None:
    """Copy to one sink until it ended; `said` hears of its trouble, once, and of its end."""
    told = ""

    def tell(trouble: str) -> None:
        nonlocal told
        if trouble != told:
            said(trouble or f"{sink.name}: goes on")
            told = trouble

    done = await _begin(store, sink, tell, ended)
    while done is not None and not ended.is_set():
        pace = PACE
        try:
            lines = await asyncio.to_thread(_page, store, sink, done)
            if lines and sink.offer(lines):
                done, pace = done + len(lines), 0.0
            tell(sink.trouble())
        except HoldfastError as trouble:
            tell(str(trouble))
            pace = TROUBLED
        await pause(ended, pace)
    await asyncio.to_thread(sink.close, GRACE)


async def _begin(
    store: Store, sink: Sink, tell: Callable[[str], None], ended: asyncio.Event
) -> int | None:
    """How many entries the sink has; None if it is not ours to write on."""
    while not ended.is_set():
        try:
            return await asyncio.to_thread(_standing, store, sink)
        except SinkFailed as foreign:
            tell(str(foreign))
            return None
        except HoldfastError as trouble:
            tell(str(trouble))
            await pause(ended, TROUBLED)
    return None


def _standing(store: Store, sink: Sink) -> int:
    last = sink.last()
    with store.reading() as tx:
        if not sink.whole:
            tip = tx.records.tip()
            return tip.size if tip is not None else 0
        start = tx.records.start()
        if last is None:
            return start.size if start is not None else 0
        if start is not None and last.seq < start.size:
            raise _gone(sink, last.seq, start.size)
        if start is not None and last.seq == start.size and _ends_with(start, last):
            return start.size
        ours = tx.records.at(last.seq)
    if ours != last:
        raise SinkFailed(
            f"{sink.name} ends with entry {last.seq} of {last.chain}, which is not in the record.",
            remedy="Move it away; if the record was cut off or rewritten, it is evidence.",
        )
    return last.seq


def _page(store: Store, sink: Sink, done: int) -> Sequence[bytes]:
    with store.reading() as tx:
        start = tx.records.start()
        if start is not None and done < start.size:
            raise _gone(sink, done, start.size)
        return list(islice(tx.records.lines(done + 1), PAGE))


def _ends_with(start: Segment, last: Entry) -> bool:
    """Whether what was let go ends with that entry, as its signed note says."""
    return f"\nhead {last.hash}\n" in start.note.decode()


def _gone(sink: Sink, had: int, size: int) -> SinkFailed:
    return SinkFailed(
        f"{sink.name} ends with entry {had}, and those up to {size} were let go meanwhile.",
        remedy="Move it away: a new one begins where the record does.",
    )

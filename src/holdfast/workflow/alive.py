"""Who is alive, by what the engine of each process says by the clock of the store."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from holdfast.model.access import Process
from holdfast.model.letters import Beat
from holdfast.ports import Store

SILENT = timedelta(seconds=8)  # after which a process, which beats each second, counts as dead


def alive(beats: Sequence[Beat], process: Process, now: datetime) -> Beat | None:
    """The one of that process that beat last, if that is not too long ago."""
    its = [each for each in beats if each.role == process and _lately(each, now)]
    return max(its, key=lambda each: each.beat, default=None)


def beats_on(beats: Sequence[Beat], executor: str, now: datetime) -> bool:
    """Whether that very process gets its beats written: the store takes what it writes."""
    return any(each.executor == executor and _lately(each, now) for each in beats)


def _lately(beat: Beat, now: datetime) -> bool:
    return now - beat.beat <= SILENT


def living_keeper(store: Store) -> Beat | None:
    """The keeper, if one is alive."""
    with store.reading() as tx:
        return alive(tx.beats.all(), Process.KEEPER, tx.now())

"""`holdfast watch ID`: follow a proposal to its end, a line for each thing that happens."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from holdfast.model.access import Process
from holdfast.model.entries import Entry
from holdfast.model.times import in_words, to_the_second
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.dossier import opened
from holdfast.surfaces.cli.repairs.finding import found_in
from holdfast.surfaces.cli.repairs.progress import CODES, Moment
from holdfast.surfaces.cli.repairs.words import place_of, state_told, sure
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.alive import alive
from holdfast.workflow.posting import NO_KEEPER, START_ONE

PACE = 0.2  # seconds between two looks
KINDS = (
    *("approval", "rejection", "intent", "lease", "act", "cut_off", "revoke"),
    *("outcome", "undo", "expired"),
)
"""The entries of a proposal's life that are told."""

GONE_FOR = timedelta(seconds=60)
"""A keeper that has been silent for so long after it counted as dead is not waited for."""


def follow(ground: Ground, id_: str, pace: float = PACE) -> int:
    """Until it has ended; the exit code says how."""
    console = Plain()
    with ground.store() as store, console.moving("Looking ...") as say:
        last = asyncio.run(_followed(store, id_, console, say, pace))
    if last is None:
        Plain(stderr=True).print(f"{NO_KEEPER.capitalize()}, and so nothing goes on. {START_ONE}")
        return COULD_NOT_LOOK
    console.print(last.outcome())
    return CODES[last.state]


async def _followed(
    store: Store, id_: str, console: Plain, say: Callable[[str], None], pace: float
) -> Moment | None:
    """The last moment; None if nobody is there to go on with it."""
    teller = _Teller()
    alone_since: datetime | None = None
    while True:
        sight = await asyncio.to_thread(_look, store, id_, teller.seq)
        moment = sight.moment
        for line in teller.news(sight):
            console.print(line)
        if moment.ended:
            return moment
        alone_since = None if sight.alive else alone_since or moment.now
        if alone_since is not None and moment.now - alone_since >= GONE_FOR:
            return None
        waits = moment.waits() if sight.alive else f"for a keeper: {NO_KEEPER}"
        say(f"{state_told(moment.state)}, for {in_words(moment.lasted)}; waiting {waits}")
        await asyncio.sleep(pace)


class _Sight(msgspec.Struct, frozen=True, kw_only=True):
    """One look: all of it at one moment."""

    moment: Moment
    entries: tuple[Entry, ...]  # about it, that were not seen before
    size: int  # of the record
    alive: bool  # whether a keeper is


def _look(store: Store, id_: str, seen: int) -> _Sight:
    with store.reading() as tx:
        case = tx.cases.case(id_) if seen else None  # the record was asked at the first look
        told = found_in(tx, store.cluster, id_) if case is None else opened(case, store.cluster)
        now, tip = tx.now(), tx.records.tip()
        size = tip.size if tip is not None else 0
        return _Sight(
            moment=Moment(told=told, now=now),
            entries=tuple(_entries(tx, id_, seen) if size > seen else ()),
            size=size,
            alive=alive(tx.beats.all(), Process.KEEPER, now) is not None,
        )


def _entries(tx: Tx, id_: str, seen: int) -> Sequence[Entry]:
    new = (
        each
        for kind in KINDS
        for each in tx.records.of_kind(kind)
        if each.seq > seen and id_ in each.subjects
    )
    return sorted(new, key=lambda each: each.seq)


class _Teller:
    """Says what is new: states, and what the record holds of it."""

    def __init__(self) -> None:
        self.seq = 0
        self._state = ""

    def news(self, sight: _Sight) -> Iterator[str]:
        """The lines that were not told yet."""
        moment = sight.moment
        if not self._state:
            each = moment.told.proposal
            what = f"{each.action.kind.name} of {place_of(each.target)}"
            yield f"{clean(each.id)}: {what}, for {sure(each.code)}"
        yield from map(_entry_told, sight.entries)
        self.seq = sight.size
        if moment.state != self._state:
            self._state = moment.state
            at = to_the_second(moment.told.case.changed)
            yield f"{at}  {state_told(moment.state)}"
            if not moment.ended:
                yield f"{' ' * len(at)}  waiting {moment.waits()}"


def _entry_told(entry: Entry) -> str:
    details = (entry.details.get(name) for name in SAYS)
    told = [each for each in details if isinstance(each, str) and each]
    said = f": {'; '.join(told)}" if told else ""
    return clean(f"{entry.time[:19].replace('T', ' ')}Z  {entry.kind} by {entry.actor}{said}")


SAYS = ("person", "account", "event", "says", "because", "reason")
"""The details of an entry that people want to read."""

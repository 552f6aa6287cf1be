"""`holdfast watch ID`: follow a proposal to its end, a line for each thing that happens."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

import msgspec

from holdfast.errors import BadRecord, NotReady
from holdfast.model.access import Process
from holdfast.model.entries import Entry
from holdfast.model.times import in_words
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.borne_out import Held, held, untrue
from holdfast.surfaces.cli.repairs.dossier import Dossier, opened
from holdfast.surfaces.cli.repairs.finding import found_in, tell_beside, with_words
from holdfast.surfaces.cli.repairs.progress import CODES, Moment
from holdfast.surfaces.cli.repairs.rows import stands, where
from holdfast.surfaces.cli.repairs.run_lines import Line, as_json, as_text
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.alive import alive
from holdfast.workflow.posting import NO_KEEPER, START_ONE

PACE = 0.2  # seconds between two looks
KINDS = (
    *("approval", "rejection", "intent", "lease", "sending", "cut_off", "revoke"),
    *("outcome", "undo", "expired"),
)
"""The entries of a proposal's life that are told."""

GONE_FOR = timedelta(seconds=60)
"""A keeper that has been silent for so long after it counted as dead is not waited for."""


def follow(ground: Ground, id_: str, pace: float = PACE, *, json: bool = False) -> int:
    """Until it has ended; the exit code says how."""
    console, form = Plain(), as_json if json else as_text

    def tell(line: Line) -> None:
        for each in form(line):
            console.print(each)

    with ground.store() as store, _moving(console, json=json) as say:
        last = asyncio.run(_followed(ground, store, id_, tell, say, pace))
    if last is None:
        Plain(stderr=True).print(f"{NO_KEEPER.capitalize()}, and so nothing goes on. {START_ONE}")
        return COULD_NOT_LOOK
    tell(Line(moment=last, what="end"))
    return CODES[last.state]


@contextmanager
def _moving(console: Plain, *, json: bool) -> Iterator[Callable[[str], None]]:
    """What is waited for, where somebody watches; programs read the lines alone."""
    if json:
        yield lambda _: None
        return
    with console.moving("Looking ...") as say:
        yield say


async def _followed(
    ground: Ground,
    store: Store,
    id_: str,
    tell: Callable[[Line], None],
    say: Callable[[str], None],
    pace: float,
) -> Moment | None:
    """The last moment; None if nobody is there to go on with it. Raises `BadRecord` where the
    record does not say that it is where its row says, and `NotReady` where it is not said yet.
    """
    teller = _Teller()
    alone_since: datetime | None = None
    unclear_since: datetime | None = None
    while True:
        sight = await asyncio.to_thread(_look, ground, store, id_, teller)
        moment, told = sight.moment, sight.moment.told
        unclear_since = (unclear_since or moment.now) if sight.by.unclear else None
        if unclear_since is not None:
            if not sight.unsealed or moment.now - unclear_since >= GONE_FOR:
                raise _not_borne_out(id_, sight.by)
            say("Waiting for the record to say so ...")
            await asyncio.sleep(pace)
            continue
        if id_ in sight.by.let_go and not teller.state:
            tell_beside(id_, sight.by.notes[id_])
        for line in teller.news(sight):
            tell(line)
        if moment.ended:
            return moment
        alone_since = None if sight.alive else alone_since or moment.now
        if alone_since is not None and moment.now - alone_since >= GONE_FOR:
            return None
        waits = moment.waits() if sight.alive else f"for a keeper: {NO_KEEPER}"
        say(f"{stands(told)}, for {in_words(moment.lasted)}; waiting {waits}")
        await asyncio.sleep(pace)


def _not_borne_out(id_: str, by: Held) -> BadRecord | NotReady:
    if id_ in by.odd:
        return untrue(id_, by.odd[id_])
    here = by.ahead[id_]
    return NotReady(f"Nobody can tell where {clean(id_)} is: {here.says}.", remedy=here.remedy)


class _Sight(msgspec.Struct, frozen=True, kw_only=True):
    """One look: all of it at one moment."""

    moment: Moment
    entries: tuple[Entry, ...]  # about it, that were not seen before
    size: int  # of the record
    alive: bool  # whether a keeper is
    by: Held  # its row, where that is another than it was
    unsealed: bool  # whether anything waits to be sealed: the record may say so in a moment


def _look(ground: Ground, store: Store, id_: str, teller: "_Teller") -> _Sight:
    seen = teller.seq
    with store.reading() as tx:
        look = _again if seen else found_in
        told = look(tx, store.cluster, id_)
        now, tip = tx.now(), tx.records.tip()
        size = tip.size if tip is not None else 0
        moment = Moment(told=told, now=now)
        is_new = moment.ended or teller.state != _place(moment)
        return _Sight(
            moment=moment,
            entries=tuple(_entries(tx, id_, seen) if size > seen else ()),
            size=size,
            alive=alive(tx.beats.all(), Process.KEEPER, now) is not None,
            by=held(ground, tx, [told.case] if is_new else []),
            unsealed=tx.records.backlog() > 0,
        )


def _place(moment: Moment) -> str:
    return f"{where(moment.told)}{moment.state}"


def _again(tx: Tx, cluster: str, id_: str) -> Dossier:
    """It as it stands now. The record was asked at the first look, and is asked again where the row
    is another: it says in which field.
    """
    case = tx.cases.case(id_)
    if case is not None:
        with suppress(BadRecord):
            return with_words(tx, [opened(case, cluster)])[0]
    return found_in(tx, cluster, id_)


def _entries(tx: Tx, id_: str, seen: int) -> Sequence[Entry]:
    new = (
        each
        for kind in KINDS
        for each in tx.records.of_kind(kind)
        if each.seq > seen and id_ in each.subjects
    )
    return sorted(new, key=lambda each: each.seq)


class _Teller:
    """Knows what was told: states, and what the record holds of it."""

    def __init__(self) -> None:
        self.seq = 0
        self.state = ""  # and at which step of a plan

    def news(self, sight: _Sight) -> Iterator[Line]:
        """What was not told yet."""
        moment = sight.moment
        if not self.state:
            yield Line(moment=moment, what="begin")
        for each in sight.entries:
            yield Line(moment=moment, what="entry", entry=each)
        self.seq = sight.size
        if (here := _place(moment)) != self.state:
            self.state = here
            yield Line(moment=moment, what="state")

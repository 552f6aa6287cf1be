"""Whether the record bears out what rows say of where proposals are, and which rows are gone.

Whoever can write into the database can have a row say anything; the sealed chain he cannot. Without
a public key of ours nobody can tell here who signed it: then it is read as it stands.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from holdfast.errors import BadRecord
from holdfast.model.access import Process
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.ids import made_at
from holdfast.model.times import stamp
from holdfast.ports import Records, Store, Tx
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.recorded import PACE, WITHIN
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.alive import alive
from holdfast.workflow.awaited import awaited
from holdfast.workflow.in_the_chain import AROUND, as_it_stands, entries_since
from holdfast.workflow.posting import NO_KEEPER, START_ONE
from holdfast.workflow.sendings import SENDING
from holdfast.workflow.whereabouts import LIFE, Whereabouts, by_record, otherwise

LET_GO = "what was recorded of it was let go, so only its row says so"


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """That a row is ahead of the record, and what to do about it."""

    says: str
    remedy: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, held against the record; by the ids of proposals."""

    odd: Mapping[str, str]  # how its row says otherwise, and nothing that waits explains it
    ahead: Mapping[str, Ahead]  # what waits to be sealed says the same as its row
    let_go: Collection[str]  # of which the record is not here any more

    @property
    def unclear(self) -> bool:
        """Whether the record may say more in a moment."""
        return bool(self.odd or self.ahead)

    @property
    def notes(self) -> Mapping[str, str]:
        """What is said beside where a row says that it is."""
        ahead = {id_: f"{at.says}. {at.remedy}".rstrip(".") for id_, at in self.ahead.items()}
        return dict.fromkeys(self.let_go, LET_GO) | ahead


def held(ground: Ground, tx: Tx, cases: Sequence[Case]) -> Held:
    """What the record says of where these are. Raises `BadRecord` where nobody can tell."""
    start = tx.records.start()
    let_go = {each.id for each in cases if start is not None and not _is_after(each.id, start.time)}
    there = [each for each in cases if each.id not in let_go]
    sealed = _sealed(ground, tx.records, {each.id for each in there})
    odd = {each.id: why for each in there if (why := otherwise(each, sealed[each.id]))}
    explained = _explained(tx, [each for each in there if each.id in odd], sealed) if odd else ()
    return Held(
        odd={id_: why for id_, why in odd.items() if id_ not in explained},
        ahead=dict.fromkeys(explained, ahead(tx)) if explained else {},
        let_go=let_go,
    )


def ahead(tx: Tx) -> Ahead:
    """How much waits to be sealed, and whether anybody is there to do so."""
    waits = tx.records.backlog()
    many = "1 entry waits" if waits == 1 else f"{waits} entries wait"
    says = f"the row is ahead of the record: {many} to be sealed"
    if _keeper_lives(tx):
        return Ahead(says=says, remedy="See what the keeper's log says: it seals nothing.")
    return Ahead(says=f"{says}, and {NO_KEEPER}", remedy=START_ONE)


def once_sealed[T](store: Store, look: Callable[[Tx], tuple[T, bool]]) -> T:
    """What that look finds. What it finds unclear is looked at again while anything of ours waits
    to be sealed and a keeper lives, for some seconds: a row may be a moment ahead of the record.
    """
    ends = time.monotonic() + WITHIN
    while True:
        with store.reading() as tx:
            found, unclear = look(tx)
            waits = unclear and tx.records.backlog() > 0 and _keeper_lives(tx)
        if not waits or time.monotonic() >= ends:
            return found
        time.sleep(PACE)


def _keeper_lives(tx: Tx) -> bool:
    return alive(tx.beats.all(), Process.KEEPER, tx.now()) is not None


def _explained(
    tx: Tx, cases: Sequence[Case], sealed: Mapping[str, Sequence[Entry]]
) -> Collection[str]:
    """Those of which the record will say the same as their rows, once what waits is sealed. A row
    is moved together with what is handed in of it: nothing else that waits explains it.
    """
    waits = _by_id(awaited(tx), {each.id for each in cases})
    return [e.id for e in cases if not otherwise(e, [*sealed[e.id], *waits[e.id]])]


def untrue(id_: str, why: str) -> BadRecord:
    """What is raised instead of telling that it is there."""
    return BadRecord(
        f"Nobody can rely on the row of {clean(id_)}: {clean(why)}.",
        remedy="Believe the record, which `holdfast audit show` prints, and find out who can write "
        "into the database. What a keeper is about to do it judges by the record.",
    )


def gone(records: Records, id_: str) -> str:
    """What the record says of a proposal whose row somebody has deleted; empty if it knows none."""
    here = by_record(as_it_stands(records, _life_of({id_})))
    if here is None:
        return ""
    return f"entry {here.seq} of the record says that it is {here.state}, and its row is gone"


def acts_gone(tx: Tx) -> Mapping[str, Whereabouts]:
    """The acts that have begun by the record and have no end there, of which the row is gone."""
    begun = {id_ for each in tx.records.of_kind(SENDING) for id_ in each.subjects}
    missing = {id_ for id_ in begun if tx.cases.case(id_) is None}
    sealed = _by_id(as_it_stands(tx.records, _life_of(missing)) if missing else (), missing)
    where = {id_: by_record(sealed[id_]) for id_ in sorted(missing)}
    return {id_: here for id_, here in where.items() if here is not None and here.open_act}


def _is_after(id_: str, moment: str) -> bool:
    made = made_at(id_)
    return made is not None and stamp(made - AROUND) > moment


def _sealed(
    ground: Ground, records: Records, ids: Collection[str]
) -> Mapping[str, Sequence[Entry]]:
    """What is sealed of the lives of these, verified as far as can be here."""
    if not ids:
        return {}
    keys, _ = ground.keys_here()
    if not keys:
        return _by_id(as_it_stands(records, _life_of(ids)), ids)
    made = [made_at(each) for each in ids]
    known = [each for each in made if each is not None]
    since = min(known) - AROUND if len(known) == len(made) else None
    return _by_id(entries_since(records, since, keys, ground.check, _life_of(ids)), ids)


def _life_of(ids: Collection[str]) -> Callable[[Entry], bool]:
    """Whether an entry says where one of these is."""
    wanted = frozenset(ids)
    return lambda entry: entry.kind in LIFE and not wanted.isdisjoint(entry.subjects)


def _by_id(entries: Iterable[Entry], ids: Collection[str]) -> Mapping[str, Sequence[Entry]]:
    """Those that say where these are, in their order."""
    wanted, told = frozenset(ids), defaultdict[str, list[Entry]](list)
    for each in entries:
        if each.kind in LIFE:
            for id_ in wanted.intersection(each.subjects):
                told[id_].append(each)
    return told

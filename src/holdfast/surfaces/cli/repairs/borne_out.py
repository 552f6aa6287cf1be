"""Whether the record bears out what rows say of where proposals are, and which rows are gone.

Whoever can write into the database can have a row say anything; the sealed chain he cannot. Without
a public key of ours nobody can tell here who signed it: then it is read as it stands.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from holdfast.errors import BadInput, BadRecord
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.ids import made_at
from holdfast.model.times import stamp
from holdfast.ports import Records, Store, Tx
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.recorded import PACE, WITHIN
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.in_the_chain import AROUND, entries_since, require_whole
from holdfast.workflow.sendings import SENDING
from holdfast.workflow.whereabouts import LIFE, Whereabouts, by_record, otherwise

LET_GO = "what was recorded of it was let go, so only its row says so"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, held against the record."""

    odd: Mapping[str, str]  # by the proposal's id, how its row says otherwise
    let_go: Collection[str]  # of which the record is not here any more


def held(ground: Ground, records: Records, cases: Sequence[Case]) -> Held:
    """What the record says of where these are. Raises `BadRecord` where nobody can tell."""
    start = records.start()
    let_go = {each.id for each in cases if start is not None and not _is_after(each.id, start.time)}
    there = [each for each in cases if each.id not in let_go]
    sealed = _sealed(ground, records, {each.id for each in there})
    odd = {each.id: why for each in there if (why := otherwise(each, sealed[each.id]))}
    return Held(odd=odd, let_go=let_go)


def once_sealed[T](store: Store, look: Callable[[Tx], tuple[T, bool]]) -> T:
    """What that look finds. What it finds odd is looked at again while anything of ours waits to be
    sealed, for some seconds: a row may be a moment ahead of the record.
    """
    ends = time.monotonic() + WITHIN
    while True:
        with store.reading() as tx:
            found, odd = look(tx)
            waits = odd and tx.records.backlog() > 0
        if not waits or time.monotonic() >= ends:
            return found
        time.sleep(PACE)


def untrue(id_: str, why: str) -> BadRecord:
    """What is raised instead of telling that it is there."""
    return BadRecord(
        f"Nobody can rely on the row of {clean(id_)}: {clean(why)}.",
        remedy="Believe the record, which `holdfast audit show` prints, and find out who can write "
        "into the database. What a keeper is about to do it judges by the record.",
    )


def gone(records: Records, id_: str) -> str:
    """What the record says of a proposal whose row somebody has deleted; empty if it knows none."""
    here = by_record([each for each in _as_it_stands(records) if id_ in each.subjects])
    if here is None:
        return ""
    return f"entry {here.seq} of the record says that it is {here.state}, and its row is gone"


def acts_gone(tx: Tx) -> Mapping[str, Whereabouts]:
    """The acts that have begun by the record and have no end there, of which the row is gone."""
    begun = {id_ for each in tx.records.of_kind(SENDING) for id_ in each.subjects}
    missing = {id_ for id_ in begun if tx.cases.case(id_) is None}
    sealed = _by_id(_as_it_stands(tx.records) if missing else (), missing)
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
    try:
        keys = ground.keys(())
    except BadInput:
        return _by_id(_as_it_stands(records), ids)
    made = [made_at(each) for each in ids]
    known = [each for each in made if each is not None]
    since = min(known) - AROUND if len(known) == len(made) else None
    return _by_id(entries_since(records, since, keys, ground.check), ids)


def _by_id(entries: Iterable[Entry], ids: Collection[str]) -> Mapping[str, Sequence[Entry]]:
    """Those that say where these are, in their order."""
    told: defaultdict[str, list[Entry]] = defaultdict(list)
    for each in entries:
        if each.kind in LIFE:
            for id_ in {*each.subjects} & {*ids}:
                told[id_].append(each)
    return told


def _as_it_stands(records: Records) -> Sequence[Entry]:
    """What there is of all lives, whoever signed it. Raises `BadRecord` for what was changed."""
    entries = [each for kind in LIFE for each in records.of_kind(kind)]
    for each in entries:
        require_whole(each)
    return sorted(entries, key=lambda each: each.seq)

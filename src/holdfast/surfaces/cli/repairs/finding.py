"""Find a proposal by its id; an id that nobody knows is answered with those that look like it."""

import difflib
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from holdfast.approvals.statements import Decision
from holdfast.errors import BadInput, BadRecord
from holdfast.model.cases import Word
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.borne_out import Held, gone, held, once_sealed, untrue
from holdfast.surfaces.cli.repairs.dossier import Dossier, opened, require_sealed
from holdfast.surfaces.cli.text import clean
from holdfast.workflow import as_sealed
from holdfast.workflow.in_the_chain import entries_of

AMONG = 500  # of the newest proposals an id that was mistyped is looked for
NAMED = 3


def found(ground: Ground, store: Store, id_: str) -> Dossier:
    """The proposal of that id, whole, and where the record says that it is. Raises `BadInput` if
    there is none, `BadRecord` if it was changed.
    """

    def look(tx: Tx) -> tuple[tuple[Dossier, Held], bool]:
        told = found_in(tx, store.cluster, id_)
        by = held(ground, tx, [told.case])
        return (told, by), by.unclear

    told, by = once_sealed(store, look)
    if id_ in by.odd:
        raise untrue(id_, by.odd[id_])
    if id_ in by.notes:
        tell_beside(id_, by.notes[id_])
    return told


def tell_beside(id_: str, note: str) -> None:
    """Say it beside what is printed, which may be for programs."""
    Plain(stderr=True).print(f"{clean(id_)}: {note}.")


def found_in(tx: Tx, cluster: str, id_: str) -> Dossier:
    """Its content as it was proposed, within one sight: where it is, its row alone says."""
    case = tx.cases.case(id_)
    if case is not None:
        sealed = [each for each in tx.records.of_kind("proposal") if id_ in each.subjects]
        (told,) = with_words(tx, [opened(case, cluster, sealed)])
        for entry in sealed:
            require_sealed(told, entry)
        return told
    if why := gone(tx.records, id_):
        raise BadRecord(
            f"Somebody has deleted {clean(id_)} from the database: {why}.",
            remedy="Nobody watches it any more, and Holdfast takes nothing of it back. Look at its "
            "target yourself, and find out who can write into the database.",
        )
    newest = [each.id for each in tx.cases.newest(AMONG)]
    raise BadInput(f"There is no proposal {clean(id_)[:80]}.", remedy=_meant(id_, newest))


def with_words(tx: Tx, those: Sequence[Dossier]) -> Sequence[Dossier]:
    """Each, with who said yes to which of its steps."""
    words: defaultdict[tuple[str, int], list[Word]] = defaultdict(list)
    for word in tx.words.of_all([each.case.id for each in those]):
        words[word.proposal, word.step].append(word)
    return [
        msgspec.structs.replace(
            told,
            words=tuple(w for each in told.plan.steps for w in words[told.case.id, each.step]),
        )
        for told in those
    ]


def require_signed(ground: Ground, store: Store, told: Dossier, decision: Decision) -> str:
    """Why the record says that it is over; empty if it may be decided so.

    Raises `BadRecord` unless it is what the record says, in entries that our audit keys have
    signed. Where no such key is known, nobody can tell, and that is said.
    """
    keys, why = ground.keys_here()
    if not keys:
        Plain(stderr=True).print(f"Nobody can tell here who signed the record. {why}")
        return ""
    with store.reading() as tx:
        entries = entries_of(tx.records, told.case.id, keys, ground.check)
    proposed = [each for each in entries if each.kind == as_sealed.PROPOSAL]
    for entry in proposed:
        require_sealed(told, entry)
    if not proposed:
        raise BadRecord(
            f"The record does not say that {clean(told.case.id)} was proposed.",
            remedy="If it was a moment ago, try again; else somebody has changed the database.",
        )
    return as_sealed.over_for(entries, decision)


def _meant(id_: str, newest: list[str]) -> str:
    near = difflib.get_close_matches(id_, newest, NAMED, 0.7)
    if near:
        return f"Perhaps you mean {', '.join(clean(each) for each in near)}."
    return "See which ones there are with: holdfast proposals"

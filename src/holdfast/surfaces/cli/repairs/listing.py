"""`holdfast proposals`: what is open and what was lately, or one of them as a card."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

import msgspec
from rich.text import Text

from holdfast.errors import BadInput, BadRecord
from holdfast.execution.states import ENDS, State
from holdfast.model.cases import Case
from holdfast.model.times import in_words
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.consoles import Plain, write
from holdfast.surfaces.cli.exits import NOTHING
from holdfast.surfaces.cli.forms import as_json, as_yaml
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs import card
from holdfast.surfaces.cli.repairs.all_rows import GOING_ON
from holdfast.surfaces.cli.repairs.borne_out import held, once_sealed
from holdfast.surfaces.cli.repairs.dossier import Dossier, opened
from holdfast.surfaces.cli.repairs.finding import found, with_words
from holdfast.surfaces.cli.repairs.frozen import freeze_in, warn, warn_of
from holdfast.surfaces.cli.repairs.markdown import as_markdown
from holdfast.surfaces.cli.repairs.report import ProposalOut, as_value
from holdfast.surfaces.cli.repairs.rows import standing
from holdfast.surfaces.cli.repairs.words import place_of
from holdfast.surfaces.cli.text import clean

LISTED: Final = "holdfast.dev/proposals/v1alpha1"


OPEN = frozenset(State) - ENDS
NONE = "There is none. Propose one with: holdfast propose TROUBLE"
NONE_OPEN = "None is open. See those that have ended with: holdfast proposals --last 20"
NOT_HELD = "what is so old is not held against the record here: name it, and it is"
MOST = 200  # of those that have not ended


class Output(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


class ProposalsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Proposals, the newest first.

    Not among them, and named: in `changed` those whose content was edited in the database, in `odd`
    those that are not where their rows say, each with how the record says otherwise. `notes` says
    of those that are told where only the row says so, or says so before the record.
    `frozen` says since when a freeze is on, by whom and why; it is empty where none is.
    """

    schema: Literal["holdfast.dev/proposals/v1alpha1"]
    proposals: list[ProposalOut]
    changed: list[str]
    odd: dict[str, str]
    notes: dict[str, str]
    frozen: str


def show(ground: Ground, id_: str, output: Output) -> int:
    """Print one as its card, or as a value."""
    with ground.store() as store:
        warn(store)
        tell(found(ground, store, id_), output, _now(store))
    return NOTHING


def tell(told: Dossier, output: Output, now: datetime) -> None:
    """Print one in that form."""
    match output:
        case Output.TEXT:
            card.show(Plain(), told, now)
        case Output.JSON:
            print(as_json(as_value(told, now)))
        case Output.YAML:
            print(as_yaml(as_value(told, now)))
        case Output.MARKDOWN:
            print(as_markdown(told, now))


def listed(ground: Ground, output: Output, last: int, *, open_only: bool) -> int:
    """Print those that have not ended, and as many of the newest."""
    if last < 0:
        raise BadInput(f"There are no latest {last} proposals.", remedy="Say how many with --last.")
    if output is Output.MARKDOWN:
        raise BadInput(
            "A list is no Markdown; one proposal is.", remedy="Name it, or take -o json or yaml."
        )
    with ground.store() as store:

        def look(tx: Tx) -> tuple[_Sight, bool]:
            each, old = _cases(tx, last, open_only=open_only)
            seen = _read(ground, tx, each, old, store.cluster)
            return seen, seen.unclear

        seen = once_sealed(store, look)
    now, each, frozen = seen.now, seen.each, seen.frozen
    if output is Output.TEXT:
        warn_of(frozen)
        asked_for_all = last > 0 and not open_only
        write(Plain(), _lines(seen, none=NONE if asked_for_all else NONE_OPEN))
        return NOTHING
    value = ProposalsOut(
        schema=LISTED,
        proposals=[as_value(one, now) for one in each],
        changed=[*seen.changed],
        odd={**seen.odd},
        notes={**seen.notes},
        frozen=frozen,
    )
    print(as_json(value) if output is Output.JSON else as_yaml(value))
    return NOTHING


def _cases(tx: Tx, last: int, *, open_only: bool) -> tuple[Sequence[Case], Collection[str]]:
    """All that have not ended, and the newest of the others, the newest first. Beside them, which
    may stay like that for ever, and are not among the newest: for these, all of a record of years
    would be read each time.
    """
    open_, newest = tx.cases.in_states(OPEN, MOST), tx.cases.newest(last)
    each = {case.id: case for case in (*open_, *(() if open_only else newest))}
    stay = {case.id for case in open_ if case.state not in GOING_ON}
    in_order = sorted(each.values(), key=lambda case: (case.proposed, case.id), reverse=True)
    return in_order, stay.difference(case.id for case in newest)


class _Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What is there at one moment."""

    now: datetime
    frozen: str
    each: Sequence[Dossier]
    changed: Sequence[str]  # of which the content, or all of the row, was changed
    odd: Mapping[str, str]  # which are not where their rows say, and why
    notes: Mapping[str, str]  # of those whose row alone says where they are, why
    unclear: bool  # whether the record may say more in a moment


def _read(
    ground: Ground, tx: Tx, cases: Sequence[Case], old: Collection[str], cluster: str
) -> _Sight:
    each: list[Dossier] = []
    changed: list[str] = []
    for case in cases:
        try:
            each.append(opened(case, cluster))
        except BadRecord:
            changed.append(case.id)
    by = held(ground, tx, [told.case for told in each if told.case.id not in old])
    return _Sight(
        now=tx.now(),
        frozen=freeze_in(tx),
        each=with_words(tx, [told for told in each if told.case.id not in by.odd]),
        changed=changed,
        odd=by.odd,
        notes={**by.notes, **{told.case.id: NOT_HELD for told in each if told.case.id in old}},
        unclear=by.unclear,
    )


def _lines(seen: _Sight, *, none: str) -> Iterator[Text]:
    for told in seen.each:
        one = told.proposal
        line = Text(clean(one.id), style="bold")
        line.append(f"  {one.action.kind.name} of {place_of(one.target)}")
        if told.several:
            line.append(f", step {one.place.step} of {one.place.last}")
        line.append(f"  {told.risk.name} risk, {in_words(seen.now - one.proposed)} old", "dim")
        yield line
        yield Text(f"  {standing(told, seen.now)}")
        if one.id in seen.notes:
            yield Text(f"  {seen.notes[one.id]}", "dim")
    for id_ in seen.changed:
        yield Text(f"{clean(id_)}  was changed in the database: approve nothing of it", "bold red")
    for id_, why in seen.odd.items():
        yield Text(clean(f"{id_}  was changed in the database: {why}"), "bold red")
    if not seen.each and not seen.changed and not seen.odd:
        yield Text(none)


def _now(store: Store) -> datetime:
    with store.reading() as tx:
        return tx.now()

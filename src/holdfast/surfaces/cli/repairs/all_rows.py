"""The rows of proposals, as `holdfast doctor` looks at them: all that are open, and the newest."""

from collections.abc import Mapping, Sequence

import msgspec

from holdfast.errors import BadRecord
from holdfast.execution.states import State
from holdfast.model.cases import Case
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.borne_out import Ahead, acts_gone, held, once_sealed
from holdfast.workflow.casebook import state_of
from holdfast.workflow.whereabouts import Whereabouts

LATEST = 1000  # proposals whose rows are looked at
GOING_ON = frozenset({State.PROPOSED, State.APPROVED, State.LEASED, State.APPLIED, State.UNDOING})


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """How they are at one moment."""

    open: int
    damaged: Sequence[Case]
    odd: Sequence[str]  # which are not where they say that they are, and why
    ahead: Mapping[str, Ahead]  # which the record does not tell yet
    gone: Mapping[str, Whereabouts]  # acts that are at no end by the record


def all_rows(ground: Ground, store: Store) -> Rows:
    """How they are, once the record has caught up with them."""

    def look(tx: Tx) -> tuple[Rows, bool]:
        rows = _looked_at(ground, tx)
        return rows, bool(rows.odd or rows.ahead)

    return once_sealed(store, look)


def _looked_at(ground: Ground, tx: Tx) -> Rows:
    open_, newest = tx.cases.in_states(GOING_ON, LATEST), tx.cases.newest(LATEST)
    each = {case.id: case for case in (*open_, *newest)}.values()
    told: list[Case] = []
    odd: list[str] = []
    for case in each:
        if case.damaged:
            continue
        try:
            state_of(case)
        except BadRecord as none:
            odd.append(none.wrong.rstrip("."))
        else:
            told.append(case)
    by = held(ground, tx, told)
    return Rows(
        open=len(open_),
        damaged=[case for case in each if case.damaged],
        odd=[*odd, *(f"of {id_}, {why}" for id_, why in by.odd.items())],
        ahead=by.ahead,
        gone=acts_gone(tx),
    )

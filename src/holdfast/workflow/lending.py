"""The leases of runs: what each is called, what it is lent for, and which of them may live.

- A name is allotted to one run, and never to another: what is dead stays dead, so that whoever
  sweeps up can take back a lease by its name.
- A lease lives while its run has not ended. Whoever takes a run over sees it to its end first, or
  has another name.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import count, takewhile
from typing import assert_never

from holdfast.execution.lease_names import Purpose, lease_name, parsed
from holdfast.grants.names import role_of
from holdfast.grants.values import made_by, set_by
from holdfast.model.documents import Document
from holdfast.model.leases import Loan
from holdfast.model.merge_patches import as_wanted
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create, Delete, Evict, Patch, Step
from holdfast.ports import Tx
from holdfast.ports.engine import Engine
from holdfast.workflow.numbering import first_free

LEASE = "lease"
"""The sort of what is spent by a name."""

FIRST = "first lease"
"""What keeps the first name of a run: its others are looked for from there on."""


def allot(tx: Tx, purpose: Purpose, kind: Kind, uid: str, *, run: str, at: datetime) -> str:
    """An account's name that no run had before, and none will have after this one."""

    def free(generation: int) -> bool:
        return tx.once.spent(LEASE, _name(purpose, kind, uid, generation)) is None

    for generation in count(first_free(free)):
        account = _name(purpose, kind, uid, generation)
        if tx.once.spend(LEASE, account, run, at):
            tx.once.spend(FIRST, _first_of(purpose, kind, uid, run), account, at)
            return account
    raise AssertionError  # pragma: no cover - it counts for ever


def allotted(tx: Tx, purpose: Purpose, kind: Kind, uid: str, run: str) -> list[str]:
    """Every name of that sort that the run was allotted: by each attempt at it, one at most."""
    first = parsed(tx.once.spent(FIRST, _first_of(purpose, kind, uid, run)) or "")
    since = first.generation if first is not None else 1  # it began before that was kept
    names = (_name(purpose, kind, uid, generation) for generation in count(since))
    had = ((each, tx.once.spent(LEASE, each)) for each in names)
    return [each for each, whose in takewhile(lambda it: it[1] is not None, had) if whose == run]


def _name(purpose: Purpose, kind: Kind, uid: str, generation: int) -> str:
    return str(lease_name(purpose, kind.name, uid, generation))


def _first_of(purpose: Purpose, kind: Kind, uid: str, run: str) -> str:
    return f"{purpose.value} {kind.name} {uid} {run}"


def lives(tx: Tx, engine: Engine, account: str) -> bool:
    """Whether somebody may still act by that lease."""
    run = tx.once.spent(LEASE, account)
    status = engine.status(tx, run) if run is not None else None
    return status is not None and not status.state.ended


def loan(
    account: str, kind: Kind, namespace: str, steps: Sequence[Step], fresh: Document | None
) -> Loan:
    """What is lent for those requests, and nothing beside it."""
    return Loan(
        account=account,
        role=role_of(kind),
        namespace=namespace,
        rights=kind.rights(),
        steps=tuple(steps),
        value=_value(kind, steps, fresh),
        shows=account.startswith(f"{Purpose.PREVIEW.value}."),
    )


def _value(kind: Kind, steps: Sequence[Step], fresh: Document | None) -> str:
    """What it may set: of several requests, what the last of them leaves."""
    value = ""
    for step in steps:
        match step:
            case Patch() if fresh is not None:
                value = set_by(kind, as_wanted(step.sets, fresh).value)
            case Create():
                value = made_by(step.manifest)
            case Patch() | Evict() | Delete():
                pass
            case _:
                assert_never(step)
    return value

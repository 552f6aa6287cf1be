"""`holdfast policy replay`: what a leash would have said of the proposals that there were.

Asked again are the layers that judge by the leash alone: what is switched on, what is protected,
who may approve, and the operator's own policy. What the cluster looked like then is not known any
more.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from holdfast.errors import BadInput, BadRecord
from holdfast.model.asks import Assent
from holdfast.model.cases import Case
from holdfast.model.proposals import Proposal
from holdfast.ports import Standing, Tx
from holdfast.surfaces.cli.doors import Doors
from holdfast.surfaces.cli.exits import FAULTS, NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.words import action_told, place_of
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.trying import AGAIN, judged_again
from holdfast.workflow.verdicts import VERDICT


def replay(doors: Doors, ground: Ground, folder: Path, last: int) -> int:
    """Ask again, and print where the answer is another one."""
    if last < 0:
        raise BadInput(f"There are no latest {last} proposals.", remedy="Say how many with --last.")
    standing = doors.policy.standing(folder)
    with ground.store() as store, store.reading() as tx:
        cases = tx.cases.newest(last)
        lines = [line for each in cases for line in _differs(tx, each, standing)]
    for line in lines:
        print(clean(line))
    changed = len(lines)
    print(f"{len(cases)} proposals, {changed} would be answered otherwise by these layers.")
    return FAULTS if changed else NOTHING


def _differs(tx: Tx, case: Case, standing: Standing) -> Iterator[str]:
    try:
        plan = plan_of(case)
    except BadRecord as odd:
        yield f"{case.id}: {odd.wrong}"
        return
    for each in plan.steps:
        yield from _step_differs(tx, case, each, standing)


def _step_differs(tx: Tx, case: Case, about: Proposal, standing: Standing) -> Iterator[str]:
    words = tx.words.of(case.id, about.step)
    assents = [msgspec.json.decode(each.assent, type=Assent) for each in words]
    now = judged_again(about, assents, standing)
    new = {each.by: each.because for each in now.refusals}
    old = _said(tx, case.id, about.step)
    told = f"{case.id}: {action_told(about.action)} of {place_of(about.target)}"
    if gone := sorted(old - new.keys()):
        yield f"{told}: no longer refused by {', '.join(gone)}"
    for layer in sorted(new.keys() - old):
        yield f"{told}: refused by {layer}: {new[layer]}"


def _said(tx: Tx, id_: str, step: int) -> frozenset[str]:
    """The layers among those that are asked again that refused it when it was judged last."""
    verdicts: Sequence[object] = [
        each.details.get("refusals")
        for each in tx.records.of_kind(VERDICT)
        if id_ in each.subjects and each.details.get("step", 1) == step
    ]
    told = verdicts[-1] if verdicts else ()
    names = {layer.__name__ for layer in AGAIN}
    refusals = told if isinstance(told, list | tuple) else ()
    return frozenset(str(each["by"]) for each in refusals if each["by"] in names)

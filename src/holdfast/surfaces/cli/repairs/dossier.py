"""A proposal as it is shown: its content by its own digest, and what the keeper says beside it.

What is shown is what is signed: the digest is computed again from the content that is rendered,
and is that of the row and that of the sealed entry, or nothing is shown at all.
"""

from collections.abc import Iterator, Sequence

import msgspec

from holdfast.errors import BadRecord
from holdfast.execution.courses import read_progress
from holdfast.model.cases import Card, Case, Word
from holdfast.model.entries import Entry
from holdfast.model.plans import Plan
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.surfaces.cli.repairs.edited import beside, edited
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.casebook import plan_of, state_of


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal, read."""

    case: Case
    plan: Plan
    card: Card
    words: tuple[Word, ...] = ()  # who said yes to which step, as the database has it

    @property
    def proposal(self) -> Proposal:
        """The step that it is at: of most there is one."""
        step = read_progress(self.case.progress).step
        return self.plan.at(min(max(step, 1), len(self.plan.steps)))

    @property
    def risk(self) -> Risk:
        """That of the riskiest step."""
        return max(each.risk for each in self.plan.steps)

    def yeses(self, step: int) -> Iterator[Word]:
        """Who said yes to that step."""
        return (each for each in self.words if each.step == step)

    @property
    def several(self) -> bool:
        """Whether it has more than one step."""
        return len(self.plan.steps) > 1


def opened(case: Case, cluster: str, sealed: Sequence[Entry] = ()) -> Dossier:
    """What a row holds, if all of it is what it was; `sealed` says what was proposed.

    Raises `BadRecord` with the field that differs, as far as the row and the record tell it, and
    for a state that is none.
    """
    state_of(case)
    try:
        plan = plan_of(case)
        card = msgspec.json.decode(case.card, type=Card)
    except (BadRecord, msgspec.MsgspecError) as odd:
        raise _changed(case, edited(case, cluster, sealed) or clean(str(odd))) from None
    if plan.first.cluster != cluster:
        if sealed:  # in the record of this one
            raise _changed(case, edited(case, cluster, sealed))
        raise BadRecord(
            f"Proposal {clean(case.id)} is about another cluster, {clean(plan.first.cluster)}.",
            remedy="Name the state folder or the database of the cluster that you mean.",
        )
    return Dossier(case=case, plan=plan, card=card)


def require_sealed(told: Dossier, entry: Entry) -> None:
    """Raise `BadRecord` unless it is what the record says was proposed: whoever edits a row, and
    all that the row says of itself, cannot edit a signed chain. The field is named, as far as the
    record tells it.
    """
    where = beside(told.case, entry)
    if where:
        raise _changed(told.case, where)


def _changed(case: Case, where: str) -> BadRecord:
    return BadRecord(
        f"Proposal {clean(case.id)} is not what it was when it was proposed: {where}.",
        remedy="Approve nothing of it: somebody has changed the database. Propose it again, and "
        "find out who.",
    )

"""A case as a test reads it: where it is, what was approved, and who refused it."""

from dataclasses import dataclass

import msgspec

from holdfast.execution import courses
from holdfast.execution.courses import Course
from holdfast.execution.states import State
from holdfast.model.cases import Card, Case
from holdfast.model.plans import Plan
from holdfast.model.proposals import Proposal
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.rows import beside, signed
from holdfast.workflow.casebook import plan_of


@dataclass(frozen=True, kw_only=True)
class Told:
    """A case, read."""

    case: Case

    @property
    def state(self) -> State:
        return State(self.case.state)

    @property
    def course(self) -> Course:
        return courses.read(self.case.course)

    @property
    def leased(self) -> bool:
        return bool(self.course.act.lease or self.course.undo.lease)

    @property
    def says(self) -> str:
        return self.course.says

    @property
    def plan(self) -> Plan:
        return plan_of(self.case)

    @property
    def proposal(self) -> Proposal:
        return self.plan.first

    @property
    def card(self) -> Card:
        return msgspec.json.decode(self.case.card, type=Card)

    @property
    def lines(self) -> list[str]:
        """What stands on the card, as the command line shows it."""
        told = Dossier(case=self.case, plan=self.plan, card=self.card)
        return [line for row in (*signed(told), *beside(told)) for line in row.lines]

    @property
    def refusals(self) -> str:
        """By whom it was refused when it was proposed, and why."""
        return "; ".join(f"{each.by}: {each.because}" for each in self.card.refusals)

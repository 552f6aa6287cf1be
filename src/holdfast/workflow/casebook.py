"""A case as it is kept, and the plan that it is of: most have one step."""

from holdfast import actions
from holdfast.errors import BadRecord
from holdfast.execution.states import State
from holdfast.model.canonical import canonical
from holdfast.model.cases import Case
from holdfast.model.plans import Plan, read


def plan_of(case: Case) -> Plan:
    """What it is of, read from its content, and the same by digest as the case says.

    Raises `BadRecord` for a row that somebody has written on.
    """
    plan = read(case.content, actions.built)
    first = plan.first  # a row of several steps names the first one's target
    told = (
        case.id,
        case.digest,
        case.target,
        case.namespace,
        case.of_class,
        case.proposed,
        case.open_until,
    )
    meant = (
        plan.id,
        plan.digest,
        first.target.uid,
        first.target.namespace,
        type(first.action).kind.of_class.value,
        first.proposed,
        first.open_until,
    )
    if told != meant:
        raise BadRecord(
            f"The row of {case.id[:60]} contradicts the proposal that it holds.",
            remedy="Have it proposed again, and see who can write into the database.",
        )
    return plan


def state_of(case: Case) -> State:
    """Where its row says that it is. Raises `BadRecord` for a word that is no state."""
    try:
        return State(case.state)
    except ValueError:
        raise BadRecord(
            f"The row of {case.id[:60]} says {case.state[:40]!r}, which is no state of a proposal.",
            remedy="See who can write into the database; where it is stands in the record: "
            "holdfast audit show",
        ) from None


def content_of(plan: Plan) -> str:
    """The text that a case keeps of it."""
    return canonical(plan.content()).decode()

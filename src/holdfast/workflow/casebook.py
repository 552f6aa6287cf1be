"""A case as it is kept, and the proposal that it is of."""

from holdfast import actions
from holdfast.errors import BadRecord
from holdfast.model import proposals
from holdfast.model.canonical import canonical
from holdfast.model.cases import Case
from holdfast.model.proposals import Proposal


def proposal_of(case: Case) -> Proposal:
    """What it is of, read from its content, and the same by digest as the case says.

    Raises `BadRecord` for a row that somebody has written on.
    """
    proposal = proposals.read(case.content, actions.built)
    kind = type(proposal.action).kind
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
        proposal.id,
        proposal.digest,
        proposal.target.uid,
        proposal.target.namespace,
        kind.of_class.value,
        proposal.proposed,
        proposal.open_until,
    )
    if told != meant:
        raise BadRecord(
            f"The row of {case.id[:60]} contradicts the proposal that it holds.",
            remedy="Have it proposed again, and see who can write into the database.",
        )
    return proposal


def content_of(proposal: Proposal) -> str:
    """The text that a case keeps of it."""
    return canonical(proposal.content()).decode()

"""What a last approval sets going: a ticket that is spent at once, the intent, and the act.

All of it is one transaction with the approval. The ticket never leaves it: what is kept is its id,
spent, under the step that it was for, so that no step is ever set going twice.
"""

from datetime import UTC, datetime

from holdfast.approvals.tickets import Claims, audience, issue, read
from holdfast.errors import BadRecord, CannotSign
from holdfast.execution.states import Event
from holdfast.model.asks import Assent, Refusal
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.workflow.answers import TooLate
from holdfast.workflow.asking import FIRST, INTENT, STEP, intent_id
from holdfast.workflow.leash import Leash
from holdfast.workflow.moving import moved

KEEPER = "keeper"  # the executor that tickets are for
TICKET = "ticket"
"""What a ticket is spent as, by its id."""

WHOLE_CLUSTER = "-"
"""The partition of what lies in no namespace: no namespace is called so."""


def the_order(proposal: str) -> CaseOrder:
    """What is ordered when all have said yes: it is done once, or not at all."""
    return CaseOrder(proposal=proposal, step=FIRST, generation=1)


def ordered(order: CaseOrder, phase: str, about: Proposal) -> Order:
    """A run of that phase, in the line of its namespace."""
    return Order(
        id=order.run(phase),
        phase=phase,
        argument=order,
        partition=about.target.namespace or WHOLE_CLUSTER,
    )


def set_going(
    tx: Tx, leash: Leash, case: Case, about: Proposal, assents: tuple[Assent, ...]
) -> None:
    """Spend a ticket for it, say what is about to be done, and order that.

    Raises `TooLate` where somebody was first: nothing of the transaction is kept then.
    """
    now, order = tx.now(), the_order(about.id)
    jti = _ticket(leash, about, assents[-1], now).jti
    tx.records.submit(_intent(about, order, jti, assents))
    first = (
        tx.once.spend(TICKET, jti, order.key, now)
        and tx.once.spend(STEP, order.key, jti, now)
        and isinstance(moved(tx, case, Event.APPROVED, now), Case)
        and leash.engine.enqueue(tx, ordered(order, ACT, about))
    )
    if not first:
        raise TooLate(Refusal(by="tickets", because="it was set going before"))


def _ticket(leash: Leash, about: Proposal, last: Assent, now: datetime) -> Claims:
    """What a ticket of the tickets key says, once it has been read as whoever acts would."""
    aud = audience(KEEPER, about.cluster)
    at = int(now.astimezone(UTC).timestamp())
    claims = Claims(
        jti=new_id("tkt", now, leash.dice.roll(RANDOM)),
        aud=aud,
        iat=at,
        nbf=at,
        exp=at + int(leash.rules().start_within.total_seconds()),
        digest=about.digest,
        tier=about.risk.value,
        step=FIRST,
        sub=last.person,
    )
    try:
        signer = leash.tickets.signer()
        key = signer.public
        ticket = issue(claims, key.id, signer.sign)
        return read(ticket, keys={key.id: key}, check=leash.check, aud=aud, now=now)
    except (BadRecord, CannotSign) as no:
        raise TooLate(Refusal(by="tickets", because=no.wrong)) from None


def _intent(about: Proposal, order: CaseOrder, jti: str, assents: tuple[Assent, ...]) -> Draft:
    target = about.target
    return Draft(
        id=intent_id(jti),
        kind=INTENT,
        actor=KEEPER,
        subjects=(about.id,),
        details={
            "proposal": about.id,
            "step": order.step,
            "generation": order.generation,
            "digest": about.digest,
            "action": type(about.action).kind.name,
            "target": f"{target.kind} {target.namespace}/{target.name}",
            "uid": target.uid,
            "approvers": [each.person for each in assents],
            "ticket": jti,
        },
    )

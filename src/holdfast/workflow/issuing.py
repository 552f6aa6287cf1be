"""What a last approval sets going: a ticket that is spent at once, the intent, and the act.

All of it is one transaction with the approval; of a later step of a plan, with what verified the
step before: each has a ticket of its own. The ticket never leaves it: what is kept is its id,
spent, under the step that it was for, so that no step is ever set going twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from holdfast.approvals.tickets import Claims, audience, issue, read
from holdfast.errors import BadRecord, CannotSign
from holdfast.execution.states import Event
from holdfast.model.asks import Assent, Refusal
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.ordered import ACT, CaseOrder, partition_of
from holdfast.model.proposals import Proposal
from holdfast.model.runs import Order
from holdfast.model.times import stamp
from holdfast.ports import Tx
from holdfast.workflow.answers import TooLate
from holdfast.workflow.asking import SINCE, STEP, intent_id
from holdfast.workflow.assenting import counted
from holdfast.workflow.in_the_chain import entries_of
from holdfast.workflow.intents import INTENT
from holdfast.workflow.leash import Leash
from holdfast.workflow.moving import moved

KEEPER = "keeper"  # the executor that tickets are for
TICKET = "ticket"
"""What a ticket is spent as, by its id."""


def ordered(order: CaseOrder, phase: str, about: Proposal, count: int = 0) -> Order:
    """A run of that phase, in the line of its namespace; `count`: how many ended before it."""
    return Order(
        id=order.run(phase, count),
        phase=phase,
        argument=order,
        partition=partition_of(about.target.namespace),
    )


def set_going(tx: Tx, leash: Leash, case: Case, about: Proposal, assents: Sequence[Assent]) -> None:
    """All have said yes: do it, or the first step of it.

    Raises `TooLate` where somebody was first: nothing of the transaction is kept then.
    """
    ticket = _ticket(leash, about, assents[-1], tx.now())
    if isinstance(ticket, Refusal):
        raise TooLate(ticket)
    _spent(tx, leash, about, ticket, assents)
    _require_first(isinstance(moved(tx, case, Event.APPROVED, tx.now()), Case))


def set_going_on(tx: Tx, leash: Leash, about: Proposal) -> Refusal | None:
    """The step before is verified: do this one, which was approved with it, by a ticket of its own.

    A refusal where it cannot be told that people still want it; nothing was written then.
    """
    try:
        entries = entries_of(tx.records, about.id, leash.sealed_by(), leash.check)
    except BadRecord as odd:
        return Refusal(by="record", because=odd.wrong)
    again = counted(leash, about, tx.words.of(about.id, about.step), tx.now(), entries)
    if not again.assents:
        nobody = Refusal(by="approvals", because=f"nobody has approved step {about.step}")
        return again.told([nobody])[0]
    ticket = _ticket(leash, about, again.assents[-1], tx.now())
    if isinstance(ticket, Refusal):
        return ticket
    _spent(tx, leash, about, ticket, again.assents)
    return None


def _spent(
    tx: Tx, leash: Leash, about: Proposal, ticket: Claims, assents: Sequence[Assent]
) -> None:
    """Spend the ticket, say what is about to be done, and order that."""
    now = tx.now()
    order = CaseOrder(proposal=about.id, step=about.step, generation=1)  # done once, or not at all
    tx.records.submit(_intent(about, order, ticket.jti, assents, now))
    _require_first(
        tx.once.spend(TICKET, ticket.jti, order.key, now)
        and tx.once.spend(STEP, order.key, ticket.jti, now)
        and leash.engine.enqueue(tx, ordered(order, ACT, about))
    )


def _require_first(first: bool) -> None:
    if not first:
        raise TooLate(Refusal(by="tickets", because="it was set going before"))


def _ticket(leash: Leash, about: Proposal, last: Assent, now: datetime) -> Claims | Refusal:
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
        step=about.step,
        sub=last.person,
    )
    try:
        signer = leash.tickets.signer()
        key = signer.public
        ticket = issue(claims, key.id, signer.sign)
        return read(ticket, keys={key.id: key}, check=leash.check, aud=aud, now=now)
    except (BadRecord, CannotSign) as no:
        return Refusal(by="tickets", because=no.wrong)


def _intent(
    about: Proposal, order: CaseOrder, jti: str, assents: Sequence[Assent], now: datetime
) -> Draft:
    target = about.target
    since: dict[str, Plain] = {} if about.place.last == 1 else {SINCE: stamp(now)}
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
            **since,
        },
    )

"""From a letter `propose` to a proposal that people can approve, or to why there is none.

1. The letter is heard: what it asks for is built, looked up, and must answer what is found now.
   Then a preview is ordered, and the answer names the proposal that will come of it.
2. The preview judges all of it again on fresh reads, and tries it by a lease for dry runs alone.
3. The case is kept with its card, whatever came of it: also of a refusal every layer's answer is
   shown. With it, the end of the lease is ordered.
"""

import asyncio

from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.handed import ASKED
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.letters import Letter
from holdfast.model.ordered import EXECUTE, PREVIEW, PreviewOrder, partition_of
from holdfast.model.repairs import plain_of
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.workflow.answers import Answer, refused, settle
from holdfast.workflow.filing import keep
from holdfast.workflow.inbox import Hearing
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.rehearsing import Rehearsal
from holdfast.workflow.wanting import Wanted, look_at, meant, understood
from holdfast.workflow.weighing import Judged, judged


def propose_hearing(held: Held) -> Hearing:
    """Whoever hears letters of that kind."""

    async def hear(letter: Letter) -> None:
        leash = held()
        answer = await _heard(leash, letter)
        await asyncio.to_thread(settle, leash, letter, lambda _: answer)

    return hear


async def _heard(leash: Leash, letter: Letter) -> Answer:
    wanted = understood(letter)
    if isinstance(wanted, Refusal):
        return refused(letter, wanted)
    looked = await look_at(leash, wanted)
    if isinstance(looked, Refusal):
        return refused(letter, looked)
    return _ordered(leash, letter, wanted)


def _ordered(leash: Leash, letter: Letter, wanted: Wanted) -> Answer:
    id_ = new_id("prp", leash.clock.now(), leash.dice.roll(RANDOM))
    order = Order(
        id=f"{PREVIEW}/{id_}",
        phase=PREVIEW,
        argument=PreviewOrder(proposal=id_, letter=letter.id, asked=wanted.asked),
        partition=partition_of(wanted.target.namespace),
    )
    return Answer(
        outcome=f"{ASKED} {id_}",
        kind=ASKED,
        actor=letter.sender,
        subjects=(id_, str(wanted.target)),
        details={
            "proposal": id_,
            "action": plain_of(wanted.action),
            "code": wanted.asked.code,
            "trouble": wanted.asked.trouble,
            "uid": wanted.target.uid,
        },
        does=lambda tx: _must_be_new(leash.engine.enqueue(tx, order)),
    )


def _must_be_new(new: bool) -> None:
    if not new:
        raise BadInput("Two proposals have one id.", remedy="Report this, please.")


def preview_phase(held: Held) -> Phase:
    """The phase that sees what would come of it, and keeps the case."""

    @phase(PREVIEW, queue=EXECUTE, takes=PreviewOrder)
    async def preview(attempt: Attempt, order: PreviewOrder) -> str:
        leash = held()
        if await asyncio.to_thread(_is_kept, leash, order.proposal):
            return order.proposal  # by an attempt that did not live to say so
        wanted = meant(order.asked)
        if isinstance(wanted, Refusal):
            raise BadInput(wanted.because, remedy="See who can write into the database.")
        kind, target = type(wanted.action).kind, wanted.target
        rehearsal = Rehearsal(leash, kind, target, attempt.run, order.proposal)
        try:
            found = await judged(leash, order, wanted, rehearsal)
            await attempt.commit("case", lambda tx: _kept(leash, tx, found, rehearsal))
        finally:
            await rehearsal.cut_off()
        return order.proposal

    return preview


def _kept(leash: Leash, tx: Tx, found: Judged, rehearsal: Rehearsal) -> None:
    keep(leash, tx, found)
    rehearsal.end(tx)


def _is_kept(leash: Leash, id_: str) -> bool:
    with leash.store.reading() as tx:
        return tx.cases.case(id_) is not None

"""From a letter `propose` to a proposal that people can approve, or to why there is none.

1. The letter is heard: what it asks for is built, looked up, and must answer what is found now.
   Then a preview is ordered, and the answer names the proposal that will come of it.
2. The preview judges all of it again on fresh reads, and tries it by a lease for dry runs alone.
3. The case is kept with its card, whatever came of it: also of a refusal every layer's answer is
   shown. With it, the end of the lease is ordered.
"""

import asyncio
from collections.abc import Sequence

from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.handed import ASKED, PLAN
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.letters import Letter
from holdfast.model.ordered import EXECUTE, PREVIEW, PreviewOrder, partition_of
from holdfast.model.repairs import plain_of
from holdfast.model.runs import Order
from holdfast.ports import Tx
from holdfast.ports.engine import Attempt, Phase, phase
from holdfast.workflow.answers import Answer, claimed, refused, settle
from holdfast.workflow.filing import keep
from holdfast.workflow.inbox import Hearing
from holdfast.workflow.leash import Held, Leash
from holdfast.workflow.planning import entangled, of_step
from holdfast.workflow.rehearsing import Rehearsal
from holdfast.workflow.wanting import Wanted, all_meant, all_understood, look_at, understood
from holdfast.workflow.weighing import Judged, all_judged


def propose_hearing(held: Held) -> Hearing:
    """Whoever hears letters that ask for one thing, or for a plan."""

    async def hear(letter: Letter) -> None:
        leash = held()
        wanted = all_understood(letter) if letter.kind == PLAN else _one(understood(letter))
        answer = await _heard(leash, letter, wanted)
        await asyncio.to_thread(settle, leash, letter, lambda _: answer)

    return hear


def _one(wanted: Wanted | Refusal) -> Sequence[Wanted] | Refusal:
    return wanted if isinstance(wanted, Refusal) else (wanted,)


async def _heard(leash: Leash, letter: Letter, wanted: Sequence[Wanted] | Refusal) -> Answer:
    if isinstance(wanted, Refusal):
        return refused(letter, wanted)
    targets: list[Document] = []
    for number, each in enumerate(wanted, 1):
        looked = await look_at(leash, each)
        if isinstance(looked, Refusal):
            return refused(letter, looked if len(wanted) == 1 else of_step(looked, number))
        targets.append(looked.seen.document)
    no = await entangled(leash.hands, targets)
    return refused(letter, no) if no is not None else _ordered(leash, letter, wanted)


def _ordered(leash: Leash, letter: Letter, wanted: Sequence[Wanted]) -> Answer:
    first, *further = wanted
    asked = [each.asked for each in wanted]
    id_ = new_id("prp", leash.clock.now(), leash.dice.roll(RANDOM))
    order = Order(
        id=f"{PREVIEW}/{id_}",
        phase=PREVIEW,
        argument=PreviewOrder(
            proposal=id_, letter=letter.id, asked=asked[0], further=tuple(asked[1:])
        ),
        partition=partition_of(first.target.namespace),
    )
    return Answer(
        outcome=f"{ASKED} {id_}",
        kind=ASKED,
        actor=claimed(letter),
        subjects=(id_, *(str(each.target) for each in wanted)),
        details={
            "proposal": id_,
            **_told(first),
            **({"further": [_told(each) for each in further]} if further else {}),
        },
        does=lambda tx: _must_be_new(leash.engine.enqueue(tx, order)),
    )


def _told(wanted: Wanted) -> dict[str, Plain]:
    """What is asked for, as the record names it."""
    return {
        "action": plain_of(wanted.action),
        "code": wanted.asked.code,
        "trouble": wanted.asked.trouble,
        "uid": wanted.target.uid,
    }


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
        wanted = all_meant(order.steps)
        if isinstance(wanted, Refusal):
            raise BadInput(wanted.because, remedy="See who can write into the database.")
        rehearsals = [
            Rehearsal(leash, type(each.action).kind, each.target, attempt.run, order.proposal)
            for each in wanted
        ]
        try:
            found = await all_judged(leash, order.proposal, wanted, rehearsals)
            await attempt.commit("case", lambda tx: _kept(leash, tx, found, rehearsals))
        finally:
            for each in rehearsals:
                await each.cut_off()
        return order.proposal

    return preview


def _kept(leash: Leash, tx: Tx, found: Sequence[Judged], rehearsals: Sequence[Rehearsal]) -> None:
    keep(leash, tx, found)
    for each in rehearsals:
        each.end(tx)


def _is_kept(leash: Leash, id_: str) -> bool:
    with leash.store.reading() as tx:
        return tx.cases.case(id_) is not None

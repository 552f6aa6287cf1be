"""A proposal in the making: looked at, judged, tried as a dry run, and judged by what came of that.

What a layer refuses is not even tried. Whatever stops it, there is a proposal that says what was
asked for, and a verdict that says by whom it was refused, and why.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from holdfast.errors import CouldNotLook, NotCanonical
from holdfast.model.asks import Refusal, Station, Verdict
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.model.rules import finding_id
from holdfast.model.times import in_utc
from holdfast.policy import decide
from holdfast.workflow.asking import ask_of
from holdfast.workflow.busy import WAITING, busy
from holdfast.workflow.leash import Leash
from holdfast.workflow.planning import entangled, hardened
from holdfast.workflow.rehearsing import Rehearsal
from holdfast.workflow.stakes import weighed
from holdfast.workflow.wanting import Looked, Wanted, look_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A proposal and all that was said about it."""

    proposal: Proposal
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    looked: Looked | None = None


async def all_judged(
    leash: Leash, id_: str, wanted: Sequence[Wanted], rehearsals: Sequence[Rehearsal]
) -> tuple[Judged, ...]:
    """Judge each step, and all of them as one."""
    await leash.refreshed()
    now = _whole_milliseconds(leash.clock.now())
    bare = [_bare(leash, id_, each, now) for each in wanted]  # under one policy
    steps = [
        await judged(leash, about, each, rehearsal)
        for about, each, rehearsal in zip(bare, wanted, rehearsals, strict=True)
    ]
    looked = [each.looked.seen.document for each in steps if each.looked is not None]
    try:
        if len(looked) == len(steps) and (no := await entangled(leash.hands, looked)) is not None:
            return tuple(_and(each, no) for each in steps)
        return await _hardened(leash, steps)
    except CouldNotLook as nobody:
        return tuple(_and(each, Refusal(by="cluster", because=nobody.wrong)) for each in steps)


async def _hardened(leash: Leash, steps: Sequence[Judged]) -> tuple[Judged, ...]:
    """The same, at the risk of the riskiest: what is judged by risk is judged again by that."""
    told: list[Judged] = []
    risks = hardened([each.proposal for each in steps])
    for each, (about, why) in zip(steps, risks, strict=True):
        verdict = each.verdict
        if why and each.looked is not None and not verdict.refusals:
            seen, now = each.looked.seen, about.proposed
            ask = await ask_of(
                leash, about, Station.PROPOSAL, seen=seen, effect=about.effect, now=now
            )
            verdict = decide(ask)
        reasons = (*each.reasons, *why)
        told.append(replace(each, proposal=about, verdict=verdict, reasons=reasons))
    return tuple(told)


def _and(each: Judged, no: Refusal) -> Judged:
    verdict = Verdict(refusals=(*each.verdict.refusals, no), needs=each.verdict.needs)
    return replace(each, verdict=verdict)


async def judged(leash: Leash, bare: Proposal, wanted: Wanted, rehearsal: Rehearsal) -> Judged:
    """Judge all of it. What nobody can tell now is refused now: it can be asked for again."""
    try:
        if (other := await asyncio.to_thread(busy, leash, wanted.target, WAITING)) is not None:
            return _no(bare, other)
        looked = await look_at(leash, wanted)
        if isinstance(looked, Refusal):
            return _no(bare, looked)
        return await _tried(leash, bare, looked, rehearsal)
    except CouldNotLook as nobody:
        return _no(bare, Refusal(by="cluster", because=nobody.wrong))
    except NotCanonical as odd:
        return _no(bare, Refusal(by="record", because=odd.wrong))


def _no(about: Proposal, refusal: Refusal) -> Judged:
    return Judged(proposal=about, verdict=Verdict(refusals=(refusal,), needs=()))


def _bare(leash: Leash, id_: str, wanted: Wanted, now: datetime) -> Proposal:
    """The proposal as far as nobody has looked."""
    return Proposal(
        id=id_,
        cluster=leash.store.cluster,
        trouble=wanted.asked.trouble,
        code=wanted.asked.code,
        action=wanted.action,
        target=wanted.target,
        read_hash="",
        steps=(),
        undo=(),
        effect=(),
        risk=Risk.HIGH,
        policy=leash.operator.version,
        requester=wanted.asked.requester,
        proposed=now,
        open_until=now + leash.rules().open_for,
    )


async def _tried(leash: Leash, bare: Proposal, looked: Looked, rehearsal: Rehearsal) -> Judged:
    kind, seen = type(bare.action).kind, looked.seen
    found = looked.evidence.found
    about = msgspec.structs.replace(
        bare,
        finding=finding_id(found.about, bare.code, found.part),
        found_on=found.about.uid,
        read_hash=seen.document.read_hash(kind.reads),
    )
    about, reasons = _weighed(leash, about, looked)
    ask = await ask_of(leash, about, Station.PROPOSAL, seen=seen, effect=None, now=bare.proposed)
    verdict = decide(ask)
    if verdict.refusals:
        return Judged(proposal=about, verdict=verdict, reasons=reasons, looked=looked)
    steps, undo = about.action.steps(seen), about.action.undo(seen)
    about = msgspec.structs.replace(about, steps=steps, undo=undo)
    about, reasons = _weighed(leash, about, looked)
    shown = await rehearsal.tried(steps, seen)
    if isinstance(shown, Refusal):
        refusals = Verdict(refusals=(shown,), needs=verdict.needs)
        return Judged(proposal=about, verdict=refusals, reasons=reasons, looked=looked)
    effect = shown.effect
    about = msgspec.structs.replace(about, effect=effect)
    ask = await ask_of(leash, about, Station.PROPOSAL, seen=seen, effect=effect, now=bare.proposed)
    verdict = decide(ask)
    if shown.refusal is not None:
        verdict = Verdict(refusals=(*verdict.refusals, shown.refusal), needs=verdict.needs)
    return Judged(proposal=about, verdict=verdict, reasons=reasons, looked=looked)


def _weighed(leash: Leash, about: Proposal, looked: Looked) -> tuple[Proposal, tuple[str, ...]]:
    speaks = looked.evidence
    told = weighed(leash, about, looked.seen, speaks.blast, certain=speaks.certain)
    return msgspec.structs.replace(about, risk=told.risk), told.reasons


def _whole_milliseconds(moment: datetime) -> datetime:
    """As it is written and kept: what is finer would be lost, and be another moment."""
    told = in_utc(moment)
    return told.replace(microsecond=told.microsecond // 1000 * 1000)

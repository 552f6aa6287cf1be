"""A proposal that was judged, put on its shelf: case, card and entries, in one transaction.

Of an effect the record names the places alone: what stands there may be anybody's secret.
"""

from collections.abc import Sequence

import msgspec

from holdfast.execution.states import State
from holdfast.model.asks import Station
from holdfast.model.canonical import Plain
from holdfast.model.cases import Card, Case
from holdfast.model.entries import Draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.paths import written
from holdfast.model.plans import planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import plain_of
from holdfast.model.times import stamp
from holdfast.ports import Tx
from holdfast.workflow.asking import who_may
from holdfast.workflow.cards import card_of, together
from holdfast.workflow.casebook import content_of
from holdfast.workflow.leash import Leash
from holdfast.workflow.weighing import Judged


def keep(leash: Leash, tx: Tx, steps: Sequence[Judged]) -> str:
    """Case, card and entries, in the one transaction of the run."""
    plan = planned([each.proposal for each in steps])
    about, now = plan.first, plan.first.proposed
    card = together([_card(leash, each) for each in steps])
    state = State.REFUSED if card.refusals else State.PROPOSED
    case = Case(
        id=about.id,
        state=state.value,
        digest=about.digest,
        namespace=about.target.namespace,
        target=about.target.uid,
        of_class=type(about.action).kind.of_class.value,
        content=content_of(plan),
        card=msgspec.json.encode(card).decode(),
        course="",
        proposed=about.proposed,
        changed=now,
        open_until=about.open_until,
    )
    if tx.cases.put(case):
        for step, judged in zip(plan.steps, steps, strict=True):
            tx.records.submit(_entry(leash, step), _verdict(leash, step, judged, state))
    return about.id


def _card(leash: Leash, judged: Judged) -> Card:
    about, rules = judged.proposal, leash.rules()
    station, now = Station.PROPOSAL, about.proposed
    may = who_may(leash.operator, leash.people(), about, station, rules, now)
    return card_of(judged, may, rules, leash.timing)


def _place(about: Proposal) -> dict[str, Plain]:
    """Which step of how many it is; nothing for what stands alone."""
    place = about.place
    return {"step": place.step, "steps": place.last} if place.last > 1 else {}


def as_told(about: Proposal) -> dict[str, Plain]:
    """What the record says of a proposal. Of the effect, only the places, and of its steps and its
    way back nothing but whether there is one: values may be anybody's secrets.
    """
    target = about.target
    return {
        "proposal": about.id,
        "digest": about.digest,
        "action": plain_of(about.action),
        "code": about.code,
        "trouble": about.trouble,
        "requester": about.requester,
        "finding": about.finding,
        "foundOn": about.found_on,
        "uid": target.uid,
        "target": {
            "apiVersion": target.api_version,
            "kind": target.kind,
            "namespace": target.namespace,
            "name": target.name,
        },
        "readHash": about.read_hash,
        "risk": about.risk.name.lower(),
        "policy": about.policy,
        "effect": [written(each.path) for each in about.effect],
        "undo": bool(about.undo),
        "proposed": stamp(about.proposed),
        "openUntil": stamp(about.open_until),
        **_place(about),
    }


def _entry(leash: Leash, about: Proposal) -> Draft:
    """What was proposed."""
    return Draft(
        id=_id(leash),
        kind="proposal",
        actor="keeper",
        subjects=(about.id, str(about.target)),
        details=as_told(about),
    )


def _verdict(leash: Leash, about: Proposal, judged: Judged, state: State) -> Draft:
    verdict = judged.verdict
    return Draft(
        id=_id(leash),
        kind="verdict",
        actor="keeper",
        subjects=(about.id, str(about.target)),
        details={
            "proposal": about.id,
            "digest": about.digest,
            "station": Station.PROPOSAL.value,
            "state": state.value,
            "refusals": [{"by": each.by, "because": each.because} for each in verdict.refusals],
            "needs": [{"by": each.by, "what": each.what.value} for each in verdict.needs],
            **_place(about),
        },
    )


def _id(leash: Leash) -> str:
    return new_id("ent", leash.clock.now(), leash.dice.roll(RANDOM))

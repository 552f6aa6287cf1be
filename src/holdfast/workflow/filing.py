"""A proposal that was judged, put on its shelf: case, card and entries, in one transaction.

Of an effect the record names the places alone: what stands there may be anybody's secret.
"""

import msgspec

from holdfast.execution.states import State
from holdfast.model.asks import Station
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.paths import written
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import plain_of
from holdfast.ports import Tx
from holdfast.workflow.asking import who_may
from holdfast.workflow.cards import card_of
from holdfast.workflow.casebook import content_of
from holdfast.workflow.leash import Leash
from holdfast.workflow.weighing import Judged


def keep(leash: Leash, tx: Tx, judged: Judged) -> str:
    """Case, card and entries, in the one transaction of the run."""
    about, verdict = judged.proposal, judged.verdict
    now = about.proposed
    may = who_may(leash.operator, leash.people(), about, Station.PROPOSAL, leash.rules(), now)
    card = card_of(judged, may, leash.rules(), leash.timing)
    state = State.REFUSED if verdict.refusals else State.PROPOSED
    case = Case(
        id=about.id,
        state=state.value,
        digest=about.digest,
        namespace=about.target.namespace,
        target=about.target.uid,
        of_class=type(about.action).kind.of_class.value,
        content=content_of(about),
        card=msgspec.json.encode(card).decode(),
        course="",
        proposed=about.proposed,
        changed=now,
        open_until=about.open_until,
    )
    if tx.cases.put(case):
        tx.records.submit(_entry(leash, about), _verdict(leash, about, judged, state))
    return about.id


def _entry(leash: Leash, about: Proposal) -> Draft:
    """What was proposed. Of the effect, only the places: values may be anybody's secrets."""
    return Draft(
        id=_id(leash),
        kind="proposal",
        actor="keeper",
        subjects=(about.id, str(about.target)),
        details={
            "proposal": about.id,
            "digest": about.digest,
            "action": plain_of(about.action),
            "code": about.code,
            "trouble": about.trouble,
            "requester": about.requester,
            "uid": about.target.uid,
            "risk": about.risk.name.lower(),
            "policy": about.policy,
            "effect": [written(each.path) for each in about.effect],
            "undo": bool(about.undo),
        },
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
        },
    )


def _id(leash: Leash) -> str:
    return new_id("ent", leash.clock.now(), leash.dice.roll(RANDOM))

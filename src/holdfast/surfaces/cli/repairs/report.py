"""A proposal as JSON or YAML: the schema that other programs rely on, named in its first field."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from holdfast.execution.states import State
from holdfast.model.canonical import canonical
from holdfast.model.plans import Plan
from holdfast.model.showing import proposal_shown
from holdfast.model.times import stamp
from holdfast.surfaces.cli.repairs.dossier import Dossier

SCHEMA: Final = "holdfast.dev/proposal/v1alpha1"

type RiskName = Literal["low", "medium", "high"]


class NeedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is still wanted, and by which layer."""

    by: str
    what: str
    because: str


class RefusalOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which layer refuses, and why."""

    by: str
    because: str


class YesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who approved which step, and when, as the database has it."""

    step: int
    person: str
    at: str


class BesideOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the keeper says beside what is signed; nobody signs it."""

    summary: str
    risk: list[str]
    blast: list[str]
    unchanged: list[str]
    checks: str
    undo: str
    approvers: str
    refusals: list[RefusalOut]
    needs: list[NeedOut]
    approvals: list[YesOut]


class ProposalOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One proposal.

    `content` is what is signed, and `digest` the SHA-256 of its canonical form (RFC 8785): whoever
    reads it can compute it again, where `whole` says that no value was hidden. `leftSeconds` is how
    long it can still be approved. Of a plan, `step` of `steps` is where it is, and `action` that
    step's.
    """

    schema: Literal["holdfast.dev/proposal/v1alpha1"]
    id: str
    state: State
    changed: str
    digest: str
    open_until: str
    left_seconds: int
    risk: RiskName
    action: str
    step: int
    steps: int
    whole: bool
    content: dict[str, object]
    beside: BesideOut


def as_value(told: Dossier, now: datetime) -> ProposalOut:
    """The proposal as other programs see it."""
    each, card = told.proposal, told.card
    shown = Plan(steps=tuple(map(proposal_shown, told.plan.steps)))
    content = canonical(shown.content())
    left = (each.open_until - now).total_seconds() if told.case.state == State.PROPOSED else 0
    return ProposalOut(
        schema=SCHEMA,
        id=each.id,
        state=State(told.case.state),
        changed=stamp(told.case.changed),
        digest=each.digest,
        open_until=stamp(each.open_until),
        left_seconds=max(0, int(left)),
        risk=_RISKS[told.risk.value],
        action=each.action.kind.name,
        step=each.place.step,
        steps=each.place.last,
        whole=content.decode() == told.case.content,
        content=msgspec.json.decode(content, type=dict[str, object]),
        beside=BesideOut(
            summary=card.summary,
            risk=list(card.risk),
            blast=list(card.blast),
            unchanged=list(card.unchanged),
            checks=card.checks,
            undo=card.undo,
            approvers=card.approvers,
            refusals=[RefusalOut(by=no.by, because=no.because) for no in card.refusals],
            needs=[
                NeedOut(by=need.by, what=need.what.value, because=need.because)
                for need in card.needs
            ],
            approvals=[
                YesOut(step=yes.step, person=yes.person, at=stamp(yes.at)) for yes in told.words
            ],
        ),
    )


_RISKS: dict[int, RiskName] = {1: "low", 2: "medium", 3: "high"}

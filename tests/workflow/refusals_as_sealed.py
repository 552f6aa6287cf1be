"""The table of refusals, of rows that say otherwise than the chain: what was sealed of it counts.

The attacker can write the whole database and has a signature over what his rows say. At the
approval that is tried in each sort of store; at the act on a keeper that works.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from holdfast.approvals import recorded
from holdfast.approvals.recorded import THAWED
from holdfast.approvals.statements import Decision
from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.execution.states import Event, State
from holdfast.model.asks import Station
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.model.plans import Plan, planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.testing.memory import Kept
from holdfast.workflow.as_sealed import LEASE, REJECTION
from holdfast.workflow.asking import STEP, intent_id
from holdfast.workflow.expiring import EXPIRED
from holdfast.workflow.intents import INTENT
from holdfast.workflow.lifting import FROZEN
from holdfast.workflow.taking_back import OUTCOME
from holdfast.workflow.verdicts import VERDICT
from tests.audit.chains import SIGNED
from tests.model.test_proposals import CHANGED
from tests.workflow.court import QUOTA, RESTART, Court, case_of
from tests.workflow.executing import Stage, a_thaw, a_word, intended
from tests.workflow.leashes import as_proposed
from tests.workflow.planned import LEFT, SCALE, a_plan_stage, at, open_plan, say, sent
from tests.workflow.refusal_table import HOUR, MORE, QUOTAS_ON, YES
from tests.workflow.turns_of_plans import DONE, PATIENT, Turn, became, ended

RECORD, REJECTED = "record", "rejected"
OTHER = "prp_other"
WORDS = (Decision.APPROVE, Decision.REJECT)


class Line(NamedTuple):
    """What is tried, and who answers."""

    name: str
    tried: Callable[[Court], Awaitable[tuple[str, str]]]
    by: str


def entry(kind: str, about: Proposal, more: Mapping[str, Plain], *, of: str = "") -> Draft:
    """What is sealed of it, or of another, beside that it was proposed. A person's word has some
    signature: without one it is not sealed as that.
    """
    subject = of or about.id
    signed = SIGNED if kind in recorded.WORDS else {}
    told: dict[str, Plain] = {"proposal": subject, "step": about.step, **signed, **more}
    return Draft(
        id=f"{about.id}.{kind}", kind=kind, actor="keeper", subjects=(subject,), details=told
    )


type Sealed = Callable[[Proposal], Draft]


def as_verdict(station: Station) -> Sealed:
    told: dict[str, Plain] = {"station": station.value, "state": State.REFUSED.value}
    return lambda about: entry(VERDICT, about, told)


def as_outcome(event: Event) -> Sealed:
    return lambda about: entry(OUTCOME, about, {"event": event.value})


ENDS: dict[str, Sealed] = {
    "rejected": lambda about: entry(REJECTION, about, {"reason": "not now"}),
    "over in its time": lambda about: entry(EXPIRED, about, {}),
    "refused when it was proposed": as_verdict(Station.PROPOSAL),
    "refused before it was done": as_outcome(Event.REFUSED),
    "failed": as_outcome(Event.FAILED),
    "done": as_outcome(Event.APPLIED),
    "without an effect": as_outcome(Event.DEADLINE),
    "taken back": as_outcome(Event.UNDONE),
}
"""What the chain says has become of it, in each of which nobody decides on it any more."""

BEGUN: dict[str, Sealed] = {
    "set going": lambda about: entry(INTENT, about, intended(about)),
}
"""What was set going once is set going by that one alone."""

MEANT: dict[str, Sealed] = {
    "that another was rejected": lambda about: entry(REJECTION, about, {}, of=OTHER),
    "that another was done": lambda about: entry(OUTCOME, about, {"event": "applied"}, of=OTHER),
    "that somebody's yes was refused": as_verdict(Station.APPROVAL),
    "a remark": lambda about: entry("remark", about, {}),
    "that it is to be taken back": lambda about: entry(INTENT, about, {"undo": True}),
}
"""What may be sealed of it, or of another, and ends nothing."""


def of_contents() -> Iterator[Line]:
    """The row's content is not that of the sealed entry, in one field; its word is over that."""
    for name, (value, *_) in CHANGED.items():
        for decision in WORDS:

            async def tried(
                court: Court, name: str = name, value: Any = value, decision: Decision = decision
            ) -> tuple[str, str]:
                about = court.kept(RESTART).first
                was = msgspec.structs.replace(about, **{name: value})
                sealed_as(court, about, was)
                return await court.said("ana", about, decision=decision, reason="x")

            yield Line(f"{decision.value} of what was sealed with another {name}", tried, RECORD)
    yield Line("a lower risk than was sealed", _softer, RECORD)
    yield Line("a step that was not sealed", _one_more, RECORD)
    yield Line("sealed twice, the second as its row is", _twice, RECORD)
    yield Line("sealed by no one", _never, RECORD)
    yield Line("sealed as it is, of a risk that is lower than what is weighed", _never_judged, MORE)


def sealed_as(court: Court, about: Proposal, was: Proposal) -> None:
    """What was sealed of it, before its row was written over."""
    (draft,) = as_proposed(planned([was]))
    court.sealed(msgspec.structs.replace(draft, id=f"{about.id}.was"))


async def _softer(court: Court) -> tuple[str, str]:
    court.rules = QUOTAS_ON
    about = court.kept(QUOTA, risk=Risk.LOW).first
    sealed_as(court, about, msgspec.structs.replace(about, risk=Risk.HIGH))
    return await court.said("ana", about)


async def _one_more(court: Court) -> tuple[str, str]:
    now = court.clock.now()
    plan = court.kept(RESTART, RESTART, proposed=now, open_until=now + HOUR)
    sealed_as(court, plan.first, planned([plan.first]).first)
    return await court.said("ana", plan.first)


async def _twice(court: Court) -> tuple[str, str]:
    about = court.kept(RESTART).first
    sealed_as(court, about, msgspec.structs.replace(about, requester="cli:kim"))
    court.sealed(*as_proposed(planned([about])))
    return await court.said("ana", about)


async def _never(court: Court) -> tuple[str, str]:
    return await court.said("ana", court.kept(RESTART).first)


async def _never_judged(court: Court) -> tuple[str, str]:
    court.rules = QUOTAS_ON
    return await court.said("ana", court.propose(action=QUOTA, risk=Risk.LOW))


def of_ends() -> Iterator[Line]:
    """The row says that it is open, and the chain what has become of it; or of another."""
    for decision in WORDS:
        through = YES if decision is Decision.APPROVE else REJECTED
        for name, sealed in (ENDS | BEGUN).items():
            yield said(f"{decision.value} of what is sealed as {name}", RECORD, sealed, decision)
        for name, sealed in MEANT.items():
            what = f"{decision.value} of that of which is sealed {name}"
            yield said(what, through, sealed, decision)


def freeze(about: Proposal) -> Draft:
    """Somebody has switched everything off; no row says so."""
    return entry(FROZEN, about, {"switch": "freeze", "undoToo": False}, of=OTHER)


def of_freezes() -> Iterator[Line]:
    """The row of the freeze is gone, and the chain says that there is one."""
    yield said("approve of what is sealed as frozen", RECORD, freeze, Decision.APPROVE)
    yield said("reject of what is sealed as frozen", REJECTED, freeze, Decision.REJECT)


def said(name: str, by: str, sealed: Sealed, decision: Decision) -> Line:
    async def tried(court: Court) -> tuple[str, str]:
        about = court.propose()
        court.sealed(sealed(about))
        return await court.said("ana", about, decision=decision, reason="x")

    return Line(name, tried, by)


LINES = [*of_contents(), *of_ends(), *of_freezes()]


type Then = Callable[[Stage, Plan], object]


def turn(name: str, by: str, then: Then) -> Turn:
    """What everybody has approved, to which something happens before anybody has begun."""

    async def tried() -> tuple[str, str]:
        async with a_plan_stage(LEFT, **PATIENT) as stage:
            plan = await open_plan(stage, SCALE)
            assert await say(stage, plan, 1) == YES
            then(stage, plan)
            await ended(stage, at(plan, 1))
            if sent(stage):
                return became(stage, 1)
            no = [each for each in stage.entries("outcome") if each["event"] == "refused"][-1]
            return str(no["refusals"][0]["by"]), str(no["refusals"][0]["because"])

    return Turn(name, tried, by)


def of_acts() -> Iterator[Turn]:
    """The row says that it is approved, and the chain what has become of it; or of another."""
    again: dict[str, Sealed] = {
        "set going by another": lambda about: entry(INTENT, about, intended(about)),
        "begun": lambda about: entry(LEASE, about, {"account": account(about)}),
    }
    for name, sealed in (ENDS | again).items():
        yield turn(f"the act of what is sealed as {name}", RECORD, _sealing(sealed))
    for name, sealed in MEANT.items():
        yield turn(f"the act of that of which is sealed {name}", DONE, _sealing(sealed))
    for name, values in CHANGED.items():
        if name in ROWS:
            yield turn(f"the act of another {name}", RECORD, _rewriting(**{name: values[-1]}))
    yield turn("the act of what is sealed as frozen", RECORD, _sealing(freeze))
    yield turn("the act of what is sealed as frozen and thawed", DONE, _sealing(freeze, thaw))
    nobodys = "the act of what is sealed as frozen, and as thawed by nobody"
    yield turn(nobodys, RECORD, _sealing(freeze, made_up))


ROWS = frozenset({"trouble", "code", "finding", "found_on", "undo", "risk", "policy", "requester"})
"""What the target and the times of an approved case say nothing of."""


def account(about: Proposal) -> str:
    """The lease that it is done by."""
    return str(lease_name(Purpose.ACT, type(about.action).kind.name, about.target.uid, 1))


def thaw(about: Proposal) -> Draft:
    """And on again, as somebody signed it."""
    said = a_thaw(about.cluster, about.proposed + HOUR)
    told = entry(THAWED, about, {"switch": "freeze", **said}, of=OTHER)
    return msgspec.structs.replace(told, actor="ana")


def made_up(about: Proposal) -> Draft:
    """The same, by nobody."""
    return entry(THAWED, about, {"switch": "freeze", "reason": "x"}, of=OTHER)


def _sealing(*sealed: Sealed) -> Then:
    return lambda stage, plan: stage.sealer.record([each(plan.first) for each in sealed])


def _rewriting(**changed: Any) -> Then:
    """The row, the words and the intent are all over that; its entry is as it was."""

    def then(stage: Stage, plan: Plan) -> None:
        other = planned([msgspec.structs.replace(plan.first, **changed)])
        row = msgspec.structs.replace(case_of(other), state=State.APPROVED.value)
        assert row.digest != plan.digest
        stage.forge(row)
        order, now, ticket = at(plan, 1), stage.clock.now(), "tkt_forged"
        said = entry(INTENT, other.first, intended(other.first))
        stage.sealer.record([msgspec.structs.replace(said, id=intent_id(ticket))])
        with stage.store.transaction() as tx:
            assert isinstance(tx.native, Kept)
            tx.native.casework.words = (a_word(other.first, now),)
            tx.native.casework.once[STEP, order.key] = ticket

    return then


TURNS = [*of_acts()]

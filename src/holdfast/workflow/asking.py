"""What the policy is asked: a proposal, a fresh sight of its target, and what the store holds.

Everything that a layer judges by comes together here, the same way at each station. What cannot be
told is told as such: an owner that may not be read, a switch that nobody understands.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import msgspec

from holdfast.approvals.budgets import left, paid
from holdfast.execution.lease_names import Purpose
from holdfast.model import switches
from holdfast.model.asks import Around, Ask, Assent, Chain, Managed, Rules, Station
from holdfast.model.entries import Entry
from holdfast.model.operator import OperatorAnswer, OperatorQuestion
from holdfast.model.ordered import CaseOrder
from holdfast.model.paths import Difference
from holdfast.model.people import People, Person
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass, Sight
from holdfast.model.times import LAST
from holdfast.ports import OperatorPolicy, Tx
from holdfast.workflow.intents import sealed_intent
from holdfast.workflow.leash import Leash
from holdfast.workflow.managed_by import keepers_of
from holdfast.workflow.stakes import Weighed

BUDGET = "budget"
"""What a person's payment is spent as (`tx.once`), under `approvals.budgets.paid`."""

SINCE = "since"
"""What the intent to do a step of a plan, or to take one back, says of when that was set going."""


STEP = "approved"
"""What a step is spent as, by its ticket: what was set going once is never set going again."""


def intent_id(ticket: str) -> str:
    """The id of the intent's draft. Nobody can tell it beforehand, and take it for something else:
    whoever only hands things over can write drafts of any id.
    """
    return f"{ticket}.intent"


def intent_of(tx: Tx, proposal: str, step: int) -> str:
    """The id of the intent to do that step; empty before it was approved."""
    ticket = tx.once.spent(STEP, CaseOrder(proposal=proposal, step=step, generation=1).key)
    return intent_id(ticket) if ticket is not None else ""


class Fresh(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of the cluster just now."""

    seen: Sight
    managed: tuple[Managed, ...] | None
    weighed: Weighed | None = None  # None: as it was when it was proposed


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds that bears on one proposal."""

    budgets: Mapping[tuple[str, ActionClass], int]
    spent: frozenset[tuple[str, ActionClass]]
    chain: Chain
    frozen: str
    broken: str
    cooling_until: datetime | None


NOTHING_HELD = Kept(
    budgets=MappingProxyType({}),
    spent=frozenset(),
    chain=Chain.WRITABLE,
    frozen="",
    broken="",
    cooling_until=None,
)
"""A store in which nothing bears on anything: for whoever asks what the leash alone says."""


async def ask_of(  # noqa: PLR0913 - a question, each word of it named
    leash: Leash,
    about: Proposal,
    station: Station,
    *,
    seen: Sight,
    effect: Sequence[Difference] | None,
    weighed: Weighed | None = None,
    assents: Sequence[Assent] = (),
    now: datetime,
) -> Ask:
    """The question, at that station and moment. Raises `CouldNotLook` where nobody answers."""
    looked = await fresh(leash, seen, weighed)

    def asked() -> Ask:
        with leash.store.reading() as tx:
            return ask_in(
                tx,
                leash,
                about,
                station,
                looked=looked,
                effect=effect,
                assents=assents,
                now=now,
            )

    return await asyncio.to_thread(asked)


async def fresh(leash: Leash, seen: Sight, weighed: Weighed | None = None) -> Fresh:
    """What else must be seen of the cluster. Raises `CouldNotLook` where nobody answers."""
    managed = await keepers_of(leash.cluster, leash.hands, seen.document)
    return Fresh(seen=seen, managed=managed, weighed=weighed)


def ask_in(  # noqa: PLR0913 - a question, each word of it named
    tx: Tx,
    leash: Leash,
    about: Proposal,
    station: Station,
    *,
    looked: Fresh,
    effect: Sequence[Difference] | None,
    assents: Sequence[Assent] = (),
    now: datetime,
) -> Ask:
    """The question as a transaction sees it, with what was seen of the cluster before."""
    rules, people = leash.rules(), leash.people()
    held = kept(tx, about, rules, assents, now=now)
    judges = judges_of(station, people, about, assents, rules, now)
    now_at = looked.weighed or Weighed(risk=about.risk)
    at_risk = msgspec.structs.replace(about, risk=max(about.risk, now_at.risk))
    answer = allowed_by(leash.operator, judges, at_risk, station, rules, now)
    return Ask(
        station=station,
        now=now,
        action=about.action,
        target=about.target,
        seen=looked.seen,
        effect=None if effect is None else tuple(effect),
        risk=at_risk.risk,
        risen=now_at.more_than(about.risk),
        digest=about.digest,
        proposed=about.proposed,
        set_going=_set_going(tx, about),
        requester=_requester(people, about, assents),
        managed=looked.managed,
        assents=tuple(assents),
        budgets=held.budgets,
        spent=held.spent,
        chain=held.chain,
        rules=rules,
        around=Around(
            frozen=held.frozen,
            cooling_until=held.cooling_until,
            broken=held.broken,
            operator="" if answer.allows else answer.because,
            operator_allows=answer.allows,
        ),
    )


def _requester(people: People, about: Proposal, assents: Sequence[Assent]) -> str:
    """Whoever of those who approved it is meant by the name that asked for it; else the name."""
    them = (each.person for each in assents if people.means(about.requester, each.person))
    return next(them, about.requester)


def kept(
    tx: Tx,
    about: Proposal,
    rules: Rules,
    assents: Sequence[Assent],
    *,
    now: datetime,
) -> Kept:
    """What this transaction sees. Whoever spends asks again in the transaction that spends."""
    of_class = type(about.action).kind.of_class
    people = dict.fromkeys(each.person for each in assents)
    allowance = rules.allowance(of_class)
    value = tx.switches.value
    return Kept(
        budgets={
            (who, of_class): left(tx.buckets.bucket(who, of_class.value), allowance, now)
            for who in people
        },
        spent=frozenset(
            (who, of_class)
            for who in people
            if tx.once.spent(BUDGET, paid(about.id, about.step, who)) is not None
        ),
        chain=_chain(tx, about),
        frozen=switches.frozen_by(value(switches.FREEZE)),
        broken=switches.broken_by(value(switches.breaker(of_class.value))),
        cooling_until=switches.cooling_until(value(switches.acted(about.target.uid)), LAST),
    )


def _chain(tx: Tx, about: Proposal) -> Chain:
    """Whether the intent to do exactly this is in the chain, or could be brought there."""
    if set_going_by(tx, about) is not None:
        return Chain.SEALED
    return Chain.WRITABLE if tx.records.tip() is not None else Chain.SHUT


def set_going_by(tx: Tx, about: Proposal) -> Entry | None:
    """The sealed intent to do exactly this."""
    order = CaseOrder(proposal=about.id, step=about.step, generation=1)
    intent = intent_of(tx, about.id, about.step)
    return sealed_intent(tx.records, intent, about, order, Purpose.ACT)


def _set_going(tx: Tx, about: Proposal) -> datetime | None:
    """When a step of a plan was, as the record says: no row is believed for that."""
    entry = set_going_by(tx, about) if about.place.last > 1 else None
    since = entry.details.get(SINCE) if entry is not None else None
    return datetime.fromisoformat(since) if isinstance(since, str) else None


def who_may(
    operator: OperatorPolicy,
    people: People,
    about: Proposal,
    station: Station,
    rules: Rules,
    now: datetime,
) -> Sequence[Person]:
    """Whoever may approve it, as far as can be told before anybody does."""
    judges = _anybody(people, about, rules, now)
    return [
        person
        for person in judges
        if allowed_by(operator, [person], about, station, rules, now).allows
    ]


def allowed_by(
    operator: OperatorPolicy,
    judges: Iterable[Person],
    about: Proposal,
    station: Station,
    rules: Rules,
    now: datetime,
) -> OperatorAnswer:
    """The operator's answer. Before anybody has approved, one whom it would allow is enough; after
    that, it must allow each.
    """
    answers = [operator.decide(_question(each, about, station, rules, now)) for each in judges]
    if not answers:
        return OperatorAnswer(allows=False, because="there is nobody who may approve it")
    if station is Station.PROPOSAL:
        return next((each for each in answers if each.allows), answers[0])
    return next((each for each in answers if not each.allows), answers[0])


def judges_of(
    station: Station,
    people: People,
    about: Proposal,
    assents: Sequence[Assent],
    rules: Rules,
    now: datetime,
) -> Sequence[Person]:
    """Whom the operator's policy is asked about: who has approved it, and before that anybody."""
    if station is Station.PROPOSAL:
        return _anybody(people, about, rules, now)
    who = dict.fromkeys(each.person for each in assents)
    known = [person for id_ in who if (person := people.by_id(id_)) and not _gone(person, now)]
    # Who is not in the file any more is nobody, and then there is nobody whom it could allow.
    return known if len(known) == len(who) else []


def _anybody(people: People, about: Proposal, rules: Rules, now: datetime) -> Sequence[Person]:
    groups = rules.approvers.get(type(about.action).kind.of_class)
    return [
        person
        for person in people.people
        if not people.means(about.requester, person.id)
        and not _gone(person, now)
        and (groups is None or groups & set(person.groups))
    ]


def _gone(person: Person, now: datetime) -> bool:
    return person.revoked is not None and person.revoked <= now


def _question(
    person: Person, about: Proposal, station: Station, rules: Rules, now: datetime
) -> OperatorQuestion:
    return OperatorQuestion(
        person=person.id,
        groups=frozenset(person.groups),
        action=type(about.action).kind.name,
        target=about.target,
        tiers=rules.tiers_of(about.target.namespace),
        risk=about.risk,
        station=station,
        at=now,
    )

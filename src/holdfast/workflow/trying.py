"""Try the leash on a case that somebody made up: the same layers, without a cluster.

Left out are the layers that judge what there really is: whether the action fits its target as it
stands, and whether the record can be written.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from holdfast.actions import CLOSED_SET, built
from holdfast.model.asks import Around, Ask, Assent, Chain, Managed, Rules, Station, Verdict
from holdfast.model.documents import Document
from holdfast.model.leash import span
from holdfast.model.objects import Ref
from holdfast.model.operator import OperatorAnswer
from holdfast.model.people import API_VERSION, KIND, People, Person
from holdfast.model.policy_tests import Answered, Given, PolicyTest, Somebody
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk, Sight
from holdfast.model.snapshot import Snapshot
from holdfast.policy import LAYERS, SURROUNDINGS, Layer, decide
from holdfast.policy.around import operator_policy
from holdfast.policy.audit_first import audit_first
from holdfast.policy.closed_set import closed_set
from holdfast.policy.protected_namespaces import protected_namespaces
from holdfast.policy.signed_approval import signed_approval
from holdfast.policy.target_scope import target_scope
from holdfast.policy.two_people import two_people
from holdfast.ports import OperatorPolicy, Standing
from holdfast.workflow.asking import allowed_by, judges_of

TRIED: tuple[Layer, ...] = tuple(
    each for each in (*LAYERS, *SURROUNDINGS) if each not in (target_scope, audit_first)
)
AGAIN: tuple[Layer, ...] = (
    closed_set,
    protected_namespaces,
    signed_approval,
    two_people,
    operator_policy,
)
"""The layers that can be asked again of what was: they judge by the leash and by people's words."""

APART = timedelta(minutes=1)
KINDS = tuple(each.kind.name for each in CLOSED_SET)
_UID = "00000000-0000-0000-0000-000000000000"


def layers() -> Sequence[str]:
    """The names of the layers that are asked."""
    return [each.__name__ for each in TRIED]


def fails(test: PolicyTest, rules: Rules, operator: OperatorPolicy) -> str:
    """How the leash answers otherwise than the test expects; empty if it does not."""
    verdict = tried(test.given, rules, operator)
    answer, said = answered(verdict), list(_said(verdict))
    by = {layer for layer, _ in said}
    missing = [each for each in test.expect.by if each not in by]
    if answer is test.expect.answer and not missing:
        return ""
    because = "; ".join(f"{layer}: {why}" for layer, why in said) or "nobody refuses it"
    wanted = test.expect.answer.value + (f" by {', '.join(missing)}" if missing else "")
    return f"expected {wanted}, and it is {answer.value} ({because})"


def answered(verdict: Verdict) -> Answered:
    """The verdict in one word."""
    if verdict.refusals:
        return Answered.REFUSE
    return Answered.NEED if verdict.needs else Answered.ALLOW


def tried(given: Given, rules: Rules, operator: OperatorPolicy) -> Verdict:
    """What the layers say of it."""
    about = _proposal(given)
    station = given.station or (Station.EXECUTION if given.approved_by else Station.PROPOSAL)
    assents = _assents(given, about, rules)
    now = max((each.at for each in assents), default=given.at)
    people = _people([*given.approved_by, *given.people])
    judges = judges_of(station, people, about, assents, rules, now)
    word = allowed_by(operator, judges, about, station, rules, now)
    ask = _ask(about, station, assents, now, rules, word)
    kept = (Managed(by=given.kept_by, told_by=about.target),) if given.kept_by else ()
    around = msgspec.structs.replace(ask.around, frozen=given.frozen)
    ask = msgspec.structs.replace(ask, managed=kept, around=around)
    return decide(ask, TRIED)


def judged_again(about: Proposal, assents: Sequence[Assent], standing: Standing) -> Verdict:
    """What the leash says of a proposal that there was, by what people said of it then."""
    rules = standing.rules
    station = Station.EXECUTION if assents else Station.PROPOSAL
    now = max((each.at for each in assents), default=about.proposed)
    judges = judges_of(station, standing.people, about, assents, rules, now)
    word = allowed_by(standing.operator, judges, about, station, rules, now)
    return decide(_ask(about, station, tuple(assents), now, rules, word), AGAIN)


def _ask(
    about: Proposal,
    station: Station,
    assents: tuple[Assent, ...],
    now: datetime,
    rules: Rules,
    word: OperatorAnswer,
) -> Ask:
    """The question, where nothing but the leash and people's words bear on the answer."""
    paid = frozenset((each.person, type(about.action).kind.of_class) for each in assents)
    return Ask(
        station=station,
        now=now,
        action=about.action,
        target=about.target,
        seen=Sight(document=Document(value={}), around=Snapshot(now=now, captures=[])),
        effect=None,
        risk=about.risk,
        digest=about.digest,
        proposed=about.proposed,
        requester=about.requester,
        managed=(),
        assents=assents,
        budgets={each: rules.allowance(each[1]) for each in paid},
        spent=paid,
        chain=Chain.SEALED,
        rules=rules,
        around=Around(operator="" if word.allows else word.because, operator_allows=word.allows),
    )


def _said(verdict: Verdict) -> Iterator[tuple[str, str]]:
    for refusal in verdict.refusals:
        yield refusal.by, refusal.because
    if not verdict.refusals:
        for need in verdict.needs:
            yield need.by, f"{need.what.value} is needed: {need.because}"


def _proposal(given: Given) -> Proposal:
    action = next(each for each in CLOSED_SET if each.kind.name == given.action)
    versions = {each.api.kind: each.api.api_version for each in action.kind.targets}
    return Proposal(
        id="prp_test",
        cluster=_UID,
        trouble="trb_test",
        code=action.kind.answers[0],
        action=built(given.action, action.kind.example),
        target=Ref(
            api_version=versions.get(given.target.kind, "v1"),
            kind=given.target.kind,
            namespace=given.target.namespace,
            name=given.target.name,
            uid=_UID,
        ),
        read_hash="",
        steps=(),
        undo=(),
        effect=(),
        risk=Risk[given.risk.name],
        policy="",
        requester=given.requester,
        proposed=given.at,
        open_until=given.at + timedelta(hours=4),
    )


def _assents(given: Given, about: Proposal, rules: Rules) -> tuple[Assent, ...]:
    apart = span(given.apart) if given.apart is not None else APART

    def one(number: int, who: Somebody) -> Assent:
        at: datetime = given.at + apart * number
        return Assent(
            person=who.person,
            groups=frozenset(who.groups),
            proof=who.proof,
            digest=about.digest,
            at=at,
            until=given.at + rules.open_for,
        )

    return tuple(one(number, who) for number, who in enumerate(given.approved_by))


def _people(told: Sequence[Somebody]) -> People:
    known = {each.person: Person(id=each.person, groups=each.groups) for each in told}
    return People(api_version=API_VERSION, kind=KIND, people=tuple(known.values()))

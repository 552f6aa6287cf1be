"""The table of refusals, of plans: of words for their steps, and of steps whose turn has come.

A step is approved by itself, over the digest of all; nothing is begun before each is, and no step
before the one before it is verified. The clock is the server's; tests set it.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from holdfast.approvals.statements import Decision
from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.plans import Plan, planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass, Risk
from holdfast.model.switches import Acted
from tests.model.test_proposals import CHANGED
from tests.workflow.court import MINUTE, RESTART, SCALE, SECOND
from tests.workflow.refusal_table import (
    DELIVERED,
    HOUR,
    MORE,
    SPELLINGS,
    YES,
    Case,
    Line,
    fail,
    freeze,
)

RESTARTS = frozenset({ActionClass.RESTART})
SHARED = ("id", "cluster", "policy", "requester", "proposed", "open_until")
"""What is the same in all steps: nobody can change it in one of them."""
AROUND = (-SECOND, timedelta(0), SECOND)


def two(case: Case, **changed: Any) -> Plan:
    """Two restarts, one after the other."""
    return case.plan(RESTART, RESTART, **changed)


def mixed(case: Case) -> Plan:
    """A restart and then another size: of two classes, and of no high risk."""
    case.ruled(switched_on=frozenset({"ScaleWorkload"}))
    return case.plan(RESTART, SCALE, risk=Risk.MEDIUM)


type Then = Callable[[Case, Plan], object]


def second(name: str, by: str, then: Then, person: str = "ana", **said: Any) -> Line:
    """A word for the second step: that for the first has come, and then something happened."""

    async def tried(case: Case) -> tuple[str, str]:
        plan = two(case)
        assert (await case.said("ana", plan.first))[0] == MORE
        then(case, plan)
        return await case.said(person, plan.at(2), **said)

    return Line(f"plan: {name}", tried, by)


def _nothing(_: Case, __: Plan) -> None:
    """Nothing has happened."""


def of_steps() -> Iterator[Line]:
    """A signature for one step under each other, in plans of two steps and of five."""
    for many in (2, 5):
        for signed, told in itertools.product(range(1, many + 1), repeat=2):

            async def tried(
                case: Case, many: int = many, signed: int = signed, told: int = told
            ) -> tuple[str, str]:
                plan = case.plan(*[RESTART] * many)
                one, other = (case.signed("ana", plan.at(step)) for step in (signed, told))
                body = {**other.body, "signature": one.body["signature"]}
                return await case.heard(case.letter("word", body))

            by = MORE if signed == told else "approvals"
            yield Line(f"plan of {many}: signed for step {signed}, told of {told}", tried, by)
    for step in (0, 3, -1, 6):
        yield second(f"of step {step} of two", "approvals", _nothing, step=step)
    yield second("of the first step again", "approvals", _nothing, step=1)
    yield second("of the second step", YES, _nothing)
    yield Line("plan: one letter twice", _again, "approvals")


async def _again(case: Case) -> tuple[str, str]:
    word = case.signed("ana", two(case).at(2))
    assert (await case.heard(case.letter("word", word.body)))[0] == MORE
    return await case.heard(case.letter("word", word.body))


def of_other_plans() -> Iterator[Line]:
    """A yes to something else: to another plan, or to a part of it."""
    others: dict[str, Callable[[Plan], Sequence[Proposal]]] = {
        "as it is": lambda plan: plan.steps,
        "the other way round": lambda plan: plan.steps[::-1],
        "without its last step": lambda plan: plan.steps[:-1],
        "without its first step": lambda plan: plan.steps[1:],
        "its second step alone": lambda plan: plan.steps[1:2],
        "with one step more": lambda plan: (*plan.steps, _another(plan)),
    }
    for name, other in others.items():

        async def tried(
            case: Case, other: Callable[[Plan], Sequence[Proposal]] = other
        ) -> tuple[str, str]:
            plan = case.plan(RESTART, RESTART, RESTART)
            return await case.said("ana", plan.at(2), digest=planned(other(plan)).digest)

        yield Line(f"plan: {name}", tried, MORE if name == "as it is" else "approvals")
    yield Line("plan: a yes to one that is alike", _alike, "approvals")
    yield Line("plan: a yes to what stands alone", _alone, "approvals")
    yield Line("plan: its yes to what stands alone", _of_a_plan, "approvals")
    yield second("of another proposal", "deciding", _nothing, proposal="prp_other")
    yield second("of another cluster", "approvals", _nothing, cluster="c-2")


def of_digests() -> Iterator[Line]:
    """A yes to the same plan with one field changed, in either step."""
    for name, values in CHANGED.items():
        for number, value in enumerate(values):
            for step in (1, 2) if name not in SHARED else (0,):

                async def changed(
                    case: Case, name: str = name, value: Any = value, step: int = step
                ) -> tuple[str, str]:
                    plan = two(case)
                    steps = [
                        msgspec.structs.replace(each, **{name: value})
                        if step in (0, each.step)
                        else each
                        for each in plan.steps
                    ]
                    return await case.said("ana", plan.at(2), digest=planned(steps).digest)

                where = f"step {step}" if step else "all steps"
                yield Line(f"plan: another {name} ({number}) in {where}", changed, "approvals")


def _another(plan: Plan) -> Proposal:
    target = msgspec.structs.replace(plan.first.target, name="more", uid="u-more")
    return msgspec.structs.replace(plan.first, target=target)


async def _alike(case: Case) -> tuple[str, str]:
    one, other = mixed(case), mixed(case)
    return await case.said("ana", one.first, digest=other.digest)


async def _alone(case: Case) -> tuple[str, str]:
    plan = two(case)
    return await case.said("ana", plan.first, digest=planned([plan.first]).digest)


async def _of_a_plan(case: Case) -> tuple[str, str]:
    alone = case.propose()
    return await case.said("ana", alone, digest=planned([alone, _another(planned([alone]))]).digest)


def of_turns() -> Iterator[Line]:
    """Steps may be approved in any order; only when all are is anything begun, the first alone."""
    for order in itertools.permutations((1, 2, 3)):

        async def tried(case: Case, order: Sequence[int] = order) -> tuple[str, str]:
            plan = case.plan(RESTART, RESTART, RESTART)
            told = []
            for step in order:
                assert [] == case.orders()
                told.append((await case.said("ana", plan.at(step)))[0])
            assert told == [MORE, MORE, YES]
            assert [1] == [each.step for each in case.orders()]
            return case.state(plan.first), ""

        yield Line(f"plan: approved in the order {order}", tried, State.APPROVED)


def of_ends() -> Iterator[Line]:
    """Whichever comes first ends it: yes to each step, a no, and its time, in all orders."""
    for order in itertools.permutations(("yes 1", "yes 2", "no", "time")):

        async def tried(case: Case, order: Sequence[str] = order) -> tuple[str, str]:
            plan = two(case)
            letters = {
                "yes 1": case.say("ana", plan.first),
                "yes 2": case.say("ana", plan.at(2)),
                "no": case.say("ben", plan.first, decision=Decision.REJECT, reason="no"),
            }
            for each in order:
                if each == "time":
                    case.later(4 * HOUR)
                    case.tidy()
                else:
                    await case.heard(letters[each])
            return case.state(plan.first), ""

        both = max(order.index("yes 1"), order.index("yes 2"))
        no, time = order.index("no"), order.index("time")
        # What was approved and does not begin in its time expires as well.
        won = State.REJECTED if no < min(both, time) else State.EXPIRED
        yield Line(f"plan: {', '.join(order)}", tried, won)
    for order in itertools.permutations(("yes 1", "yes 2", "no")):

        async def decided(case: Case, order: Sequence[str] = order) -> tuple[str, str]:
            plan = two(case)
            for each in order:
                if each == "no":
                    await case.said("ben", plan.first, decision=Decision.REJECT, reason="no")
                else:
                    await case.said("ana", plan.at(int(each[-1])))
            return case.state(plan.first), ""

        yield Line(
            f"plan: {', '.join(order)}, in its time",
            decided,
            State.APPROVED if order[-1] == "no" else State.REJECTED,
        )
    rejects: dict[str, Any] = {"decision": Decision.REJECT, "reason": "no"}
    yield second("a no to the second step", "approvals", _nothing, "ben", **rejects)
    yield second("a no to all of it", "rejected", _nothing, "ben", step=1, **rejects)
    yield second("a no without a reason", "approvals", _nothing, step=1, decision=Decision.REJECT)


def of_states() -> Iterator[Line]:
    """What has ended, or is under way, is approved no more: neither is a step of it."""
    for state in State:
        by = YES if state is State.PROPOSED else "states"

        def put(case: Case, plan: Plan, state: State = state) -> None:
            case.in_state(plan.first, state)

        yield second(f"of what is {state.value}", by, put)


def of_moments() -> Iterator[Line]:
    """Each clock of a word, on both sides of its moment."""
    for away in AROUND:
        before, when = away < timedelta(0), f"{away.total_seconds():+.0f} s"

        async def late(case: Case, away: timedelta = away) -> tuple[str, str]:
            plan = two(case)
            await case.said("ana", plan.first)
            letter = case.say("ana", plan.at(2))
            case.later(4 * HOUR + away)
            return await case.heard(letter)

        yield Line(f"plan: open until: {when}", late, YES if before else "approvals")

        async def held(case: Case, away: timedelta = away) -> tuple[str, str]:
            plan = two(case)
            until = plan.first.open_until + away
            return await case.heard(case.say("ana", plan.at(2), until=until))

        by = "approvals" if away else MORE
        yield Line(f"plan: that holds as long as it is open: {when}", held, by)

        async def earlier(case: Case, away: timedelta = away) -> tuple[str, str]:
            plan = two(case)
            await case.said("ana", plan.at(2))
            case.later(4 * HOUR + away)
            return await case.said("ben", plan.first)

        by = YES if before else "approvals"
        yield Line(f"plan: after one at its beginning: {when}", earlier, by)

        def revoke(case: Case, _: Plan, away: timedelta = away) -> None:
            case.changed("ana", revoked=case.wound.at - away)

        by = YES if before else "approvals"
        yield second(f"after one of whom was revoked: {when}", by, revoke, "ben")
        yield second(f"acted on: {when}", "cooldown" if before else YES, _acted(away))
    for name, span in {"29:59": 30 * MINUTE - SECOND, "30:00": 30 * MINUTE}.items():

        async def apart(case: Case, span: timedelta = span) -> tuple[str, str]:
            plan = two(case)
            case.ruled(distance={ActionClass.RESTART: 30 * MINUTE})
            await case.said("ana", plan.first)
            await case.said("ana", plan.at(2))
            case.later(30 * MINUTE)
            assert (await case.said("ben", plan.first))[0] == MORE
            case.later(span - 30 * MINUTE)
            return await case.said("ben", plan.at(2))

        yield Line(f"plan: apart: {name}", apart, YES if span >= 30 * MINUTE else "two_people")


def _acted(away: timedelta) -> Then:
    def acted(case: Case, plan: Plan) -> None:
        until = Acted(until=case.wound.at + MINUTE)
        case.switched(switches.acted(plan.at(2).target.uid), until)
        case.later(MINUTE + away)

    return acted


def of_whom() -> Iterator[Line]:
    """Who may, and who has, for each step by itself."""
    for spelling in SPELLINGS:

        async def own(case: Case, spelling: str = spelling) -> tuple[str, str]:
            return await case.said("ana", two(case, requester=spelling).at(2))

        yield Line(f"plan: asked for by {spelling!r}", own, "signed_approval")
    for who, by in (("anas second key", "approvals"), ("mallory", "approvals"), ("ben", YES)):
        yield Line(f"plan: each by two, ana and {who}", _each_by_two(who), by)
    yield Line("plan: one step by each of two who must both", _halves, MORE)
    groups = {ActionClass.SCALE: frozenset({"platform"})}
    rules: dict[str, tuple[dict[str, Any], str]] = {
        "which another group approves": ({"approvers": groups}, "signed_approval"),
        "with nothing to spend on it": ({"per_hour": {ActionClass.SCALE: 0}}, "budget"),
        "with nothing to spend on the first": ({"per_hour": {ActionClass.RESTART: 1}}, YES),
        "that wants two": ({"two_people": frozenset({ActionClass.SCALE})}, MORE),
        # The first was approved by one: that it wants two by now is seen before anything begins.
        "once the first wants two": ({"two_people": RESTARTS}, "two_people"),
    }
    for name, (rule, by) in rules.items():

        async def ruled(case: Case, rule: dict[str, Any] = rule) -> tuple[str, str]:
            plan = mixed(case)
            await case.said("ana", plan.first)
            case.ruled(**rule)
            return await case.said("ana", plan.at(2))

        yield Line(f"plan: a second step {name}", ruled, by)
    for seconds, by in ((0, "budget"), (3599, "budget"), (3600, YES)):

        async def paid(case: Case, seconds: int = seconds) -> tuple[str, str]:
            case.ruled(per_hour={ActionClass.RESTART: 1})
            plan = two(case)
            assert (await case.said("ana", plan.first))[0] == MORE
            case.later(seconds * SECOND)
            return await case.said("ana", plan.at(2))

        yield Line(f"plan: one an hour, {seconds} s later", paid, by)


def _each_by_two(who: str) -> Callable[[Case], Awaitable[tuple[str, str]]]:
    async def tried(case: Case) -> tuple[str, str]:
        case.ruled(two_people=RESTARTS)
        plan = two(case)
        for step in plan.steps:
            assert (await case.said("ana", step))[0] == MORE
        if who == "ben":
            assert (await case.said("ben", plan.first))[0] == MORE
        return await case.said(who, plan.at(2))

    return tried


async def _halves(case: Case) -> tuple[str, str]:
    case.ruled(two_people=RESTARTS)
    plan = two(case)
    assert (await case.said("ana", plan.first))[0] == MORE
    told = await case.said("ben", plan.at(2))
    assert [] == case.orders()
    return told


def of_changes() -> Iterator[Line]:
    """What has changed since it was proposed, so that a layer refuses the second step now."""
    yield second("protected now", "protected_namespaces", _ruled(protected=frozenset({"shop"})))
    yield second("another is protected now", YES, _ruled(protected=frozenset({"api"})))
    yield second("forbidden by the operator now", "operator_policy", _forbidden)
    yield second("frozen", "freeze", lambda case, _: freeze(case))
    yield second("the breaker open", "breaker", lambda case, _: fail(case, 3))
    patches: dict[str, tuple[dict[str, Any], str]] = {
        "changed in what it was judged by": ({"spec": {"replicas": 3}}, "time_of_use"),
        "kept by Argo CD now": ({"metadata": {"annotations": DELIVERED}}, "kept_elsewhere"),
        "with a label more": ({"metadata": {"labels": {"a": "b"}}}, YES),
    }
    for name, (patch, by) in patches.items():
        yield second(f"its target {name}", by, _patched("api", patch))
        yield second(f"the first's target {name}", YES, _patched("web", patch))
    yield second("its target gone", "sight", _deleted)
    off = _ruled(switched_on=frozenset())

    async def switched_off(case: Case) -> tuple[str, str]:
        plan = mixed(case)
        await case.said("ana", plan.first)
        off(case, plan)
        return await case.said("ana", plan.at(2))

    yield Line("plan: its kind switched off again", switched_off, "closed_set")


def _ruled(**rules: Any) -> Then:
    return lambda case, _: case.ruled(**rules)


def _forbidden(case: Case, _: Plan) -> None:
    case.operator.because = "not in the night"


def _patched(name: str, patch: dict[str, Any]) -> Then:
    def change(case: Case, _: Plan) -> None:
        case.cluster.patch("deployments.apps", name, patch, namespace="shop")

    return change


def _deleted(case: Case, _: Plan) -> None:
    case.cluster.delete("deployments.apps", "api", namespace="shop")


LINES = [
    *of_steps(),
    *of_other_plans(),
    *of_digests(),
    *of_turns(),
    *of_ends(),
    *of_states(),
    *of_moments(),
    *of_whom(),
    *of_changes(),
]

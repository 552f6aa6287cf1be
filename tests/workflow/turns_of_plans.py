"""The table of refusals, of steps of plans whose turn has come: each has a clock of its own, and is
judged again. Something happens at the last moment before it is judged; the clock is the server's.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from holdfast.execution.courses import Course, written
from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.ordered import CaseOrder
from holdfast.model.repairs import ActionClass
from holdfast.model.switches import Frozen
from holdfast.ports.leases import Fences
from tests.workflow.court import NAMES
from tests.workflow.executing import HOUR, SECOND, Stage, changed
from tests.workflow.planned import (
    LEFT,
    SCALE,
    a_plan_stage,
    at,
    heal,
    open_plan,
    outcomes,
    replicas,
    say,
    sent,
)

MINUTE, INSTANT = timedelta(minutes=1), timedelta(milliseconds=1)
BEGINS = 15 * MINUTE
"""So long after the step before was verified, or after the last approval, a step may begin."""
DONE = "done"
AROUND = (-SECOND, -INSTANT, timedelta(0), INSTANT, SECOND)
PATIENT = {"deadline": 10 * HOUR}
"""Nothing is given up here because a clock is set."""

type Then = Callable[[Stage, CaseOrder], dict[str, Any] | None]
"""What happens: the people or the rules that are read from then on, if these are others."""


class Turn(NamedTuple):
    """What happens when it is a step's turn, and who answers."""

    name: str
    tried: Callable[[], Awaitable[tuple[str, str]]]
    by: str


class Gate:
    """`Fences`, which are looked at before a step is judged: something happens just then."""

    def __init__(self, fences: Fences, then: Callable[[], object]) -> None:
        self._fences = fences
        self._then = then

    async def amiss(self) -> Sequence[str]:
        """What is missing or altered."""
        self._then()
        return await self._fences.amiss()


def turn(name: str, by: str, then: Then, *, step: int = 2) -> Turn:
    """A step of a plan of three, to which something happens when its turn has come."""

    async def tried() -> tuple[str, str]:
        async with a_plan_stage(LEFT, **PATIENT) as stage:
            plan = await open_plan(stage, SCALE, SCALE, SCALE)
            for each in plan.steps:
                await say(stage, plan, each.step)
            order = at(plan, 1)

            def now() -> None:
                if stage.course(order).step == step and stage.case(order).state == State.APPROVED:
                    told.update(then(stage, order) or {})

            # Whoever acts has its leash in hand by then: what that reads is changed.
            leash = stage.leash
            told = {"people": leash.people(), "rules": leash.rules()}
            changed(
                stage,
                fences=Gate(leash.fences, now),
                people=lambda: told["people"],
                rules=lambda: told["rules"],
            )
            await ended(stage, order)
            return became(stage, step)

    return Turn(name, tried, by)


async def ended(stage: Stage, order: CaseOrder) -> None:
    """To the end of it, whatever that is; what was done helps."""
    ends = (State.RECOVERED, State.NOT_RECOVERED, State.REFUSED)

    def meanwhile() -> None:
        there = stage.cluster.server.store.listing("deployments.apps")
        heal(stage, *(place[2] for place, _ in there))

    await stage.until(order, *ends, meanwhile=meanwhile)


def became(stage: Stage, step: int) -> tuple[str, str]:
    """Whether that step was done, after those before it and once; or who refused it, and why."""
    names = sent(stage)
    assert [*NAMES[: len(names)]] == names
    if len(names) >= step:
        assert [3] * step == replicas(stage, *NAMES[:step])
        return DONE, ""
    told = [each for each in stage.entries("outcome") if each["event"] == "refused"]
    (refusals,) = [each["refusals"] for each in told if each["step"] == step]
    return str(refusals[0]["by"]), str(refusals[0]["because"])


def set_going(stage: Stage, order: CaseOrder) -> datetime:
    """When its turn came: by the last approval, or as the step before was verified."""
    course = stage.course(order)
    if course.since is not None:
        return course.since
    with stage.store.reading() as tx:
        return max(each.at for step in (1, 2, 3) for each in tx.words.of(order.proposal, step))


def wait_until(stage: Stage, moment: datetime) -> None:
    """The clock goes on; it is there once."""
    stage.clock.advance(max(moment - stage.clock.now(), timedelta(0)))


def of_clocks() -> Iterator[Turn]:
    """One second before its time is over, at it, and after it, for each step by its own clock."""
    for step in (1, 2, 3):
        for away in AROUND:

            def late(stage: Stage, order: CaseOrder, away: timedelta = away) -> None:
                wait_until(stage, set_going(stage, order) + BEGINS + away)

            by = DONE if away <= timedelta(0) else "signed_approval"
            when = f"{away.total_seconds():+.3f} s"
            yield turn(f"step {step}, 15 min after its turn came: {when}", by, late, step=step)
    for away in AROUND:

        def revoke(stage: Stage, _: CaseOrder, away: timedelta = away) -> dict[str, Any]:
            known, now = stage.leash.people(), stage.clock.now()
            ana, ben = known.people
            gone = msgspec.structs.replace(ana, revoked=now - away)
            return {"people": msgspec.structs.replace(known, people=(gone, ben))}

        by = DONE if away < timedelta(0) else "approvals"
        yield turn(f"its approver revoked: {away.total_seconds():+.3f} s", by, revoke)
    yield Turn("the first step, whose own approval is older", _older, DONE)


async def _older() -> tuple[str, str]:
    """The clock of all of it begins with the last approval of any step."""
    async with a_plan_stage(LEFT, **PATIENT) as stage:
        plan = await open_plan(stage, SCALE, SCALE)
        await say(stage, plan, 1)
        stage.clock.advance(HOUR)
        await say(stage, plan, 2)
        await ended(stage, at(plan, 1))
        return became(stage, 1)


def of_changes() -> Iterator[Turn]:
    """What has changed since it was approved, and is seen when its turn comes."""
    scale = frozenset({ActionClass.SCALE})
    yield turn("nothing has changed", DONE, lambda _, __: None)
    yield turn("frozen", "freeze", _frozen)
    yield turn("protected now", "protected_namespaces", _ruled(protected=frozenset({"shop"})))
    yield turn("switched off again", "closed_set", _ruled(switched_on=frozenset()))
    yield turn("of two people now", "two_people", _ruled(two_people=scale))
    platform = {ActionClass.SCALE: frozenset({"platform"})}
    yield turn("of another group now", "signed_approval", _ruled(approvers=platform))
    yield turn("its target changed", "time_of_use", _patched("api"))
    yield turn("the target of the step before changed", DONE, _patched("web"))
    yield turn("its target gone", "sight", _deleted)


def _ruled(**rules: Any) -> Then:
    return lambda stage, _: {"rules": msgspec.structs.replace(stage.leash.rules(), **rules)}


def _frozen(stage: Stage, _: CaseOrder) -> None:
    now = stage.clock.now()
    told = switches.told(Frozen(by="cli:ben", reason="release night", at=now))
    with stage.store.transaction() as tx:
        tx.switches.on(switches.FREEZE, told, now)


def _patched(name: str) -> Then:
    def then(stage: Stage, _: CaseOrder) -> None:
        change = {"spec": {"minReadySeconds": 7, "replicas": 4 if name == "api" else 3}}
        stage.cluster.patch("deployments.apps", name, change, namespace="shop")

    return then


def _deleted(stage: Stage, _: CaseOrder) -> None:
    stage.cluster.delete("deployments.apps", "api", namespace="shop")


def of_turns() -> Iterator[Turn]:
    """Somebody with the engine's rows in hand has a step done before the one before is verified."""
    for state in (State.APPROVED, State.APPLIED):
        for step in (2, 3):

            async def early(state: State = state, step: int = step) -> tuple[str, str]:
                async with a_plan_stage(LEFT, **PATIENT) as stage:
                    plan = await open_plan(stage, SCALE, SCALE, SCALE)
                    for each in plan.steps:
                        await say(stage, plan, each.step)
                    order = at(plan, 1)
                    if state is State.APPLIED:
                        await stage.until(order, State.APPLIED)
                    stage.order_act(msgspec.structs.replace(at(plan, step), generation=2))
                    await ended(stage, order)
                    assert 3 == len(sent(stage))
                    return became(stage, step)

            yield Turn(f"step {step} ordered while the first is {state.value}", early, DONE)
    for step in (2, 3):

        async def written_over(step: int = step) -> tuple[str, str]:
            async with a_plan_stage(LEFT, **PATIENT) as stage:
                plan = await open_plan(stage, SCALE, SCALE, SCALE)
                for each in plan.steps:
                    await say(stage, plan, each.step)
                order = at(plan, 1)
                earlier = tuple(Course(step=each) for each in range(1, step))
                course = Course(step=step, since=stage.clock.now(), earlier=earlier)
                stage.forge(msgspec.structs.replace(stage.case(order), course=written(course)))
                stage.order_act(at(plan, step))
                await stage.quiet("act")
                assert [] == sent(stage)
                (no,) = [each for each in outcomes(stage) if each[1] == "refused"]
                assert (step, "refused") == no
                refusals = stage.entries("outcome")[0]["refusals"]
                return str(refusals[0]["by"]), str(refusals[0]["because"])

        yield Turn(f"step {step}, as the row says, before any other", written_over, "audit_first")


TURNS = [*of_clocks(), *of_changes(), *of_turns()]

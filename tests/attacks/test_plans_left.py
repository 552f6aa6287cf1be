"""Plans that must go no further: after a backup that was accepted, and after a person wanted them
taken back. Each of these went on before it was mended.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ssh import check as ssh_check
from holdfast.approvals.acts_signed import ActsSigned
from holdfast.approvals.recorded import said_in
from holdfast.audit import chain
from holdfast.execution import courses
from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.cases import Case
from holdfast.model.handed import WORD
from holdfast.model.ordered import SWEEP, SweepOrder
from holdfast.model.plans import Plan
from holdfast.model.runs import Order
from holdfast.testing.memory import Kept
from holdfast.workflow.orders import accept_restore
from tests.attacks.arena import Arena
from tests.attacks.plans import (
    BOTH,
    a_plan_arena,
    approved,
    done,
    healed,
    heard,
    outcomes,
    patched,
    put_back,
    replicas,
)
from tests.workflow.test_sealing import a_sealer

pytestmark = pytest.mark.slow

WEB, API = ("act", "web"), ("act", "api")


def state_of(arena: Arena, plan: Plan) -> str:
    case = arena.case(plan.id)
    assert case is not None
    return case.state


async def backed_up(arena: Arena, plan: Plan, when: Callable[[Case], bool]) -> None:
    """It is done to its end, and then a backup from its way is put in its place, and accepted."""
    taken: list[Kept] = []

    def meanwhile() -> None:
        case = arena.case(plan.id)
        if not taken and case is not None and when(case):
            taken.append(arena.backup())
        if taken:
            healed(arena)

    await arena.works(meanwhile=meanwhile)
    assert [WEB, API] == done(arena)
    arena.restore(taken[0])
    arena.anchors.clear()  # what knew more is given up
    arena.shelf.there.clear()


async def accepted(arena: Arena, meanwhile: Callable[[], object] = lambda: None) -> None:
    """As `holdfast db accept-restore` does; then the keeper sweeps, and works to the end."""
    sealer = a_sealer(arena.store, clock=arena.cluster.clock)
    await accept_restore(sealer, [], "the disk died", "ana")
    with arena.store.transaction() as tx:
        arena.engine.enqueue(tx, Order(id="sweep/1", phase=SWEEP, argument=SweepOrder()))

    def works() -> None:
        meanwhile()
        healed(arena)

    await arena.works(meanwhile=works)


def says(arena: Arena, plan: Plan, *, restored: bool) -> None:
    """Write into its row that a backup was restored, or was not."""

    def write(casework: Any) -> None:
        case = casework.cases[plan.id]
        course = msgspec.structs.replace(courses.read(case.course), restored=restored)
        casework.cases[plan.id] = msgspec.structs.replace(case, course=courses.written(course))

    arena.forge(write)


WRITTEN_OVER = pytest.mark.parametrize("said", [False, True], ids=["", "and its row says no"])


@WRITTEN_OVER
@pytest.mark.parametrize("back", [False, True], ids=["as it is", "put back"])
async def test_after_an_accepted_backup_no_later_step_is_done_by_the_old_approval(
    *, back: bool, said: bool
) -> None:
    """It was done once after the backup, and the chain that says so is given up."""
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        await backed_up(arena, plan, lambda case: case.state == State.APPLIED.value)
        if back:
            put_back(arena, "api")
        await accepted(arena, lambda: says(arena, plan, restored=False) if said else None)
        assert [WEB, API] == done(arena)
        assert State.NOT_RECOVERED.value == state_of(arena, plan)
        assert (1, "halted") in outcomes(arena)


async def test_after_an_accepted_backup_nothing_is_taken_back_but_by_a_person() -> None:
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        await backed_up(arena, plan, lambda case: case.state == State.APPLIED.value)
        await accepted(arena)
        word = arena.word("ben", plan.first, decision="undo", reason="it is not wanted")
        assert ["undoing"] == await heard(arena, [word])
        await arena.works(meanwhile=lambda: healed(arena))
        assert [WEB, API, ("undo", "web")] == done(arena)
        assert State.UNDONE.value == state_of(arena, plan)


@WRITTEN_OVER
async def test_after_an_accepted_backup_an_undo_on_its_way_goes_no_further_by_itself(
    *, said: bool
) -> None:
    """The step before may have been taken back since, and done again by somebody else."""
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        await arena.works(meanwhile=lambda: healed(arena))
        word = arena.word("ben", plan.first, decision="undo", reason="it is not wanted")
        taken: list[Kept] = []

        def meanwhile() -> None:
            if not taken and state_of(arena, plan) == State.UNDOING.value:
                taken.append(arena.backup())

        assert ["undoing"] == await heard(arena, [word])
        await arena.works(meanwhile=meanwhile)
        ended = [WEB, API, ("undo", "api"), ("undo", "web")]
        assert ended == done(arena)
        patched("web", spec={"replicas": 3})(arena)  # somebody wants it, after all
        arena.restore(taken[0])
        arena.anchors.clear()
        arena.shelf.there.clear()
        await accepted(arena, lambda: says(arena, plan, restored=False) if said else None)
        assert ended == done(arena)
        assert [3, 2] == replicas(arena, "web", "api")


async def test_no_row_holds_back_what_is_taken_back_after_the_last_step() -> None:
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        await arena.works(meanwhile=lambda: healed(arena))
        word = arena.word("ben", plan.first, decision="undo", reason="it is not wanted")
        assert ["undoing"] == await heard(arena, [word])

        def says_so() -> None:
            if state_of(arena, plan) == State.UNDOING.value:
                says(arena, plan, restored=True)

        await arena.works(meanwhile=says_so)
        assert [WEB, API, ("undo", "api"), ("undo", "web")] == done(arena)


def away(arena: Arena) -> None:
    arena.shelf.away = True


def again(arena: Arena) -> None:
    arena.shelf.away = False


REFUSES: dict[str, tuple[Callable[[Arena], object], Callable[[Arena], object]]] = {
    "somebody keeps the first": (
        patched("web", metadata={"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}),
        lambda _: None,
    ),
    "nobody witnesses it for a moment": (away, again),
}


@pytest.mark.parametrize(("trouble", "over"), REFUSES.values(), ids=list(REFUSES))
async def test_what_somebody_wants_back_goes_no_further_when_it_cannot_be_taken_back(
    trouble: Callable[[Arena], object], over: Callable[[Arena], object]
) -> None:
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        wish = arena.word("ben", plan.first, decision="undo", reason="stop it")
        told: list[str] = []

        async def somebody() -> None:
            while state_of(arena, plan) != State.APPLIED.value:
                await asyncio.sleep(0.001)
            trouble(arena)
            word = arena.put(WORD, wish)
            await arena.hears(word)
            told.append(arena.became(word))
            while (1, "undo_refused") not in outcomes(arena):
                await asyncio.sleep(0.001)
            over(arena)
            told.append("over")

        async with asyncio.TaskGroup() as group:
            group.create_task(somebody())
            await arena.works(meanwhile=lambda: healed(arena) if "over" in told else None)
        await arena.works(meanwhile=lambda: healed(arena))
        assert ["undoing", "over"] == told
        assert [WEB] == done(arena)
        assert State.NOT_RECOVERED.value == state_of(arena, plan)
        assert (1, "halted") in outcomes(arena)


@pytest.mark.parametrize("more", [0, 21])
async def test_however_many_are_proposed_nothing_is_begun_beside_what_is_under_way(
    more: int,
) -> None:
    async with a_plan_arena() as arena:
        lost = await arena.open("RolloutRestart")
        other = await arena.open("ScaleWorkload")
        for _ in range(more):
            await arena.open("ScaleWorkload")
        arena.wire.plans.append("lose the request")
        assert ["approved"] == await heard(arena, [arena.word("ana", lost)])

        async def somebody() -> None:
            while getattr(arena.case(lost.id), "state", "") != State.UNKNOWN.value:
                await asyncio.sleep(0.001)
            await heard(arena, [arena.word(who, other) for who in BOTH])

        async with asyncio.TaskGroup() as group:
            group.create_task(somebody())
            await arena.works()
        await arena.works()
        assert arena.untouched()
        assert State.REFUSED.value == getattr(arena.case(other.id), "state", "")


async def test_a_record_in_which_a_step_was_signed_by_nobody_says_so() -> None:
    """Whoever has the keeper's key leaves out the words for one step, and its intent stands."""
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        await arena.works(meanwhile=lambda: healed(arena))
        wish = arena.word("ben", plan.first, decision="undo", reason="it is not wanted")
        assert ["undoing"] == await heard(arena, [wish])
        await arena.works()
        arena.seal()
        with arena.store.reading() as tx:
            entries = [chain.parse(line) for line in tx.records.lines()]
        for step in (0, 1, 2):
            acts = ActsSigned(whole=True)
            for each in entries:
                if each.kind == "approval" and each.details["step"] == step:
                    continue
                said = said_in(each, arena.everybody, ssh_check)
                assert not isinstance(said, Refusal)
                acts.take(each, said)
            left = [why for _, why in acts.unsigned()]
            assert all(f"step {step} of {plan.id}" in each for each in left)
            assert (1 if step else 0) == len(left)

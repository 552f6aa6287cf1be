"""Doing what nobody has approved: by ordering it, by writing rows, by saying that it was approved.

Whoever orders by hand or writes cases has more than a taken-over `serve` has: it is the keeper's
own rows. Signatures are what such a one does not have.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from holdfast.execution import courses
from holdfast.execution.courses import Course, Sending, pictured
from holdfast.execution.observing import Asked
from holdfast.execution.recovering import Watched
from holdfast.execution.states import State
from holdfast.model.cases import Word
from holdfast.model.handed import WORD
from holdfast.model.ordered import ACT, LOOK, UNDO, CaseOrder
from holdfast.model.plans import planned
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Sight
from holdfast.model.steps import Create, Patch, Set, Step
from holdfast.workflow.asking import BUDGET, STEP
from holdfast.workflow.casebook import content_of
from holdfast.workflow.sighting import sight
from tests.attacks.arena import HOUR, SECOND, Arena, an_arena
from tests.workflow.executing import a_word

pytestmark = pytest.mark.slow
TEMPLATE = ("spec", "template")


def first(about: Proposal, generation: int = 1) -> CaseOrder:
    return CaseOrder(proposal=about.id, step=1, generation=generation)


async def ordered(arena: Arena, about: Proposal) -> None:
    """The executor is called as if everybody had said yes."""


async def state_forged(arena: Arena, about: Proposal) -> None:
    arena.rewritten(about, state=State.APPROVED.value)


async def all_but_the_signature(arena: Arena, about: Proposal) -> None:
    """State, ticket, payment, and a word of Ana's that her key did not sign."""
    arena.rewritten(about, state=State.APPROVED.value)
    word = a_word(about, arena.store_now(), "ana")
    paid(arena, about, msgspec.structs.replace(word, signature=stranger(arena, about)))


async def a_strangers_word(arena: Arena, about: Proposal) -> None:
    arena.rewritten(about, state=State.APPROVED.value)
    word = a_word(about, arena.store_now(), "eve")
    paid(arena, about, msgspec.structs.replace(word, person="ana"))


async def a_word_on_another(arena: Arena, about: Proposal) -> None:
    """Ana's real word, of another proposal of the same thing."""
    other = await arena.open()
    arena.rewritten(about, state=State.APPROVED.value)
    word = a_word(other, arena.store_now(), "ana")
    paid(arena, about, msgspec.structs.replace(word, proposal=about.id))


async def a_no_for_a_yes(arena: Arena, about: Proposal) -> None:
    arena.rewritten(about, state=State.APPROVED.value)
    no = arena.word("ana", about, decision="reject", reason="no")
    paid(arena, about, msgspec.structs.replace(a_word(about, arena.store_now()), **no))


def stranger(arena: Arena, about: Proposal) -> str:
    return arena.word("eve", about)["signature"]


def paid(arena: Arena, about: Proposal, word: Word) -> None:
    """The word is kept, and everything is spent that is spent with one."""
    with arena.store.transaction() as tx:
        tx.words.add(word)
        tx.once.spend(STEP, f"{about.id}/1/1", "tkt_forged", arena.store_now())
        tx.once.spend(BUDGET, f"{about.id}/1/ana", "x", arena.store_now())


@pytest.mark.parametrize(
    "how",
    [
        ordered,
        state_forged,
        all_but_the_signature,
        a_strangers_word,
        a_word_on_another,
        a_no_for_a_yes,
    ],
    ids=lambda how: how.__name__,
)
@pytest.mark.parametrize("phase", [ACT, UNDO])
async def test_ordered_by_hand_it_is_not_done(
    how: Callable[[Arena, Proposal], Awaitable[None]], phase: str
) -> None:
    async with an_arena() as arena:
        about = await arena.open()
        await how(arena, about)
        arena.changed["timing"] = type(arena.leash().timing)(sealed=SECOND)
        arena.order(phase, first(about))
        await arena.works()
        assert arena.untouched()


@pytest.mark.parametrize(("step", "generation"), [(2, 1), (1, 2), (0, 1), (1, -1)])
async def test_another_step_or_generation_is_not_approved_with_it(
    step: int, generation: int
) -> None:
    async with an_arena() as arena:
        about = await arena.open()
        arena.rewritten(about, state=State.APPROVED.value)
        arena.order(ACT, CaseOrder(proposal=about.id, step=step, generation=generation))
        await arena.works()
        assert arena.untouched()


async def test_one_that_was_approved_is_done_once_however_often_it_is_ordered() -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        for number in range(2, 9):
            arena.order(ACT, first(about, number), partition=f"elsewhere-{number}")
        await arena.works()
        assert len(arena.acts()) <= 1
        for number in range(9, 12):
            arena.order(ACT, first(about, number))
        await arena.works()
        assert len(arena.acts()) <= 1


BORN: dict[str, dict[str, Any]] = {
    "a state": {"state": "approved"},
    "a yes": {"approved": True},
    "an approver": {"approvals": ["ana"]},
    "a ticket": {"ticket": "tkt_1"},
    "steps of its own": {"steps": [{"do": "delete"}]},
    "a risk": {"risk": "low"},
    "a digest": {"digest": "0" * 64},
    "an id": {"id": "prp_mine"},
    "a card": {"card": "{}"},
    "parameters with a yes": {"params": {"stamp": "2026-01-01T12:00:00Z", "approved": True}},
}


@pytest.mark.parametrize("more", BORN.values(), ids=list(BORN))
async def test_no_proposal_is_born_approved(more: dict[str, Any]) -> None:
    async with an_arena() as arena:
        body = {**arena.body("RolloutRestart"), **more}
        assert "refused" == await arena.told("propose", body)
        await arena.works()
        assert arena.untouched()
        assert [] == list(arena.cases())


def image(template: Any, name: str) -> Any:
    """That template with another image."""
    other = msgspec.json.decode(msgspec.json.encode(template))
    other["spec"]["containers"][0]["image"] = name
    return other


async def forged_as_done(
    arena: Arena, about: Proposal, undo: tuple[Step, ...], before: Sight, state: State
) -> None:
    """A row that says: it was done, it did not help, and this is the way back."""
    now = arena.cluster.clock.now()
    done = Sending(run="act/x", rounds=1, sent=Asked(at=now))
    course = Course(before=pictured(before), act=done, watched=Watched(applied=now - HOUR))
    forged = msgspec.structs.replace(about, undo=undo)
    arena.rewritten(
        about,
        content=content_of(planned([forged])),
        digest=forged.digest,
        state=state.value,
        course=courses.written(course),
    )


@pytest.mark.parametrize("state", [State.APPLIED, State.NOT_RECOVERED])
@pytest.mark.parametrize(
    "signed", [False, True], ids=["unsigned", "signed before it was rewritten"]
)
async def test_no_way_back_is_gone_that_nobody_approved(state: State, *, signed: bool) -> None:
    """The act is verified by signatures, and so must be what takes it back: it writes as well."""
    async with an_arena() as arena:
        about = await (arena.approved if signed else arena.open)("RolloutUndo")
        seen = await sight(arena.cluster, arena.hands, about.action, about.target)
        assert isinstance(seen, Sight)
        there = seen.document.at(*TEMPLATE)
        evil = image(there, "evil:1")
        back = Set(path=TEMPLATE, value=evil, was=there)
        spec = {**msgspec.to_builtins(seen.document.value["spec"]), "template": evil}
        as_it_was = msgspec.structs.replace(
            seen.document, value={**seen.document.value, "spec": spec}
        )
        before = msgspec.structs.replace(seen, document=as_it_was)
        way = (Patch(target=about.target, sets=(back,)),)
        await forged_as_done(arena, about, way, before, state)
        with arena.store.transaction() as tx:
            for run in arena.runs():
                arena.engine.cancel(tx, run.order.id)
        arena.order(LOOK, first(about))
        arena.order(UNDO, first(about))
        await arena.works()
        assert arena.untouched()


async def test_nothing_is_made_again_that_was_never_there() -> None:
    async with an_arena() as arena:
        about = await arena.open("DeleteResourceQuota")
        seen = await sight(arena.cluster, arena.hands, about.action, about.target)
        assert isinstance(seen, Sight)
        manifest = msgspec.to_builtins(seen.document.asked())
        manifest["metadata"]["name"], manifest["spec"] = "evil", {"hard": {"pods": "0"}}
        other = msgspec.structs.replace(seen.document, value=manifest)
        before = msgspec.structs.replace(seen, document=other)
        way = (Create(manifest=manifest),)
        await forged_as_done(arena, about, way, before, State.NOT_RECOVERED)
        arena.order(LOOK, first(about))
        arena.order(UNDO, first(about))
        await arena.works()
        assert arena.untouched()


async def test_a_row_of_somebody_elses_making_is_no_proposal() -> None:
    async with an_arena() as arena:
        about = await arena.open()
        other = msgspec.structs.replace(about, id="prp_forged")
        case = arena.case(about.id)
        assert case is not None
        made = msgspec.structs.replace(
            case,
            id=other.id,
            digest=other.digest,
            content=content_of(planned([other])),
            state=State.APPROVED.value,
            changed=case.changed + SECOND,
        )
        with arena.store.transaction() as tx:
            tx.cases.put(made)
        arena.order(ACT, first(other))
        await arena.works()
        assert arena.untouched()
        assert "refused" == await arena.told(WORD, arena.word("eve", other))

"""Rows made to say what was never proposed, or that nothing was ever decided: the chain knows both.

The attacker can write the whole database, and in part also has one approver's key. He has no key of
the keeper's: what was sealed he can neither change nor take out.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from holdfast.approvals.statements import Decision
from holdfast.execution import courses
from holdfast.execution.states import State
from holdfast.model.canonical import canonical
from holdfast.model.entries import Draft, Entry
from holdfast.model.handed import WORD
from holdfast.model.ordered import ACT, CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.testing.memory import Kept
from holdfast.workflow.casebook import plan_of
from tests.attacks.arena import Arena, an_arena
from tests.workflow.executing import a_word
from tests.workflow.test_sealing import a_sealer

pytestmark = pytest.mark.slow
ONCE = ["patch deployments.apps web"]


def nobody_decided(arena: Arena, about: Proposal) -> None:
    """As if nobody had ever said anything of it, and nothing had been done."""

    def write(casework: Any) -> None:
        was = casework.cases[about.id]
        case = msgspec.structs.replace(was, state="proposed", course="", progress="")
        casework.cases[about.id] = case
        casework.words = ()
        casework.once.clear()
        casework.switches.clear()

    arena.forge(write)
    with arena.store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        tx.native.work.clear()


def said_otherwise(arena: Arena, about: Proposal, **changed: Any) -> Proposal:
    """Its content with other fields, and everything else of the row as that wants it."""
    other = msgspec.structs.replace(about, **changed)
    content = canonical(other.content()).decode()
    arena.rewritten(about, content=content, digest=other.digest)
    case = arena.case(about.id)
    assert case is not None
    return plan_of(case).first  # its row contradicts nothing


async def test_what_was_done_once_is_not_approved_a_second_time() -> None:
    async with an_arena() as arena:
        about = await arena.open()
        word = arena.word("ana", about)
        assert await arena.told(WORD, word) == "approved"
        await arena.works(about)
        assert arena.acts() == ONCE
        put_back = {"spec": {"template": {"metadata": {"annotations": None}}}}
        arena.cluster.patch("deployments.apps", "web", put_back, namespace="shop")

        nobody_decided(arena, about)

        assert await arena.told(WORD, word) == "refused"
        assert arena.why().startswith("the record says that it was set going before: see its entry")
        await arena.works(about)
        assert arena.acts() == ONCE


async def test_what_was_rejected_is_not_revived() -> None:
    async with an_arena() as arena:
        about = await arena.open()
        no = await arena.says("ben", about, decision=Decision.REJECT, reason="not now")
        assert no == "rejected"
        arena.seal()

        nobody_decided(arena, about)

        assert await arena.says("ana", about) == "refused"
        assert arena.why().startswith("the record says that it was rejected: see its entry")
        await arena.works(about)
        assert arena.untouched()


async def test_what_was_rejected_is_not_begun_when_its_row_says_that_all_have_approved() -> None:
    async with an_arena() as arena:
        about = await arena.open()
        arena.seals = False
        assert await arena.says("ana", about) == "approved"
        arena.forge(lambda casework: casework.cases.update({about.id: rejected(arena, about)}))
        word = {"decision": Decision.REJECT, "reason": "not now"}
        with arena.store.transaction() as tx:
            assert isinstance(tx.native, Kept)
            tx.native.work.clear()
        assert await arena.says("ben", about, **word) == "rejected"
        arena.seals = True
        arena.seal()
        arena.rewritten(about, state=State.APPROVED.value)
        arena.order(ACT, CaseOrder(proposal=about.id, step=1, generation=1))
        assert await arena.acted(about) == State.REFUSED.value
        assert "the record says that it was rejected" in arena.course(about).says
        assert arena.untouched()


def rejected(arena: Arena, about: Proposal) -> Any:
    case = arena.case(about.id)
    assert case is not None
    return msgspec.structs.replace(case, state=State.PROPOSED.value)


OTHER: dict[str, Callable[[Proposal], dict[str, Any]]] = {
    "a lower risk": lambda about: {"risk": type(about.risk)(about.risk - 1)},
    "another who asked for it": lambda _: {"requester": "cli:kim"},
    "another fact": lambda _: {"code": "HF-WRK-001"},
    "another trouble": lambda _: {"trouble": "trb_2"},
    "nothing that takes it back": lambda _: {"undo": ()},
    "a policy that never was": lambda _: {"policy": "policy-0"},
}


@pytest.mark.parametrize("change", OTHER.values(), ids=list(OTHER))
async def test_nobody_is_heard_on_what_was_never_proposed(
    change: Callable[[Proposal], dict[str, Any]],
) -> None:
    """Also by a signature over what its row says now."""
    async with an_arena() as arena:
        about = await arena.open("ScaleWorkload")
        other = said_otherwise(arena, about, **change(about))
        for who in ("ana", "ben"):
            assert await arena.says(who, other) == "refused"
            assert arena.why().startswith("it is not what was proposed: see entry ")
        await arena.works(about)
        assert arena.untouched()


@pytest.mark.parametrize("change", OTHER.values(), ids=list(OTHER))
async def test_what_was_never_proposed_is_not_carried_out(
    change: Callable[[Proposal], dict[str, Any]],
) -> None:
    """Rewritten after it was approved, with a word that was signed over that."""
    async with an_arena() as arena:
        about = await arena.approved("ScaleWorkload", "ana", "ben")
        arena.seal()
        other = said_otherwise(arena, about, **change(about))
        words = tuple(a_word(other, arena.store_now(), who) for who in ("ana", "ben"))
        arena.forge(lambda casework: setattr(casework, "words", words))
        assert await arena.acted(about) == State.REFUSED.value
        assert arena.untouched()


async def test_a_second_entry_of_the_same_proposal_does_not_replace_the_first() -> None:
    """Whoever can write what waits to be sealed can have that said as well."""
    async with an_arena() as arena:
        about = await arena.open("ScaleWorkload")
        other = said_otherwise(arena, about, risk=type(about.risk)(about.risk - 1))
        with arena.store.transaction() as tx:
            first = next(each for each in tx.records.of_kind("proposal"))
            details = {**first.details, "digest": other.digest, "risk": "low"}
            tx.records.submit(draft_like(first, details))
        arena.seal()
        assert await arena.says("ana", other) == "refused"
        assert await arena.says("ana", about) == "refused"


def draft_like(entry: Entry, details: Any) -> Draft:
    return Draft(
        id="ent_forged",
        kind=entry.kind,
        actor=entry.actor,
        subjects=entry.subjects,
        details=details,
    )


async def test_what_was_there_before_the_act_is_not_made_up_afterwards() -> None:
    async with an_arena() as arena:
        about = await arena.approved("ScaleWorkload", "ana", "ben")
        evil: list[bool] = []

        def rewrite() -> None:
            case = arena.case(about.id)
            if case is None or case.state != State.APPLIED.value or evil:
                return
            course = courses.read(case.course)
            assert course.before is not None
            document = msgspec.json.decode(course.before.document)
            document["spec"]["template"]["spec"]["hostNetwork"] = True
            raw = msgspec.Raw(msgspec.json.encode(document))
            before = msgspec.structs.replace(course.before, document=raw)
            course = msgspec.structs.replace(course, before=before)
            arena.rewritten(about, course=courses.written(course))
            evil.append(True)

        await arena.works(about, meanwhile=rewrite)
        assert evil
        assert len(arena.acts()) == 1, "the act alone"
        arena.seal()
        with arena.store.reading() as tx:
            outcomes = [each.details for each in tx.records.of_kind("outcome")]
        refusals = [each["refusals"] for each in outcomes if each["event"] == "undo_refused"]
        because = "what is kept of the time before the act is not what was there"
        assert [[{"by": "record", "because": because}]] == refusals


async def test_what_was_proposed_a_moment_ago_is_heard_once_it_is_sealed() -> None:
    async with an_arena() as arena:
        about = plan_of(await arena.proposed("RolloutRestart")).first
        said = Draft(id="asked", kind="asked", actor="inbox:cli:sam", subjects=(about.id,))
        late = a_sealer(arena.store, clock=arena.cluster.clock)
        with arena.store.transaction() as tx:
            waiting = tx.records.waiting(99)
            tx.records.discard([each.id for each in waiting])
        late.record([said])  # what was asked for stands there before what came of it
        with arena.store.transaction() as tx:
            tx.records.submit(*waiting)
        hearing = asyncio.create_task(arena.says("ana", about))
        await asyncio.sleep(0.05)
        arena.seal()
        assert await hearing == "approved"


async def test_what_is_never_sealed_is_never_heard() -> None:
    async with an_arena(seals=False) as arena:
        about = plan_of(await arena.proposed("RolloutRestart")).first
        assert await arena.says("ana", about) == "refused"
        assert arena.why() == "the record does not say that it was proposed"

"""What whoever has taken over `serve` can do: put letters and drafts there, of any id and kind."""

from datetime import timedelta

import pytest

from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.entries import Draft
from holdfast.model.proposals import Proposal
from holdfast.workflow.intents import INTENT
from tests.attacks.arena import Arena, an_arena
from tests.workflow.executing import SECOND, intended

pytestmark = pytest.mark.slow


def drafts(arena: Arena, *ids: str, kind: str = INTENT, about: Proposal | None = None) -> None:
    with arena.store.transaction() as tx:
        for id_ in ids:
            told = intended(about) if about is not None else {}
            tx.records.submit(Draft(id=id_, kind=kind, actor="keeper", details=told))
    arena.seal()


async def test_it_takes_no_name_from_what_the_keeper_is_about_to_record() -> None:
    """Both names could be told beforehand once: neither yes nor undo was ever kept then."""
    async with an_arena() as arena:
        about = await arena.open("RolloutUndo")
        names = (f"{about.id}.1.intent", f"{about.id}.1.1.undo", f"{about.id}.1.1.act")
        drafts(arena, *names, about=about)
        assert "approved" == await arena.says("ana", about)
        assert State.UNDONE.value == await arena.acted(about)
        assert 2 == len(arena.acts())


async def test_an_intent_of_its_own_making_is_none() -> None:
    """The keeper is to see an intent that it never submitted, while its own sealer is dead."""
    async with an_arena() as arena:
        about = await arena.open()
        arena.seals = False
        assert await arena.says("ana", about) == "approved"
        with arena.store.reading() as tx:
            ticket = tx.once.spent("approved", f"{about.id}/1/1")
            waiting = [each.id for each in tx.records.waiting(99)]
        assert f"{ticket}.intent" in waiting
        arena.changed["timing"] = type(arena.leash().timing)(sealed=timedelta(seconds=0.05))
        drafts(arena, f"{about.id}.1.intent", "intent", about=about)
        assert State.REFUSED.value == await arena.acted(about)
        assert arena.untouched()


async def test_without_a_sealer_nothing_is_done() -> None:
    async with an_arena() as arena:
        about = await arena.open()
        arena.seals = False
        assert await arena.says("ana", about) == "approved"
        arena.changed["timing"] = type(arena.leash().timing)(sealed=timedelta(seconds=0.05))
        assert State.REFUSED.value == await arena.acted(about)
        assert arena.untouched()


@pytest.mark.parametrize("off", [timedelta(minutes=15) + SECOND, timedelta(hours=-1)])
async def test_the_database_s_clock_says_whether_an_approval_still_holds(off: timedelta) -> None:
    """The keeper's own clock stands still meanwhile."""
    async with an_arena() as arena:
        about = await arena.approved()
        arena.set_the_databases_clock(off)
        assert State.REFUSED.value == await arena.acted(about)
        assert arena.untouched()


async def test_nothing_is_begun_while_nobody_knows_how_an_earlier_act_ended() -> None:
    async with an_arena() as arena:
        first, second = await arena.open(), await arena.open("ScaleWorkload")
        for who, about in (("ana", first), ("ana", second), ("ben", second)):
            await arena.says(who, about)
        arena.wire.plans.append("lose the request")
        await arena.works()
        told = [arena.case(each.id) for each in (first, second)]
        assert State.REFUSED.value == (told[1].state if told[1] else "")
        assert arena.untouched()


@pytest.mark.parametrize("sender", ["keeper", "ana", "inbox:ana", "x" * 5000, ""])
async def test_nobody_looks_like_the_keeper_or_like_a_person_who_signed_by_a_letter(
    sender: str,
) -> None:
    """Whoever may write letters chose the actor of sealed entries once."""
    async with an_arena() as arena:
        told = {"text": "I, Ana, take responsibility; approved by me"}
        assert "recorded" == await arena.told("remark", told, sender)
        await arena.told("propose", arena.body("RolloutRestart"), sender)
        freeze = {"reason": "it burns", "undo_too": False}
        assert "frozen" == await arena.told("freeze", freeze, sender)
        arena.seal()
        with arena.store.reading() as tx:
            actors = {k: {e.actor for e in tx.records.of_kind(k) if e.id != "begin"} for k in KINDS}
            frozen = switches.frozen_by(tx.switches.value(switches.FREEZE))
        assert actors == {kind: {f"inbox:{sender[:100]}"} for kind in KINDS}
        assert frozen.startswith(f"inbox:{sender[:100]} has switched everything off")


KINDS = ("remark", "asked", "frozen")

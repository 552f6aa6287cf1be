"""Operators tighten the leash: what was done can still be taken back, by who may decide it now."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from holdfast.execution.states import State
from holdfast.model.people import Person
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass
from tests.attacks.arena import HOUR, SECOND, Arena, an_arena, person
from tests.workflow.leashes import people

pytestmark = pytest.mark.slow
ALL = (person("ana"), person("ben"), person("cleo"))
MAY = {ActionClass.SCALE: frozenset({"sre"})}


async def done(arena: Arena) -> Proposal:
    """It was done, it did not help, and nothing is taken back by itself."""
    about = await arena.approved("ScaleWorkload", "ana", "ben")
    arena.rules = msgspec.structs.replace(arena.rules, undo=False)
    assert State.NOT_RECOVERED.value == await arena.acted(about)
    return about


async def taken_back(arena: Arena, about: Proposal) -> str:
    """Cleo wants it back; why it is left, if it is."""
    arena.cluster.clock.advance(SECOND)
    said = await arena.says("cleo", about, decision="undo", reason="it made it worse")
    assert said == "undoing", arena.why()
    state = await arena.acted(about)
    acts = 2 if state == State.UNDONE.value else 1
    assert acts == len(arena.acts())
    return state if acts == 2 else refused(arena)


def refused(arena: Arena) -> str:
    arena.seal()
    with arena.store.reading() as tx:
        told = [each.details for each in tx.records.of_kind("outcome")]
    (refusals,) = [each["refusals"] for each in told if each["event"] == "undo_refused"]
    return str(refusals)


def file_of(*who: Person) -> Callable[[Arena], None]:
    def change(arena: Arena) -> None:
        arena.everybody = people(*who)

    return change


def ruled(*who: Person, **rules: object) -> Callable[[Arena], None]:
    def change(arena: Arena) -> None:
        arena.rules = msgspec.structs.replace(arena.rules, **rules)
        if who:
            arena.everybody = people(*who)

    return change


def revoked_now(*who: str) -> Callable[[Arena], None]:
    def change(arena: Arena) -> None:
        now = arena.store_now()
        arena.everybody = people(*(person(e.id, revoked=now) if e.id in who else e for e in ALL))

    return change


def revoked_long_ago(arena: Arena) -> None:
    """Her key was stolen, it turns out, before she was to have approved it."""
    ago = arena.store_now() - HOUR
    arena.everybody = people(person("ana", revoked=ago), *ALL[1:])


TIGHTENED: dict[str, Callable[[Arena], None]] = {
    "nothing": lambda _: None,
    "one was revoked": revoked_now("ana"),
    "both were revoked": revoked_now("ana", "ben"),
    "one was revoked since before": revoked_long_ago,
    "they left the group": ruled(*ALL[:2], person("cleo", "sre"), approvers=MAY),
    "it is switched off": ruled(switched_on=frozenset()),
    "one asked for it, it turns out": file_of(person("ana", name="sam"), *ALL[1:]),
    "two are wanted, apart": ruled(distance={ActionClass.SCALE: timedelta(minutes=30)}),
}


@pytest.mark.parametrize("change", TIGHTENED.values(), ids=list(TIGHTENED))
async def test_what_was_done_can_be_taken_back_by_who_may_decide_it_now(
    change: Callable[[Arena], None],
) -> None:
    async with an_arena(everybody=people(*ALL)) as arena:
        about = await done(arena)
        change(arena)
        assert State.UNDONE.value == await taken_back(arena, about)


LEFT: dict[str, tuple[Callable[[Arena], None], str]] = {
    "its namespace is protected": (ruled(protected=frozenset({"shop"})), "protected"),
    "nobody knows who approved it": (file_of(ALL[0], ALL[2]), "nobody in the people file"),
    "nobody knows any of them": (file_of(ALL[2]), "two people must approve it"),
}


@pytest.mark.parametrize("case", LEFT)
async def test_what_else_has_changed_still_keeps_it_as_it_is(case: str) -> None:
    change, why = LEFT[case]
    async with an_arena(everybody=people(*ALL)) as arena:
        about = await done(arena)
        change(arena)
        assert why in await taken_back(arena, about)


@pytest.mark.parametrize("lost", ["revoked", "left the group", "ran out"])
async def test_a_wish_of_who_may_not_decide_any_more_lifts_nothing(lost: str) -> None:
    """It was heard, and is verified again when it is the undo's turn."""
    async with an_arena(everybody=people(*ALL)) as arena:
        about = await done(arena)
        arena.cluster.clock.advance(SECOND)
        until = arena.store_now() + 2 * SECOND
        word = arena.word("cleo", about, decision="undo", reason="no", until=until)
        assert "undoing" == await arena.told("word", word)
        revoked_now("ana", "ben", *(["cleo"] if lost == "revoked" else []))(arena)
        if lost == "left the group":
            arena.rules = msgspec.structs.replace(arena.rules, approvers=MAY)
        if lost == "ran out":
            arena.cluster.clock.advance(2 * SECOND)
        await arena.acted(about)
        assert 1 == len(arena.acts())
        assert "ana: whose word does not count any more" in refused(arena)


async def test_what_the_keeper_takes_back_by_itself_goes_by_the_rules_of_now() -> None:
    async with an_arena(everybody=people(*ALL)) as arena:
        about = await arena.approved("ScaleWorkload", "ana", "ben")

        def once_done() -> None:
            if arena.acts():
                arena.rules = msgspec.structs.replace(arena.rules, switched_on=frozenset())

        assert State.NOT_RECOVERED.value == await arena.acted(about, meanwhile=once_done)
        assert 1 == len(arena.acts())
        assert State.UNDONE.value == await taken_back(arena, about)

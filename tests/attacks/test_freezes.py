"""A freeze holds until somebody has signed that it goes on, whatever rows and drafts say.

The attacker can write the whole database: rows, and what waits to be sealed as the keeper's word.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.stores.store import SqlStore
from holdfast.approvals import thaws
from holdfast.approvals.recorded import SEALED_WITHIN, THAWED
from holdfast.approvals.thaws import LONGEST_HELD, Thaw
from holdfast.execution.lease_names import Purpose
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.entries import Draft
from holdfast.model.handed import FREEZE, THAW
from holdfast.model.ids import new_id
from holdfast.model.repairs import ActionClass
from holdfast.workflow import as_sealed
from holdfast.workflow.inbox import Inbox
from holdfast.workflow.lifting import FROZEN
from holdfast.workflow.switching import hear_thaw
from tests.approvals.keygen import sign
from tests.attacks.arena import HOUR, MINUTE, SECOND, Arena, an_arena, person
from tests.workflow.court import Court
from tests.workflow.executing import a_thaw
from tests.workflow.leashes import people
from tests.workflow.test_sealing import a_sealer

pytestmark = pytest.mark.slow
ONCE = ["patch deployments.apps web"]
IT_BURNS = {"reason": "it burns", "undo_too": False}
HELD = "the record says that it is frozen: see its entry"


async def a_frozen(arena: Arena) -> Any:
    """What was approved, and then frozen; no row says so."""
    about = await arena.approved()
    assert await arena.told(FREEZE, IT_BURNS) == "frozen"
    arena.seal()
    arena.forge(lambda casework: casework.switches.clear())
    return about


def submitted(arena: Arena, actor: str = "ana", **details: Any) -> None:
    """As the keeper's word, in what waits to be sealed."""
    said = Draft(id="thaw", kind=THAWED, actor=actor, details={"switch": "freeze", **details})
    with arena.store.transaction() as tx:
        tx.records.submit(said)
    arena.seal()


def real(arena: Arena, **how: Any) -> dict[str, str]:
    return a_thaw(arena.store.cluster, how.pop("until", arena.store_now() + HOUR), **how)


def mangled(arena: Arena) -> dict[str, str]:
    said = real(arena)
    return {**said, "statement": said["statement"].replace("it is over", "it is ever")}


MADE_UP: dict[str, Callable[[Arena], dict[str, str]]] = {
    "without a statement": lambda _: {"reason": "x"},
    "without a signature": lambda arena: {"statement": real(arena)["statement"]},
    "with a signature over something else": mangled,
    "said to be vouched for": lambda _: {"proof": "server"},
    "with an approval's signature": lambda a: real(a, namespace="holdfast-approval"),
    "by a stranger": lambda arena: {**real(arena, who="mallory")},
    "in the name of another": lambda arena: {**real(arena, who="ben")},
    "of another switch": lambda arena: real(arena, switch="breaker/restart"),
    "of another cluster": lambda arena: {**a_thaw("c-2", arena.store_now() + HOUR)},
    "that was over": lambda a: real(a, until=a.store_now() - SEALED_WITHIN),
    "that would hold for too long": lambda a: real(a, until=a.store_now() + 90 * MINUTE),
}


@pytest.mark.parametrize("details", MADE_UP.values(), ids=list(MADE_UP))
async def test_a_thaw_that_nobody_signed_lifts_nothing(
    details: Callable[[Arena], dict[str, str]],
) -> None:
    async with an_arena() as arena:
        about = await a_frozen(arena)
        submitted(arena, **details(arena))
        assert State.REFUSED.value == await arena.acted(about)
        assert HELD in arena.course(about).says
        assert arena.untouched()


@pytest.mark.parametrize(("who", "acts"), [("eve", []), ("ana", ONCE)])
async def test_a_thaw_of_somebody_who_may_not_lifts_nothing(who: str, acts: list[str]) -> None:
    rules = Rules(approvers={ActionClass.RESTART: frozenset({"oncall"})})
    known = people(person("ana"), person("eve", "guests"))
    async with an_arena(rules=rules, everybody=known) as arena:
        about = await a_frozen(arena)
        submitted(arena, who, **real(arena, who=who))
        await arena.works(about)
        assert acts == arena.acts()


@pytest.mark.parametrize("ago", [timedelta(), SEALED_WITHIN - SECOND])
async def test_what_somebody_signed_lifts_it_if_it_held_when_it_was_sealed(ago: timedelta) -> None:
    """It may have run out while it waited to be sealed."""
    async with an_arena() as arena:
        about = await a_frozen(arena)
        submitted(arena, **real(arena, until=arena.store_now() - ago))
        await arena.works(about)
        assert ONCE == arena.acts()


async def test_a_freeze_whose_row_is_gone_is_lifted_by_a_thaw() -> None:
    async with an_arena() as arena:
        about = await a_frozen(arena)
        assert "thawed" == await arena.told(THAW, real(arena))
        await arena.works(about)
        assert ONCE == arena.acts()


@pytest.mark.parametrize("lifts", [True, False], ids=["one that lifted", "one of nothing"])
async def test_a_thaw_that_was_used_lifts_no_later_freeze(*, lifts: bool) -> None:
    """Neither copied into what waits to be sealed, nor handed in again where no row knows it."""
    async with an_arena() as arena:
        about = await arena.approved()
        said = real(arena)
        if lifts:
            assert "frozen" == await arena.told(FREEZE, IT_BURNS)
            arena.seal()
        assert ("thawed" if lifts else "refused") == await arena.told(THAW, said)
        arena.seal()
        assert "frozen" == await arena.told(FREEZE, IT_BURNS)
        arena.seal()
        arena.forge(lambda casework: casework.once.pop((THAW, "0" * 32)))

        assert "refused" == await arena.told(THAW, said)
        assert "used before" in arena.why()
        arena.forge(lambda casework: casework.switches.clear())
        submitted(arena, **said)
        assert State.REFUSED.value == await arena.acted(about)
        assert HELD in arena.course(about).says
        assert arena.untouched()


async def test_a_thaw_that_was_used_long_before_the_proposal_lifts_no_freeze_of_it() -> None:
    """It still counts as signed: where it was used stands before what is read of the proposal."""
    async with an_arena() as arena:
        said = real(arena)
        assert "refused" == await arena.told(THAW, said)
        arena.seal()
        arena.cluster.clock.advance(LONGEST_HELD + MINUTE)
        about = await a_frozen(arena)
        submitted(arena, **said)
        assert State.REFUSED.value == await arena.acted(about)
        assert HELD in arena.course(about).says
        assert arena.untouched()


@pytest.fixture
def court(sql_store: SqlStore, tmp_path: Path) -> Court:
    """A keeper on a database of either sort, on its own clock."""
    made = Court(sql_store, SystemClock(), tmp_path)
    made.dice = SystemDice()
    made.person("ana")
    return made


def signed(court: Court, **how: Any) -> dict[str, str]:
    held = {"switch": "freeze", "reason": "it is over", "nonce": "0" * 32, **how}
    until = court.clock.now() + 10 * MINUTE
    said = Thaw(v=1, cluster=court.store.cluster, until=until, **held).text()
    return {
        "statement": said.decode(),
        "signature": sign(court.keys["ana"], said, thaws.NAMESPACE),
    }


def freeze(court: Court) -> None:
    letter = court.letter(FREEZE, IT_BURNS)
    Inbox(store=court.store, clock=court.clock, dice=court.dice, hearings={}).batch()
    assert court.outcome(letter).startswith(FROZEN)
    a_sealer(court.store, clock=court.clock).batch()


async def thaw(court: Court, said: dict[str, str]) -> str:
    letter = court.letter(THAW, said)
    await hear_thaw(court.leash(), letter)
    outcome, told = court.outcome(letter).partition(":")[0], court.recorded(letter)[1]
    a_sealer(court.store, clock=court.clock).batch()
    return outcome if outcome == THAWED else str(told["because"])


def sql(court: Court, *statements: str) -> None:
    with court.store.transaction() as tx:
        assert isinstance(tx.native, Connection)
        for each in statements:
            tx.native.execute(text(each))


def held_by_the_record(court: Court, id_: str) -> bool:
    leash = court.leash()
    with leash.store.reading() as tx:
        entries = as_sealed.told(leash, tx.records, id_)
    return as_sealed.frozen(entries, Purpose.ACT).startswith(HELD)


NO_ROW = "DELETE FROM hf_switches WHERE name = 'freeze'"
NOT_SPENT = "DELETE FROM hf_once WHERE what = 'thaw'"


async def test_in_a_database_the_record_says_what_is_frozen_and_what_is_spent(court: Court) -> None:
    about, said = new_id("prp", court.clock.now(), bytes(10)), signed(court)
    freeze(court)
    sql(court, NO_ROW)
    assert held_by_the_record(court, about)
    assert THAWED == await thaw(court, said)
    assert not held_by_the_record(court, about)

    freeze(court)
    sql(court, NOT_SPENT)
    assert "this statement was used before: sign a new one" == await thaw(court, said)
    sql(court, NO_ROW)
    details = {"switch": "freeze", **said}
    for each in ({"switch": "freeze", "reason": "x"}, details):
        with court.store.transaction() as tx:
            id_ = new_id("ent", court.clock.now(), court.dice.roll(10))
            tx.records.submit(Draft(id=id_, kind=THAWED, actor="ana", details=each))
        a_sealer(court.store, clock=court.clock).batch()
        assert held_by_the_record(court, about)
    assert THAWED == await thaw(court, signed(court, nonce="1" * 32))
    assert not held_by_the_record(court, about)


async def test_in_a_database_whose_record_was_written_over_nobody_switches_back(
    court: Court,
) -> None:
    said = signed(court)
    assert "freeze is off as it is" == await thaw(court, said)
    freeze(court)
    rewritten = "UPDATE hf_entries SET line = replace(line, '0000', '1111')"
    sql(court, NOT_SPENT, f"{rewritten} WHERE kind = 'letter_refused'")
    assert "is not what was sealed" in await thaw(court, said)

"""A freeze takes a letter, a thaw takes a signature; what does not help is not tried for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.approvals import thaws
from holdfast.approvals.statements import Decision
from holdfast.approvals.thaws import Thaw
from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.asks import Rules
from holdfast.model.letters import Letter
from holdfast.model.repairs import ActionClass
from holdfast.ports import Store
from holdfast.testing.clock import FrozenClock
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.inbox import Inbox, answer_on
from holdfast.workflow.switching import acted, hear_thaw, verified
from tests.approvals.keygen import sign
from tests.audit.chains import CLUSTER
from tests.workflow.court import MINUTE, QUOTA, Court
from tests.workflow.notes_of_a_log import Heard

RESTART = ActionClass.RESTART
OF_RESTARTS = switches.breaker("restart")


@pytest.fixture
def court(tmp_path: Path) -> Court:
    clock = FrozenClock()
    made = Court(StoreInMemory(CLUSTER, clock), clock, tmp_path)
    made.person("ana")
    return made


def clock_of(court: Court) -> FrozenClock:
    assert isinstance(court.clock, FrozenClock)
    return court.clock


def inbox(court: Court, **hearings: Callable[[Letter], Awaitable[None]]) -> Inbox:
    return Inbox(store=court.store, clock=court.clock, dice=court.dice, hearings=hearings)


def value(store: Store, name: str) -> str | None:
    with store.reading() as tx:
        return tx.switches.value(name)


def frozen(court: Court, reason: str = "release night", *, undo_too: bool = False) -> Letter:
    letter = court.letter("freeze", {"reason": reason, "undo_too": undo_too})
    inbox(court).batch()
    return letter


def a_thaw(court: Court, by: str = "ana", namespace: str = thaws.NAMESPACE, **how: Any) -> Letter:
    held: dict[str, Any] = {
        "v": 1,
        "cluster": CLUSTER,
        "switch": "freeze",
        "reason": "it is over",
        "until": court.clock.now() + 10 * MINUTE,
        "nonce": court.dice.roll(16).hex(),
    }
    text = Thaw(**{**held, **how}).text()
    signature = sign(court.keys[by], text, namespace)
    return court.letter("thaw", {"statement": text.decode(), "signature": signature})


async def thawed(court: Court, by: str = "ana", **how: Any) -> tuple[str, str]:
    """What became of a thaw, and why if it was refused."""
    letter = a_thaw(court, by, **how)
    await hear_thaw(court.leash(), letter)
    _, details = court.recorded(letter)
    return court.outcome(letter).partition(":")[0], str(details.get("because", ""))


def test_a_freeze_is_switched_on_with_its_answer(court: Court) -> None:
    letter = frozen(court)
    assert court.outcome(letter).startswith("frozen: ent_")
    assert "inbox:cli:ada has switched everything off: release night" == switches.frozen_by(
        value(court.store, "freeze")
    )
    assert ("frozen", "release night") == (
        court.recorded(letter)[0],
        court.recorded(letter)[1]["reason"],
    )


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": ""}, {"reason": "x" * 1001}, {"reason": "x", "undo_too": 1}, {"why": "x"}],
)
def test_a_freeze_says_why(court: Court, body: dict[str, Any]) -> None:
    letter = court.letter("freeze", body)
    inbox(court).batch()
    assert court.outcome(letter).startswith("refused: ")
    assert value(court.store, "freeze") is None


def test_no_freeze_weakens_another(court: Court) -> None:
    frozen(court, undo_too=True)
    frozen(court, "another one", undo_too=False)
    said = switches.frozen_by(value(court.store, "freeze"), undoing=True)
    assert "inbox:cli:ada has switched everything off: release night" == said
    reasons = [each["reason"] for each in court.entries("frozen")]
    assert ["release night", "another one"] == reasons, "the record has both"


async def test_a_freeze_passes_by_whatever_else_waits(court: Court) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(_: Letter) -> None:
        begun.set()
        await ended.wait()

    for _ in range(300):
        court.letter("word", {})
    answering = asyncio.create_task(answer_on(inbox(court, word=slow), ended, Heard()))
    await begun.wait()
    letter = court.letter("freeze", {"reason": "now"})
    async with asyncio.timeout(1):
        while not court.outcome(letter):
            await asyncio.sleep(0.01)
    ended.set()
    await answering
    assert value(court.store, "freeze") is not None


async def test_a_signature_thaws(court: Court) -> None:
    frozen(court)
    assert ("thawed", "") == await thawed(court)
    assert value(court.store, "freeze") is None
    (entry,) = court.entries("thawed")
    assert {"switch", "reason", "statement", "signature", "letter"} == set(entry)


async def test_a_freeze_whose_row_is_gone_is_told_to_whoever_approves(court: Court) -> None:
    about = court.propose()
    frozen(court)
    court.seal()
    with court.store.transaction() as tx:
        tx.switches.off("freeze")

    by, because = await court.said("ana", about)

    assert ("record", True) == (by, "says that it is frozen: see its entry" in because), because
    assert (State.PROPOSED, []) == (court.state(about), court.ordered())
    assert ("thawed", "") == await thawed(court)
    assert ("approved", "") == await court.said("ana", about)


@pytest.mark.parametrize("undo_too", [True, False])
async def test_a_freeze_whose_row_is_gone_stops_an_undo_that_it_says_it_stops(
    court: Court, *, undo_too: bool
) -> None:
    court.rules = Rules(switched_on=frozenset({"DeleteResourceQuota"}))
    about = court.propose(action=QUOTA)
    court.in_state(about, State.NOT_RECOVERED)
    frozen(court, undo_too=undo_too)
    court.seal()
    with court.store.transaction() as tx:
        tx.switches.off("freeze")

    by, _ = await court.said("ana", about, decision=Decision.UNDO, reason="it is worse")

    assert ("record" if undo_too else "undoing") == by


async def test_a_thaw_is_spent_once(court: Court) -> None:
    frozen(court)
    nonce = "0f" * 16
    assert ("thawed", "") == await thawed(court, nonce=nonce)
    frozen(court, "again")
    outcome, because = await thawed(court, nonce=nonce)
    assert ("refused", True) == (outcome, "was used before" in because)
    assert value(court.store, "freeze") is not None


async def test_a_thaw_of_what_is_not_off_is_spent_as_well(court: Court) -> None:
    nonce = "0f" * 16
    assert ("refused", "freeze is off as it is") == await thawed(court, nonce=nonce)
    frozen(court, "later")
    assert "was used before" in (await thawed(court, nonce=nonce))[1]
    assert value(court.store, "freeze") is not None


async def test_a_thaw_holds_for_an_hour_at_most(court: Court) -> None:
    frozen(court)
    hour = FrozenClock().now() + timedelta(hours=1)
    assert "longer than 1 h" in (await thawed(court, until=hour + timedelta(milliseconds=1)))[1]
    assert ("thawed", "") == await thawed(court, until=hour)


@pytest.mark.parametrize(
    ("how", "because"),
    [
        ({"cluster": "c-2"}, "another cluster"),
        ({"switch": "breaker/restart"}, "is off as it is"),
        ({"switch": "acted/u-1"}, "nothing that people switch back"),
        ({"switch": "breaker/Restart"}, "nothing that people switch back"),
        ({"namespace": "holdfast-approval"}, "made for"),
        ({"reason": " "}, "says why"),
        ({"until": FrozenClock().now()}, "has passed"),
    ],
)
async def test_anything_else_thaws_nothing(court: Court, how: dict[str, Any], because: str) -> None:
    frozen(court)
    outcome, told = await thawed(court, **how)
    assert ("refused", True) == (outcome, because in told), told
    assert value(court.store, "freeze") is not None


async def test_whoever_approves_nothing_thaws_nothing(court: Court) -> None:
    court.person("eve", "guests")
    court.rules = Rules(approvers={ActionClass.SCALE: frozenset({"oncall"})})
    frozen(court)
    assert "no group" in (await thawed(court, "eve"))[1]
    assert ("thawed", "") == await thawed(court)


async def test_nobody_thaws_who_was_revoked(court: Court) -> None:
    frozen(court)
    court.changed("ana", revoked=court.clock.now())
    assert "does not count any more" in (await thawed(court))[1]


def count(court: Court, *, helped: bool) -> bool:
    with court.store.transaction() as tx:
        return verified(tx, RESTART, helped=helped)


def test_the_third_failure_in_a_row_opens_the_breaker_and_says_so_once(court: Court) -> None:
    told = [count(court, helped=False) for _ in range(5)]
    assert [False, False, True, False, False] == told
    assert "3 times" in switches.broken_by(value(court.store, OF_RESTARTS))
    assert value(court.store, switches.breaker("scale")) is None


def test_what_helps_begins_the_count_anew(court: Court) -> None:
    for helped in (False, False, True, False, False):
        assert not count(court, helped=helped)
    assert "" == switches.broken_by(value(court.store, OF_RESTARTS))


async def test_an_open_breaker_is_closed_by_a_signature_alone(court: Court) -> None:
    for _ in range(3):
        count(court, helped=False)
    assert not count(court, helped=True)
    assert switches.broken_by(value(court.store, OF_RESTARTS))
    assert ("refused", "freeze is off as it is") == await thawed(court)
    assert ("thawed", "") == await thawed(court, switch=OF_RESTARTS)
    assert value(court.store, OF_RESTARTS) is None


def test_a_breaker_that_cannot_be_read_stays_open(court: Court) -> None:
    with court.store.transaction() as tx:
        tx.switches.on(OF_RESTARTS, "{}", court.clock.now())
    assert not count(court, helped=True)
    assert "{}" == value(court.store, OF_RESTARTS)


def test_a_target_is_left_alone_for_as_long_as_the_rules_say(court: Court) -> None:
    rules = msgspec.structs.replace(court.rules, cooldown=timedelta(minutes=7))
    with court.store.transaction() as tx:
        acted(tx, "u-1", rules)
    until = switches.cooling_until(value(court.store, switches.acted("u-1")), clock_of(court).now())
    assert clock_of(court).now() + 7 * MINUTE == until

"""Whoever changes rows, and has the keeper act on them, leaves a record in which it can be found.

What the keeper seals of honest stories follows from the entries before it, every time; the same
entries as somebody would have them who can write every row do not.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ssh import check as ssh_check
from holdfast.approvals.acts_in_order import ActsInOrder
from holdfast.approvals.acts_signed import ActsSigned
from holdfast.approvals.recorded import said_in
from holdfast.audit import chain
from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.entries import Entry
from holdfast.workflow.expiring import expired
from tests.attacks.arena import HOUR, Arena, an_arena, person
from tests.attacks.plans import a_plan_arena, approved, heard
from tests.attacks.test_plans import works
from tests.workflow.leashes import people

pytestmark = pytest.mark.slow


def sealed(arena: Arena) -> list[Entry]:
    """All that the record holds."""
    arena.seal()
    with arena.store.reading() as tx:
        return [chain.parse(line) for line in tx.records.lines()]


def wrong(entries: Sequence[Entry], arena: Arena) -> list[str]:
    """What an auditor who has the people file is told of them, in that order."""
    signed, order = ActsSigned(whole=True), ActsInOrder(arena.everybody, whole=True)
    told: list[str] = []
    for seq, each in enumerate(entries, 1):
        entry = msgspec.structs.replace(each, seq=seq)
        said = said_in(entry, arena.everybody, ssh_check)
        assert not isinstance(said, Refusal), said.because
        signed.take(entry, said)
        told += order.take(entry, said)
    return [*told, *(why for _, why in (*order.alone(), *signed.unsigned()))]


def one(entries: Sequence[Entry], kind: str, **details: Any) -> Entry:
    """The one that says that."""
    (found,) = (e for e in entries if e.kind == kind and details.items() <= e.details.items())
    return found


def otherwise(entry: Entry, **details: Any) -> Entry:
    """The same, had it been sealed with that in it."""
    return msgspec.structs.replace(entry, details={**entry.details, **details})


async def done(arena: Arena) -> list[Entry]:
    """One that was approved, and done without help."""
    about = await arena.approved()
    assert State.NOT_RECOVERED.value == await arena.acted(about)
    return sealed(arena)


async def by_two(arena: Arena) -> list[Entry]:
    """One of high risk."""
    about = await arena.approved("DeleteResourceQuota", "ana", "ben")
    await arena.works(about)
    assert arena.acts()
    return sealed(arena)


async def rejected(arena: Arena) -> list[Entry]:
    about = await arena.open()
    assert "rejected" == await arena.says("ben", about, decision="reject", reason="not now")
    assert "refused" == await arena.says("ana", about)
    await arena.works(about)
    return sealed(arena)


async def too_late(arena: Arena) -> list[Entry]:
    about = await arena.open()
    arena.cluster.clock.advance(5 * HOUR)
    with arena.store.transaction() as tx:
        assert 1 == expired(tx, arena.leash())
    assert "refused" == await arena.says("ana", about)
    return sealed(arena)


async def revoked_before_it_began(arena: Arena) -> list[Entry]:
    about = await arena.approved("DeleteResourceQuota", "ana", "ben")
    arena.everybody = people(person("ana", revoked=arena.store_now()), person("ben"))
    assert State.REFUSED.value == await arena.acted(about)
    return sealed(arena)


async def asked_again(arena: Arena) -> list[Entry]:
    """One that is refused, and another of the same target that is done."""
    await rejected(arena)
    return await done(arena)


@pytest.mark.parametrize(
    "story", [done, by_two, rejected, too_late, revoked_before_it_began, asked_again]
)
async def test_an_honest_story_is_in_order(
    story: Callable[[Arena], Awaitable[list[Entry]]],
) -> None:
    async with an_arena() as arena:
        entries = await story(arena)
        assert [] == wrong(entries, arena)
        assert any(each.kind == "proposal" for each in entries)


async def test_a_plan_that_was_done_and_taken_back_is_in_order() -> None:
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        await works(arena)
        wish = arena.word("ben", plan.first, decision="undo", reason="it is not wanted")
        assert ["undoing"] == await heard(arena, [wish])
        await works(arena)
        entries = sealed(arena)
        assert 4 == len([each for each in entries if each.kind == "intent"])
        assert [] == wrong(entries, arena)


async def test_an_act_that_was_begun_again_by_one_approval_is_found() -> None:
    async with an_arena() as arena:
        entries = await done(arena)
        again = [
            each for each in entries if each.kind in {"approval", "intent", "lease", "outcome"}
        ]
        told = wrong([*entries, *again], arena)
        assert any("what ana signed counted before, in entry" in each for each in told)
        assert any("was begun before, in entry" in each for each in told)


async def test_an_act_of_which_no_intent_was_sealed_is_found() -> None:
    """A lease and an outcome were written into the database, and the keeper sealed them."""
    async with an_arena() as arena:
        entries = await done(arena)
        lease, applied = one(entries, "lease", step=1), one(entries, "outcome", event="applied")
        where = entries.index(one(entries, "intent"))
        left = [each for each in entries[:where] if each.kind != "approval"]
        lent, said = wrong([*left, lease, applied], arena)
        never = ", and no entry before it says that it was begun"
        assert lent.endswith(f" was given a lease{never}")
        assert said.endswith(f" is said to be applied{never}")


async def test_an_act_after_a_rejection_is_found() -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        await arena.works(about)
        entries = sealed(arena)
        yes = one(entries, "approval")
        at, bens = entries.index(yes), arena.word("ben", about, decision="reject", reason="not now")
        no = otherwise(yes, person="ben", **bens)
        no = msgspec.structs.replace(no, kind="rejection", actor="ben")
        (told,) = wrong([*entries[:at], no, *entries[at:]], arena)
        assert f"was begun after it was rejected, in entry {at + 1}" in told


async def test_high_risk_that_one_approved_is_found() -> None:
    """The risk in the row was set to low, and one word was enough."""
    async with an_arena() as arena:
        entries = await by_two(arena)
        bens = one(entries, "approval", person="ben")
        intent = one(entries, "intent")
        left = [otherwise(e, approvers=["ana"]) if e is intent else e for e in entries]
        left.remove(bens)
        (told,) = wrong(left, arena)
        assert "was begun in the name of one person, and its risk is high by entry" in told


async def test_another_content_than_was_proposed_is_found() -> None:
    async with an_arena() as arena:
        entries = await done(arena)
        was = one(entries, "proposal")
        at, named = entries.index(was), str(was.details["proposal"])
        entries[at] = otherwise(was, digest="e" * 64)
        told = wrong(entries, arena)
        assert f"its approval is of another content of {named} than entry {at + 1}" in str(told)
        assert f"its intent is of another content of {named} than entry {at + 1}" in str(told)


async def test_who_asked_for_it_and_approved_it_is_found() -> None:
    """The name in the row was another when she approved it."""
    async with an_arena() as arena:
        entries = await done(arena)
        was = one(entries, "proposal")
        at = entries.index(was)
        entries[at] = otherwise(was, requester="cli:ana")
        (told,) = wrong(entries, arena)
        assert f"ana approved what cli:ana asked for in entry {at + 1}" in told


async def test_an_act_that_no_entry_proposed_is_found() -> None:
    async with an_arena() as arena:
        entries = await done(arena)
        entries.remove(one(entries, "proposal"))
        (told,) = wrong(entries, arena)
        assert "was begun, and no entry before it says that it was proposed" in told

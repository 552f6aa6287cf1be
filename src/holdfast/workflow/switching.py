"""What stops things for the whole cluster, and how they go on again.

- Anybody may ask for less: a freeze takes a letter and no signature. Nobody weakens one by another.
- What was stopped goes on by a person's signature alone, which is spent once.
- A target that was acted on is left alone for a while. A class that has not helped three times in a
  row is not tried again until a person says so; what helps in between begins the count anew.
"""

import asyncio
from dataclasses import replace

import msgspec

from holdfast.approvals import thaws
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.thaws import Thawed
from holdfast.errors import StoreRefused
from holdfast.model import switches
from holdfast.model.asks import Refusal, Rules
from holdfast.model.handed import Freeze, Handed
from holdfast.model.letters import Letter
from holdfast.model.repairs import ActionClass
from holdfast.model.switches import FREEZE, TRIPS, Acted, Failures, Frozen
from holdfast.ports import Tx
from holdfast.workflow.answers import Answer, claimed, refused, settle
from holdfast.workflow.leash import Leash

FROZEN, THAWED = "frozen", "thawed"
"""What becomes of such letters, and what the entries are called."""

THAW = "thaw"  # what a nonce is spent as
TRIES = 20  # between two looks at a switch somebody else may have turned it


def freeze(letter: Letter) -> Answer:
    """Switch everything off that is new; what is switched off already is never weakened."""
    try:
        asked = msgspec.convert(letter.body, Freeze)
    except msgspec.ValidationError:
        because = "a freeze says why, in at most 1000 characters, and whether undo is stopped too"
        return refused(letter, Refusal(by="inbox", because=because))
    return Answer(
        outcome=FROZEN,
        kind=FROZEN,
        actor=claimed(letter),
        details={"reason": asked.reason, "undoToo": asked.undo_too},
        does=lambda tx: _freeze(tx, claimed(letter), asked),
    )


def _freeze(tx: Tx, by: str, asked: Freeze) -> None:
    at = tx.now()
    for _ in range(TRIES):
        was = tx.switches.value(FREEZE)
        undo_too = asked.undo_too or bool(switches.frozen_by(was, undoing=True))
        frozen = Frozen(by=by, reason=asked.reason, at=at, undo_too=undo_too)
        if tx.switches.turn(FREEZE, was, switches.told(frozen), at):
            return
    raise _not_still(FREEZE)


def thaw(leash: Leash, tx: Tx, letter: Letter) -> Answer:
    """Switch back what a person signed for, if that person may."""
    now = tx.now()
    try:
        handed = msgspec.convert(letter.body, Handed)
    except msgspec.ValidationError:
        return refused(letter, Refusal(by="inbox", because="it is no statement and signature"))
    word = SignedWord(statement=handed.statement.encode(), signature=handed.signature)
    said = thaws.heard(
        word, cluster=leash.store.cluster, people=leash.people(), check=leash.ssh_check, now=now
    )
    if isinstance(said, Refusal):
        return refused(letter, said)
    if (no := _refusal(tx, said, leash.rules())) is not None:
        return refused(letter, no)

    def spend(tx: Tx) -> None:
        if not tx.once.spend(THAW, said.nonce, said.person, now):
            raise _not_still("the statement")

    if tx.switches.value(said.switch) is None:
        # Spent all the same: it was not said of what is switched off later.
        off = refused(letter, Refusal(by=THAW, because=f"{said.switch} is off as it is"))
        return replace(off, does=spend)

    def back(tx: Tx) -> None:
        spend(tx)
        tx.switches.off(said.switch)

    return Answer(
        outcome=THAWED,
        kind=THAWED,
        actor=said.person,
        details={
            "switch": said.switch,
            "reason": said.reason,
            "statement": handed.statement,
            "signature": handed.signature,
        },
        does=back,
    )


def _refusal(tx: Tx, said: Thawed, rules: Rules) -> Refusal | None:
    if not switches.may_be_closed(said.switch):
        return Refusal(by=THAW, because=f"{said.switch[:60]} is nothing that people switch back")
    if tx.once.spent(THAW, said.nonce) is not None:
        return Refusal(by=THAW, because="this statement was used before: sign a new one")
    if not said.groups & _approvers(rules, said.switch) and rules.approvers:
        return Refusal(by=THAW, because=f"{said.person} is in no group that may switch it back")
    return None


def _approvers(rules: Rules, switch: str) -> frozenset[str]:
    """Who approves what it stops; of everything, whoever approves anything."""
    for of_class, groups in rules.approvers.items():
        if switch == switches.breaker(of_class.value):
            return groups
    return frozenset().union(*rules.approvers.values())


def acted(tx: Tx, uid: str, rules: Rules) -> None:
    """A target was acted on: it is left alone for a while."""
    now = tx.now()
    until = switches.told(Acted(until=now + rules.cooldown))
    tx.switches.on(switches.acted(uid), until, now)


def verified(tx: Tx, of_class: ActionClass, *, helped: bool) -> bool:
    """Something of that class was verified; whether its breaker opens by this."""
    name, now = switches.breaker(of_class.value), tx.now()
    for _ in range(TRIES):
        was = tx.switches.value(name)
        if switches.broken_by(was):
            return False  # it is open already, and only a person closes it
        before = switches.failures(was)
        if helped:
            tx.switches.off(name)
            return False
        count, since = (before.count, before.since) if before is not None else (0, now)
        more = switches.told(Failures(count=count + 1, since=since))
        if tx.switches.turn(name, was, more, now):
            return count + 1 == TRIPS
    raise _not_still(name)


async def hear_thaw(leash: Leash, letter: Letter) -> None:
    """Answer a letter that wants something switched back."""
    await asyncio.to_thread(settle, leash, letter, lambda tx: thaw(leash, tx, letter))


def _not_still(what: str) -> StoreRefused:
    return StoreRefused(
        f"Somebody else has changed {what} at the same moment.", remedy="It is tried again."
    )

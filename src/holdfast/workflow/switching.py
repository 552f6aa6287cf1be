"""What stops things for the whole cluster, and how they go on again.

- Anybody may ask for less: a freeze takes a letter and no signature. Nobody weakens one by another,
  and a second one does not replace who was first.
- What was stopped goes on by a person's signature alone, which is spent once: by the row that says
  so, and by the record.
- What the record holds as frozen is lifted so as well, where its row is gone.
- A target that was acted on is left alone for a while. A class that has not helped three times in a
  row is not tried again until a person says so; what helps in between begins the count anew.
"""

import asyncio
from dataclasses import dataclass, replace

import msgspec

from holdfast.approvals import thaws
from holdfast.approvals.recorded import THAWED
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.thaws import Thawed
from holdfast.errors import BadRecord, StoreRefused
from holdfast.model import switches
from holdfast.model.asks import Refusal, Rules
from holdfast.model.handed import Freeze, Handed
from holdfast.model.letters import Letter
from holdfast.model.repairs import ActionClass
from holdfast.model.switches import FREEZE, TRIPS, Acted, Failures, Frozen
from holdfast.ports import Tx
from holdfast.workflow import lifting
from holdfast.workflow.answers import Answer, claimed, refused, settle
from holdfast.workflow.leash import Leash
from holdfast.workflow.lifting import FROZEN

THAW = "thaw"  # what a nonce is spent as
USED = Refusal(by=THAW, because="this statement was used before: sign a new one")
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
    more = Frozen(by=by, reason=asked.reason, at=at, undo_too=asked.undo_too)
    for _ in range(TRIES):
        was = tx.switches.value(FREEZE)
        if tx.switches.turn(FREEZE, was, switches.told(switches.frozen_more(was, more)), at):
            return
    raise _not_still(FREEZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A thaw that a person signed who may, as far as rows are not asked."""

    said: Thawed
    handed: Handed
    frozen: bool  # by the record, whatever the switch says


async def hear_thaw(leash: Leash, letter: Letter) -> None:
    """Answer a letter that wants something switched back, if a person signed for it who may."""
    opened = await asyncio.to_thread(_opened, leash, letter)

    def judged(tx: Tx) -> Answer:
        return refused(letter, opened) if isinstance(opened, Refusal) else thaw(tx, letter, opened)

    await asyncio.to_thread(settle, leash, letter, judged)


def _opened(leash: Leash, letter: Letter) -> _Opened | Refusal:
    try:
        handed = msgspec.convert(letter.body, Handed)
    except msgspec.ValidationError:
        return Refusal(by="inbox", because="it is no statement and signature")
    word = SignedWord(statement=handed.statement.encode(), signature=handed.signature)
    people = leash.people()
    with leash.store.reading() as tx:
        said = thaws.heard(
            word, cluster=leash.store.cluster, people=people, check=leash.ssh_check, now=tx.now()
        )
        if isinstance(said, Refusal):
            return said
        if (no := _refusal(said, leash.rules())) is not None:
            return no
        try:
            if said.nonce in lifting.spent_for(leash, tx.records, said.until):
                return USED
            frozen = said.switch == FREEZE and lifting.frozen(leash, tx.records)
        except BadRecord as odd:
            return Refusal(by="record", because=odd.wrong)
    return _Opened(said=said, handed=handed, frozen=frozen)


def thaw(tx: Tx, letter: Letter, opened: _Opened) -> Answer:
    """Switch back what was signed for, and spend that."""
    said, now = opened.said, tx.now()
    if tx.once.spent(THAW, said.nonce) is not None:
        return refused(letter, USED)

    def spend(tx: Tx) -> None:
        if not tx.once.spend(THAW, said.nonce, said.person, now):
            raise _not_still("the statement")

    if tx.switches.value(said.switch) is None and not opened.frozen:
        # Spent all the same: it was not said of what is switched off later.
        off = refused(letter, Refusal(by=THAW, because=f"{said.switch} is off as it is"))
        return replace(off, details={**off.details, lifting.NONCE: said.nonce}, does=spend)

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
            "statement": opened.handed.statement,
            "signature": opened.handed.signature,
        },
        does=back,
    )


def _refusal(said: Thawed, rules: Rules) -> Refusal | None:
    if not switches.may_be_closed(said.switch):
        return Refusal(by=THAW, because=f"{said.switch[:60]} is nothing that people switch back")
    if rules.approvers and not said.groups & lifting.approvers_of(rules, said.switch):
        return Refusal(by=THAW, because=f"{said.person} is in no group that may switch it back")
    return None


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


def _not_still(what: str) -> StoreRefused:
    return StoreRefused(
        f"Somebody else has changed {what} at the same moment.", remedy="It is tried again."
    )

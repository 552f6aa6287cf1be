"""`holdfast freeze` and `holdfast thaw`: switch everything off, and back on.

Whoever can write into the inbox may ask for less; only a person's signature brings it back.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from holdfast.approvals import thaws
from holdfast.approvals.thaws import Thaw
from holdfast.errors import BadInput, BadRecord, NotReady
from holdfast.model import switches
from holdfast.model.handed import FREEZE, THAW, Freeze, Handed
from holdfast.ports import Store
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.repairs.asking import meant
from holdfast.surfaces.cli.repairs.keeper import asked, left_for, refuse_without_keeper, tell
from holdfast.surfaces.cli.repairs.signing import called, chosen, handed, read_file, signed
from holdfast.surfaces.cli.text import clean

HOLDS = timedelta(minutes=15)
"""How long a signed thaw holds: long enough to carry it to where it is handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was said on the command line about a thaw."""

    switch: str
    reason: str
    key: Path | None = None
    print_only: bool = False
    statement: Path | None = None
    signature: Path | None = None
    yes: bool = False


def freeze(ground: Ground, reason: str, now: datetime, *, undo_too: bool) -> int:
    """Ask the keeper to do nothing new. Where none is alive, it does so as soon as one is."""
    body = Freeze(reason=_reason(reason), undo_too=undo_too)
    with ground.store() as store:
        if (waits := left_for(ground, store, FREEZE, body, now)) is not None:
            Plain().print(f"It waits as {waits}: no keeper is alive, and nothing is done anyway.")
            return NOTHING
        before = _value(store, switches.FREEZE)
        answer = asked(ground, store, FREEZE, body, now)
        value = _value(store, switches.FREEZE)
    return tell(answer, "" if answer.refused else _frozen(before, value))


def _frozen(before: str | None, value: str | None) -> str:
    """What holds now, whoever was first to freeze it. Raises `NotReady` where nothing does."""
    if value is None:
        raise NotReady(
            "That it is frozen stands in the record, and by its row it is not any more: somebody "
            "has signed a thaw since, or has taken that row away.",
            remedy="Look with: holdfast doctor",
        )
    if before is not None:
        told = switches.freeze_told(value)
        return f"It was frozen before, and stays so; the record has your reason as well. {told}"
    more = "nor taken back " if switches.frozen_by(value, undoing=True) else ""
    return f"Frozen: nothing new is done {more}until `holdfast thaw` is signed."


def _value(store: Store, switch: str) -> str | None:
    with store.reading() as tx:
        return tx.switches.value(switch)


def thaw(ground: Ground, signing: Callable[[], Signing], wish: Wish, now: datetime) -> int:
    """Have a person sign that it goes on."""
    _reason(wish.reason)
    if (wish.statement is None) != (wish.signature is None):
        raise BadInput("--statement and --signature belong together.", remedy="Give both, or none.")
    with ground.store() as store:
        text = _statement(ground, store, wish, now).text()
        if wish.print_only:
            print(text.decode(), end="")
            return NOTHING
        refuse_without_keeper(store)
        Plain().print(clean(_standing(store, wish.switch)))
        word = _word(signing(), wish, text)
        if word is None:
            Plain().print("Nothing was signed, and nothing was handed over.")
            return REFUSED
        answer = asked(ground, store, THAW, word, now)
    return tell(answer, f"Switched back: {wish.switch}.")


def _reason(said: str) -> str:
    try:
        return msgspec.convert({"reason": said.strip()}, Freeze).reason
    except msgspec.ValidationError:
        raise BadInput(
            "Whoever freezes or thaws says why, in at most 1000 characters.",
            remedy="Say it with --reason '...'.",
        ) from None


def _statement(ground: Ground, store: Store, wish: Wish, now: datetime) -> Thaw:
    if not switches.may_be_closed(wish.switch):
        raise BadInput(
            f"{clean(wish.switch)[:80]} is no switch that people switch back.",
            remedy="Name `freeze`, or the breaker of a class, as `breaker/restart`.",
        )
    return Thaw(
        v=1,
        cluster=store.cluster,
        switch=wish.switch,
        reason=wish.reason.strip(),
        until=now + HOLDS,
        nonce=hashlib.sha256(ground.id("nce").encode()).hexdigest()[:32],
    )


def _standing(store: Store, switch: str) -> str:
    value = _value(store, switch)
    if value is None and switch == switches.FREEZE:
        return f"{switch} is off by its row. Where the record still holds one, this lifts it."
    if value is None:
        return f"{switch} is off as it is."
    if switch == switches.FREEZE:
        return f"{switches.frozen_by(value)}."
    return f"{switch}: {switches.broken_by(value) or 'it counts, and does not refuse yet'}."


def _word(signing: Signing, wish: Wish, text: bytes) -> Handed | None:
    if wish.statement is not None and wish.signature is not None:
        said = read_file(wish.statement, "statement")
        if thaws.read(said).switch != wish.switch:
            raise BadRecord(
                "The statement is about another switch.", remedy="Name the one that was signed."
            )
        armored = read_file(wish.signature, "signature").decode("ascii", "replace")
        return handed(signing.check, said, armored, thaws.NAMESPACE)
    key = chosen(signing.pen, wish.key)
    question = f"Switch {clean(wish.switch)} back, signed with {clean(called(key))}?"
    if not wish.yes and not meant(question):
        return None
    return signed(signing, key, text, thaws.NAMESPACE)

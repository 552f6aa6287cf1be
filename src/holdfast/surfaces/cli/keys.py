"""`holdfast keys`: make, show, replace and revoke the keys of this installation."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.errors import BadInput, CannotSign, StoreFailed
from holdfast.model.entries import REVOKED, PublicKey
from holdfast.model.keys import Kept, Purpose
from holdfast.ports import Keyring, Signer
from holdfast.surfaces.cli.anchors import read_anchors
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.text import clean
from holdfast.workflow import orders
from holdfast.workflow.sealing import Sealer

SHORTEST = 12  # digits of an id, as `holdfast doctor` shows it


class _Held:
    """A keyring of keys that were taken out before another one was made."""

    def __init__(self, keys: Keyring, first: Signer | None) -> None:
        self._keys = keys
        self._first = first

    def signer(self, id: str = "") -> Signer:  # noqa: A002 - the word of the port
        if self._first is not None and id in ("", self._first.public.id):
            return self._first
        return self._keys.signer(id)


def init(ground: Ground, *, locked: bool) -> int:
    """Make what is missing: one key for each purpose."""
    cabinet, console = ground.cabinet(), Plain()
    missing = [each for each in Purpose if not any(k.private for k in cabinet.all(each))]
    lock = ground.passphrase() if locked and missing else None
    for purpose in Purpose:
        if purpose in missing:
            console.print(f"{purpose:8} {cabinet.make(purpose, lock).id}  made")
            continue
        cabinet.complete(purpose)
        for key in cabinet.all(purpose):
            console.print(f"{purpose:8} {key.id}  {_halves(key)}")
    console.print("Whoever verifies needs the public halves alone; keep the private ones safe.")
    return NOTHING


def show(ground: Ground) -> int:
    """Every key that is here, and what the record says of it."""
    console = Plain()
    turn, revoked, said = _of_the_record(ground)
    none = True
    for purpose in Purpose:
        for key in ground.cabinet().all(purpose):
            none = False
            words = [_halves(key)]
            words += ["signs now"] if key.id == turn else []
            words += ["revoked"] if key.id in revoked else []
            console.print(f"{purpose:8} {key.id}  {', '.join(words)}")
    if none:
        console.print("There are no keys here. Make them with: holdfast keys init")
    if said:
        console.print(clean(said))
    return NOTHING


def rotate(ground: Ground, purpose: Purpose, to: PublicKey | None, *, locked: bool) -> int:
    """Give the turn to another key: a new one, or one that somebody else holds."""
    cabinet = ground.cabinet()
    old = [key.id for key in cabinet.all(purpose) if key.private]
    lock = ground.passphrase() if locked and to is None else None
    with _sealing(ground) as sealer:
        if to is None:
            to = cabinet.make(purpose, lock)
        else:
            cabinet.adopt(purpose, to)
        entry = asyncio.run(orders.rotate(sealer, purpose, to, ground.actor))
    console = Plain()
    console.print(
        f"From entry {entry.seq + 1} on, {to.id} is the {purpose} key. Hand its public half to "
        "whoever verifies; the one before still verifies what it signed."
    )
    for id_ in old:
        if id_ != to.id:
            _forget(ground, purpose, id_)
    return NOTHING


def revoke(ground: Ground, purpose: Purpose, id_: str, reason: str) -> int:
    """Say for ever that nothing counts that a key signs from now on."""
    id_ = _whole(ground, purpose, id_)
    if not reason.strip():
        raise BadInput("A key is revoked for a reason.", remedy="Say it with --reason '...'.")
    if id_ in _of_the_record(ground)[1]:
        raise BadInput(
            f"Key {id_} was revoked already.", remedy="See by what: holdfast audit show --last 0"
        )
    with _sealing(ground) as sealer:
        if purpose is Purpose.AUDIT and sealer.keys.signer().public.id == id_:
            raise BadInput(
                f"Key {id_} is the one that signs now, and cannot revoke itself.",
                remedy="Give its turn to another one first: holdfast keys rotate audit",
            )
        entry = asyncio.run(orders.revoke(sealer, purpose, id_, reason.strip(), ground.actor))
    Plain().print(
        f"Revoked by entry {entry.seq}. Whoever verifies what it signed before is told, and judges."
    )
    if any(key.id == id_ and key.private for key in ground.cabinet().all(purpose)):
        _forget(ground, purpose, id_)
    return NOTHING


def _whole(ground: Ground, purpose: Purpose, said: str) -> str:
    """The id of a key that is here, of which no more need be said than tells it from others."""
    known = [key.id for key in ground.cabinet().all(purpose)]
    found = [id_ for id_ in known if id_.startswith(said) and len(said) >= SHORTEST]
    if len(found) != 1:
        raise BadInput(
            f"There is no {purpose} key {said} here.",
            remedy=f"Say all of its id, or the first {SHORTEST} digits or more that are of no "
            "other. See them with: holdfast keys list",
        )
    return found[0]


def _forget(ground: Ground, purpose: Purpose, id_: str) -> None:
    """Remove a private half; what was ordered stands, whether that succeeds or not."""
    try:
        ground.cabinet().forget(purpose, id_)
    except CannotSign as kept:
        Plain().print(clean(f"The private half of {id_} is still there. {kept}"))


@contextmanager
def _sealing(ground: Ground) -> Iterator[Sealer]:
    """A sealer on a store that is as its anchors know it, with the key whose turn it is."""
    anchors = read_anchors(ground)
    with ground.store() as store:
        with store.reading() as tx:
            orders.require_anchored(tx.records, anchors)
            tip = tx.records.tip()
        keys = ground.keyring(Purpose.AUDIT)
        first = keys.signer(tip.key if tip is not None else "")
        yield ground.sealer(store, _Held(keys, first))


def _of_the_record(ground: Ground) -> tuple[str, set[str], str]:
    """Whose turn it is, which keys were revoked, and why that is not known."""
    try:
        with ground.store() as store, store.reading() as tx:
            tip = tx.records.tip()
            told = [*tx.records.of_kind(REVOKED), *tx.records.of_kind("ticket_key_revoked")]
    except StoreFailed as failed:
        return (
            "",
            set(),
            f"Which of them signs, and which were revoked, is not known: {failed.wrong}",
        )
    return tip.key if tip else "", {str(each.details["key"]) for each in told}, ""


def _halves(key: Kept) -> str:
    match key.private, key.public:
        case True, True:
            return "here"
        case True, False:
            return "its public half is missing: holdfast keys init makes it again"
        case _:
            return "public half only"

"""Sign checkpoints of the record and keep them away from the database.

- What was added since the last one is verified first: a record that does not hold gets no anchor.
- A record that is shorter than its anchors, or is not theirs, gets none either, and whoever seals
  must not go on.
- Whoever runs this knows what it sealed itself; it reads it all the same, because others can write
  where it is kept.
- What is kept on the cluster is heeded like what is kept beside us, and is read again before each
  export: one of a later state is never replaced, and says that the end of the record is lost.
- Before an act its intent is witnessed so: what was spent for it is known outside the database.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from holdfast.audit.checkpoints import body, note, read_note
from holdfast.audit.verification import Verifier
from holdfast.errors import BadRecord, HoldfastError, NotReady, WrongStore
from holdfast.model.entries import Check, Checkpoint, PublicKey
from holdfast.ports import Keyring, Log, Records, Shelf, Store
from holdfast.workflow.orders import require_anchored, state
from holdfast.workflow.pauses import pause
from holdfast.workflow.retention import Trust, revoked_before

EVERY = 300.0  # seconds between two anchors, if there is something new


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchorage:
    """Where checkpoints are kept, and what they are signed and believed with."""

    keyring: Keyring
    public: Callable[[], Sequence[PublicKey]]
    check: Check
    notes: Callable[[], Sequence[bytes]]
    keep: Callable[[bytes, str], object]  # a note, and what to call it
    shelf: Shelf | None = None  # None: none are kept on the cluster

    def believed(self) -> Sequence[Checkpoint]:
        """The checkpoints that are kept, as far as one of our keys signed them; else it raises."""
        notes = self.notes()
        if not notes:
            return []
        trusted = self.public()
        return [read_note(each, trusted, self.check) for each in notes]


def told_apart(
    there: Mapping[str, bytes], chain: str, trusted: Sequence[PublicKey], check: Check
) -> Sequence[Checkpoint]:
    """Those of these that one of our keys signed. Raises `NotReady` for one that is called as ours
    are and is signed by nobody we know; those of other installations are left alone.
    """
    found: list[Checkpoint] = []
    for name, told in there.items():
        try:
            found.append(read_note(told, trusted, check))
        except BadRecord as odd:
            if name == note_name(chain):
                raise _strange(odd) from None
    return found


def note_name(chain: str) -> str:
    """What the checkpoints of a chain are called where they are kept."""
    return f"{chain}.note"


def require_on_shelf(store: Store, anchorage: Anchorage) -> None:
    """Raise what keeps us from going on by what is kept on the cluster, with what to do."""
    if anchorage.shelf is not None:
        _heed(store, anchorage, anchorage.shelf, anchorage.shelf.notes())


def _heed(
    store: Store, anchorage: Anchorage, shelf: Shelf, there: Mapping[str, bytes]
) -> Sequence[Checkpoint]:
    with store.reading() as tx:
        tip = tx.records.tip()
        chain = tip.chain if tip is not None else ""
        known = told_apart(there, chain, anchorage.public(), anchorage.check)
        try:
            require_anchored(tx.records, known)
        except WrongStore as lost:
            wrong = f"By what is kept on the cluster ({shelf.place}): {lost.wrong}"
            raise WrongStore(wrong, remedy=lost.remedy) from None
    return known


class Witness:
    """Anchors what is sealed, one at a time, for whoever must not go on before."""

    def __init__(self, store: Store, anchorage: Anchorage, log: Log) -> None:
        self.store = store
        self.anchorage = anchorage
        self._log = log
        self._turn = asyncio.Lock()

    async def anchored(self) -> Checkpoint | None:
        """An anchor of all that is sealed now. Raises why there is none."""
        async with self._turn:
            try:
                kept = await asyncio.to_thread(anchor, self.store, self.anchorage)
            except OSError as failed:
                raise _not_kept(failed) from None
        if kept is not None:
            self._log.tell("anchored", chain=kept.chain, epoch=kept.epoch, entries=kept.size)
        return kept


def anchor(store: Store, anchorage: Anchorage) -> Checkpoint | None:
    """Verify what was added, and keep a checkpoint; None if there is no entry yet."""
    known = anchorage.believed()
    with store.reading() as tx:
        require_anchored(tx.records, known)
        tip = tx.records.tip()
        if tip is None:
            return None
        _verify_since(tx.records, tip, known, anchorage)
    signer = anchorage.keyring.signer(tip.key)
    signed, name = note(tip, signer.public, signer.sign(body(tip))), note_name(tip.chain)
    anchorage.keep(signed, name)
    shelf = anchorage.shelf
    if shelf is not None:

        def newest(there: Mapping[str, bytes]) -> bool:
            return all(state(each) < state(tip) for each in _heed(store, anchorage, shelf, there))

        shelf.keep(signed, name, newest)
    return tip


async def anchor_on(witness: Witness, every: float, ended: asyncio.Event, log: Log) -> None:
    """Anchor what is new, now and then and in the end. Raises `WrongStore`: then all must end."""
    last: Checkpoint | None = None
    while True:
        over = ended.is_set()
        try:
            if await asyncio.to_thread(_is_new, witness.store, last):
                last = await witness.anchored()
            log.goes_on("anchor")
        except (WrongStore, BadRecord):
            raise
        except HoldfastError as trouble:
            log.trouble("anchor", trouble)
        if over:
            return
        await pause(ended, every)


def _is_new(store: Store, last: Checkpoint | None) -> bool:
    with store.reading() as tx:
        tip = tx.records.tip()
    return tip is not None and (last is None or state(tip) != state(last))


def _verify_since(
    records: Records, tip: Checkpoint, known: Sequence[Checkpoint], anchorage: Anchorage
) -> None:
    """From the last anchor of this epoch on: what stands before it was verified with that one."""
    trust = Trust(keys=anchorage.public(), check=anchorage.check)
    begins = trust.read(records.start())
    of_this = [each for each in known if each.epoch == tip.epoch]
    starts = [each for each in (*of_this, begins) if each is not None]
    start = max(starts, key=lambda each: each.size, default=None)
    since = start.size if start is not None else 0
    keys = trust.without(revoked_before(records, since)).keys
    verifier = Verifier(keys, anchorage.check, start=start)
    for line in records.lines(since + 1):
        if not verifier.take(line):
            break
    outcome = verifier.outcome()
    if outcome.broken is not None or outcome.state != tip:
        why = outcome.broken.because if outcome.broken else "it does not end where its store says"
        raise BadRecord(
            f"The record is not whole, and gets no anchor: {why}.",
            remedy="See more with: holdfast audit verify",
        )


def _not_kept(failed: OSError) -> NotReady:
    return NotReady(
        f"A checkpoint could not be kept: {failed}.",
        remedy="Make room, or name another folder with HOLDFAST_ANCHORS.",
    )


def _strange(odd: BadRecord) -> NotReady:
    return NotReady(
        f"The cluster keeps a checkpoint of this chain that cannot be believed: {odd.wrong}",
        remedy="Bring the public key that signed it (keys/public of the state folder). If somebody "
        "forged it, find out who, and take it out of the ConfigMap.",
    )

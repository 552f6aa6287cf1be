"""That something is recorded is said once it is read back out of the sealed chain, and not before.

What the keeper answers is a row, and so are those that it moves: whoever can write into the
database can have them there, and nothing of them in the record. Without a public key of ours nobody
can tell here who sealed the record; that the entry is there, and says what was asked, is read back
all the same.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from holdfast.approvals.recorded import THAWED
from holdfast.approvals.statements import Decision, read
from holdfast.errors import BadRecord, NotReady
from holdfast.model.entries import Entry
from holdfast.model.handed import FREEZE, THAW, Freeze, Handed
from holdfast.model.letters import Letter
from holdfast.ports import Store
from holdfast.surfaces.cli.ground import Ground
from holdfast.workflow.as_sealed import REJECTION
from holdfast.workflow.deciding import TAKEN_BACK
from holdfast.workflow.in_the_chain import entries_of, require_whole
from holdfast.workflow.lifting import FROZEN
from holdfast.workflow.yeses import APPROVAL

WITHIN = 5.0  # seconds until the record shows what became of a letter
PACE = 0.05
_SAID = {
    Decision.APPROVE: APPROVAL,
    Decision.REJECT: REJECTION,
    Decision.UNDO: TAKEN_BACK,
}


async def in_time(store: Store, id_: str) -> Entry | None:
    """The entry of that id as soon as it is sealed; None if it is not within that time."""
    try:
        async with asyncio.timeout(WITHIN):
            while (entry := await asyncio.to_thread(_at, store, id_)) is None:
                await asyncio.sleep(PACE)
            return entry
    except TimeoutError:
        return None


type Wanted = tuple[str, Mapping[str, object]]
"""The kind of an entry, and what it must say."""


def recorded_as(letter: Letter) -> Wanted | None:
    """How the record says that it was heard; None where people go by what they look at
    afterwards.
    """
    if letter.kind == FREEZE:
        freeze = msgspec.convert(letter.body, Freeze)
        return FROZEN, {"reason": freeze.reason, "undoToo": freeze.undo_too}
    if "signature" not in letter.body:
        return None
    said = msgspec.convert(letter.body, Handed)
    kind = THAWED if letter.kind == THAW else _SAID[read(said.statement.encode()).decision]
    return kind, {"statement": said.statement, "signature": said.signature}


async def read_back(
    ground: Ground, store: Store, letter: Letter, outcome: str, wanted: Wanted
) -> Entry:
    """The entry that says that it was heard. Raises `NotReady` while there is none, and `BadRecord`
    where what stands there is something else.
    """
    word, _, id_ = outcome.partition(": ")
    entry = await in_time(store, id_)
    if entry is None:
        raise NotReady(
            f"The keeper answered {word!r} to {letter.id}, and within {WITHIN:g} s nothing of it "
            "stood in the record: do not rely on it.",
            remedy=_REMEDY,
        )
    sealed = await asyncio.to_thread(_sealed, ground, store, letter, entry)
    if not any(_says(each, letter, wanted) for each in sealed):
        raise BadRecord(
            f"The keeper answered {word!r} to {letter.id}, and entry {entry.seq} of the record "
            "says something else: do not rely on it.",
            remedy=_REMEDY,
        )
    return entry


_REMEDY = (
    "See whether it comes with `holdfast audit show`. If it does not, somebody may be writing into "
    "the database: end the keeper, so that nothing is done, and look with `holdfast db check`."
)


def _at(store: Store, id_: str) -> Entry | None:
    with store.reading() as tx:
        return tx.records.entry(id_)


def _sealed(ground: Ground, store: Store, letter: Letter, entry: Entry) -> Sequence[Entry]:
    """That entry, as it stands in the chain; nothing if it does not stand there."""
    keys, _ = ground.keys_here()
    if not keys:
        require_whole(entry)
        return [entry]
    with store.reading() as tx:
        told = entries_of(tx.records, letter.id, keys, ground.check, {entry.kind})
    return [each for each in told if each == entry]


def _says(entry: Entry, letter: Letter, wanted: Wanted) -> bool:
    kind, details = wanted
    return (
        entry.kind == kind
        and entry.details.get("letter") == letter.id
        and all(entry.details.get(name) == value for name, value in details.items())
    )

"""What waits to be sealed, as it will stand in the record: by that a row may be ahead of it.

Nothing of it counts as recorded. What is refused when it is sealed explains nothing.
"""

from collections.abc import Sequence

from holdfast.audit import chain
from holdfast.model.entries import VERSION, Draft, Entry, Head
from holdfast.model.times import stamp
from holdfast.ports import Tx
from holdfast.workflow.sealing import fit

MOST = 10_000  # drafts that are looked at


def awaited(tx: Tx) -> Sequence[Entry]:
    """The oldest of it, after the last entry, and signed by nobody."""
    tip, time = tx.records.tip(), stamp(tx.now())
    last = chain.head_of(tip) if tip is not None else chain.started("", "")
    drafts = map(fit, tx.records.waiting(MOST))
    return [_after(last, each, number, time) for number, each in enumerate(drafts, 1)]


def _after(last: Head, draft: Draft, number: int, time: str) -> Entry:
    return Entry(
        v=VERSION,
        chain=last.chain,
        cluster=last.cluster,
        epoch=last.epoch,
        seq=last.seq + number,
        time=time,
        id=draft.id,
        kind=draft.kind,
        actor=draft.actor,
        subjects=draft.subjects,
        details={**draft.details},
        prev="",
        key="",
        hash="",
        sig="",
    )

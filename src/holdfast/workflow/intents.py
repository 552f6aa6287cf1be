"""The intent: the entry that must be in the chain before anything is done, of exactly that.

A row names it, and whoever can write rows can name any entry that was ever sealed. So what it says
is held against what is about to be done: which step of which proposal, under which digest, whether
there or back, and which time.
"""

from holdfast.execution.lease_names import Purpose
from holdfast.model.entries import Entry
from holdfast.model.ordered import CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.ports import Records

INTENT = "intent"
"""What the entries are called."""


def sealed_intent(
    records: Records, id_: str, about: Proposal, order: CaseOrder, purpose: Purpose
) -> Entry | None:
    """The entry of that id, if it is in the chain and is the intent to do exactly this."""
    entry = records.entry(id_) if id_ else None
    return entry if entry is not None and means(entry, about, order, purpose) else None


def means(entry: Entry, about: Proposal, order: CaseOrder, purpose: Purpose) -> bool:
    """Whether that is what the entry says."""
    said = entry.details
    return entry.kind == INTENT and all(
        (
            said.get("proposal") == about.id,
            said.get("digest") == about.digest,
            said.get("step") == order.step,
            said.get("generation") == order.generation,
            said.get("undo", False) is (purpose is Purpose.UNDO),
        )
    )

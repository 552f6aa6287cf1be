"""People's yes as the record has it: what no sealed entry holds, nobody has said."""

from collections.abc import Sequence
from datetime import datetime

from holdfast.model.cases import Word
from holdfast.model.entries import Entry
from holdfast.model.proposals import Proposal
from holdfast.workflow.leash import Leash

APPROVAL = "approval"
"""What the entries are called."""


def said_in(entries: Sequence[Entry], about: Proposal, word: Word) -> Entry | None:
    """The first sealed entry that holds just that word for that step; None if none does. Whose word
    it is, its signature says, which was verified where that is asked.
    """
    held = {
        "proposal": about.id,
        "step": about.step,
        "digest": about.digest,
        "person": word.person,
        "statement": word.statement,
        "signature": word.signature,
    }
    return next(
        (
            each
            for each in entries
            if each.kind == APPROVAL and all(each.details.get(k) == held[k] for k in held)
        ),
        None,
    )


def by_the_store(leash: Leash, entry: Entry, now: datetime) -> datetime:
    """When that was sealed, by the clock that says that it is `now`: whoever seals has another."""
    return datetime.fromisoformat(entry.time) + (now - leash.clock.now())

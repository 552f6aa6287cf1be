"""What is about to be sent, as the chain has it: rows are not believed for whether it was.

Before a request is sent, an entry says against which state of its object, and that is waited for.
Where there is none, nothing was sent. Where there is one that this process did not see to its end,
it may have been: whatever rows say that the API server answered, the cluster is looked at.
"""

import sys
from collections.abc import Iterator, Sequence

import msgspec

from holdfast.errors import BadRecord
from holdfast.execution.lease_names import Purpose, parsed
from holdfast.execution.observing import Asked
from holdfast.model.entries import Entry
from holdfast.model.ordered import CaseOrder
from holdfast.ports import Tx
from holdfast.workflow.leash import Leash
from holdfast.workflow.submitting import record

SENDING = "sending"
"""What the entries are called."""

ASKED = "asked"
"""Where they say against which state."""


def about_to_send(leash: Leash, tx: Tx, order: CaseOrder, account: str, asked: Asked) -> str:
    """Have it stand in the chain that this lease is about to send it; the entry's id."""
    told = {"account": account, "step": order.step, ASKED: msgspec.to_builtins(asked)}
    return record(leash, tx, SENDING, (order.proposal,), told)


def sendings(
    entries: Sequence[Entry], step: int, purpose: Purpose, meant: str
) -> Iterator[tuple[str, Asked]]:
    """Each time that it may have been sent, by the entry that says so; of what is taken back, since
    the intent of that id, for it may be ordered again. Raises `BadRecord` for what nobody can read.
    """
    since = 0
    if purpose is Purpose.UNDO:
        since = next((each.seq for each in entries if each.id == meant), sys.maxsize)
    for each in entries:
        if each.kind == SENDING and each.seq > since and each.details.get("step") == step:
            lease = parsed(str(each.details.get("account")))
            if lease is None or lease.purpose is purpose:
                yield each.id, _asked(each)


def _asked(entry: Entry) -> Asked:
    try:
        return msgspec.convert(entry.details.get(ASKED), Asked)
    except msgspec.ValidationError:
        raise BadRecord(
            f"Entry {entry.seq} of the record does not say what was about to be sent.",
            remedy="Somebody has written into the database: look at the cluster yourself.",
        ) from None

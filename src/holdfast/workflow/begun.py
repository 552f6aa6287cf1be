"""What the record says of a deed before its claim: it is begun once for each intent, or not at all.

Rows say so too, and whoever can write the whole database can take them away. The chain he cannot:
that a lease was allotted for it stands there, after the intent that it was for.
"""

from holdfast.audit import chain
from holdfast.errors import BadRecord
from holdfast.execution.lease_names import Purpose, parsed
from holdfast.model.entries import Entry
from holdfast.model.ordered import CaseOrder
from holdfast.ports import Records

LEASE = "lease"
"""What the entries of a claim are called."""


def begun_before(records: Records, meant: Entry | None, order: CaseOrder, purpose: Purpose) -> str:
    """Why it is not begun again; empty while nothing of it was begun, as far as is sealed."""
    if meant is None:
        return ""  # then nothing is done for it, as long as that is so
    try:
        for line in records.lines(meant.seq + 1):  # some, as long as nobody has waited for long
            entry = chain.parse(line)
            if entry.kind == LEASE and _of(entry, order, purpose):
                return f"the record says that it was begun before: see its entry {entry.seq}"
    except BadRecord as odd:
        return odd.wrong
    return ""


def _of(entry: Entry, order: CaseOrder, purpose: Purpose) -> bool:
    named = parsed(str(entry.details.get("account")))
    same = order.proposal in entry.subjects and entry.details.get("step") == order.step
    return same and named is not None and named.purpose is purpose

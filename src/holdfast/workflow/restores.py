"""Whether nothing follows by itself, because a restored backup was accepted: the record tells.

- It holds for what was proposed before that, until a person has signed that it is taken back. What
  a row says of it counts for nothing, in neither direction.
- That a person has signed is verified again, and it was signed after the backup was accepted: what
  waited to be sealed then is sealed after it, and was said before.
- Where nobody can tell, nothing follows.
"""

from collections.abc import Sequence

from holdfast.approvals.recorded import Said, said_in
from holdfast.approvals.statements import Decision
from holdfast.errors import BadRecord
from holdfast.model.entries import RESTORED, Entry
from holdfast.model.ids import made_at
from holdfast.ports import Records
from holdfast.workflow.in_the_chain import entries_of
from holdfast.workflow.leash import Leash


def restored_since(leash: Leash, records: Records, id_: str) -> bool:
    """The same, for who has read nothing of it yet."""
    try:
        kinds = {RESTORED}
        entries = entries_of(records, id_, leash.sealed_by(), leash.check, kinds)
    except BadRecord:
        return True
    return restored(leash, entries, id_)


def restored(leash: Leash, entries: Sequence[Entry], id_: str) -> bool:
    """Whether these, which are all about it and of restored backups, say so."""
    proposed = min((each.seq for each in entries if id_ in each.subjects), default=0)
    accepted: Entry | None = None
    for each in entries:
        if each.kind == RESTORED and each.seq > proposed:
            accepted = each
        elif accepted is not None and _made_after(each, accepted) and _wants_back(leash, each, id_):
            accepted = None
    return accepted is not None


def _made_after(entry: Entry, other: Entry) -> bool:
    made, before = made_at(entry.id), made_at(other.id)
    return made is not None and before is not None and made > before


def _wants_back(leash: Leash, entry: Entry, id_: str) -> bool:
    """Whether it is a person's word that this is taken back, by the people file."""
    said = said_in(entry, leash.people(), leash.ssh_check)
    return isinstance(said, Said) and (said.what, said.about) == (Decision.UNDO.value, id_)

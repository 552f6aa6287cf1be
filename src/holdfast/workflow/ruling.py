"""What the keeper judges by, as the record tells of it: each change of the folder is an entry.

It is sealed before anything is judged by what is new. What the last such entry says already is not
said again: a keeper that starts, or a second one, adds none.
"""

from collections.abc import Mapping

from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft, Entry
from holdfast.model.ids import RANDOM, new_id
from holdfast.workflow.issuing import KEEPER
from holdfast.workflow.orders import in_turn
from holdfast.workflow.sealing import Sealer

POLICY = "policy"
"""What the entries are called."""


async def ruled_by(sealer: Sealer, files: Mapping[str, str]) -> Entry:
    """The entry that says that these files, by their hashes, are what is judged by."""
    return await in_turn(lambda: _recorded(sealer, files))


def _recorded(sealer: Sealer, files: Mapping[str, str]) -> Entry | None:
    with sealer.store.reading() as tx:
        last = next(reversed(tx.records.of_kind(POLICY)), None)
    before = last.details["after"] if last is not None else {}
    known = before if isinstance(before, Mapping) else {}
    if last is not None and known == files:
        return last
    told: dict[str, Plain] = {
        "changed": sorted(name for name, each in files.items() if known.get(name) != each),
        "before": known,
        "after": files,
    }
    id_ = new_id("ent", sealer.clock.now(), sealer.dice.roll(RANDOM))
    entries = sealer.record([Draft(id=id_, kind=POLICY, actor=KEEPER, details=told)])
    return next(iter(entries), None)

"""What the keeper says happened: handed to the sealer with what it is about, in one transaction."""

from collections.abc import Mapping

from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.model.ids import RANDOM, new_id
from holdfast.ports import Tx
from holdfast.workflow.issuing import KEEPER
from holdfast.workflow.leash import Leash


def record(
    leash: Leash, tx: Tx, kind: str, subjects: tuple[str, ...], details: Mapping[str, Plain]
) -> str:
    """Have that stand in the chain, as the keeper's word; the entry's id."""
    id_ = new_id("ent", leash.clock.now(), leash.dice.roll(RANDOM))
    tx.records.submit(Draft(id=id_, kind=kind, actor=KEEPER, subjects=subjects, details=details))
    return id_

"""After a restored backup was accepted nothing follows by itself, until a person signs for it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.model.asks import Rules
from holdfast.model.entries import Draft
from holdfast.model.ids import new_id
from holdfast.model.ordered import CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.orders import accept_restore
from holdfast.workflow.restores import restored_since
from tests.approvals.keygen import sign
from tests.workflow.executing import HOUR, SECOND, Stage, a_stage, changed, key

SCALE = ScaleWorkload(replicas=3, now=2)
DICE = b"ten bytes."


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(rules=Rules(switched_on=frozenset({"ScaleWorkload"}))) as made:
        yield made


async def accepted(stage: Stage) -> Proposal:
    """A proposal, and a backup that was restored and accepted after it."""
    order = await stage.approved(SCALE)
    stage.clock.advance(SECOND)
    await accept_restore(stage.sealer, [], "the disk died", "ada")
    return plan_of(stage.case(order)).first


def says(stage: Stage, about: Proposal, made: timedelta = SECOND, **changed: Any) -> None:
    """Seal a word on it that was handed in that long after the backup was accepted."""
    kind, signer = changed.pop("kind", "undo"), changed.pop("signer", "ana")
    held: dict[str, Any] = {
        "proposal": about.id,
        "digest": about.digest,
        "step": 1,
        "decision": Decision.UNDO,
        "reason": "it is worse",
        "until": stage.clock.now() + HOUR / 2,
        **changed,
    }
    text = Statement(v=1, cluster=about.cluster, **held).text()
    details = {
        **{name: held[name] for name in ("proposal", "digest", "step", "reason")},
        "person": "ana",
        "statement": text.decode(),
        "signature": sign(key(signer), text, NAMESPACE),
    }
    id_ = new_id("ent", stage.clock.now() + made, DICE)
    stage.clock.advance(2 * SECOND)
    stage.sealer.record(
        [Draft(id=id_, kind=kind, actor="ana", subjects=(about.id,), details=details)]
    )


def restored(stage: Stage, id_: str) -> bool:
    with stage.store.reading() as tx:
        return restored_since(stage.leash, tx.records, id_)


async def test_what_was_proposed_before_it_is_left_to_people(stage: Stage) -> None:
    about = await accepted(stage)
    assert restored(stage, about.id)


async def test_what_was_proposed_after_it_is_not(stage: Stage) -> None:
    await accepted(stage)
    later: CaseOrder = await stage.approved(SCALE)
    assert not restored(stage, later.proposal)


async def test_a_person_who_signs_after_it_has_it_back(stage: Stage) -> None:
    about = await accepted(stage)
    says(stage, about)
    assert not restored(stage, about.id)


async def test_another_backup_is_another_reason(stage: Stage) -> None:
    about = await accepted(stage)
    says(stage, about)
    await accept_restore(stage.sealer, [], "the next disk died", "ada")
    assert restored(stage, about.id)


NO_WORD: dict[str, dict[str, Any]] = {
    "it waited to be sealed then": {"made": -SECOND},
    "another key has signed it": {"signer": "eve"},
    "it is about another one": {"proposal": "prp_other"},
    "it is a yes": {"kind": "approval", "decision": Decision.APPROVE, "reason": ""},
}


@pytest.mark.parametrize("how", NO_WORD)
async def test_what_is_no_word_of_since_then_counts_for_nothing(stage: Stage, how: str) -> None:
    about = await accepted(stage)
    says(stage, about, **NO_WORD[how])
    assert restored(stage, about.id)


async def test_where_nobody_can_tell_nothing_follows(stage: Stage) -> None:
    order = await stage.approved(SCALE)
    changed(stage, sealed_by=lambda: ())
    assert restored(stage, order.proposal)

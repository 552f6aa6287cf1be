"""An intent is that of one deed alone."""

from collections.abc import Mapping

import pytest

from holdfast.execution.lease_names import Purpose
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft, Entry
from holdfast.model.ordered import CaseOrder
from holdfast.workflow.intents import INTENT, means
from tests.audit.chains import a_chain_of
from tests.model.test_proposals import PROPOSAL
from tests.workflow.executing import intended

ORDER = CaseOrder(proposal=PROPOSAL.id, step=1, generation=1)
WAYS: dict[Purpose, dict[str, Plain]] = {Purpose.ACT: {}, Purpose.UNDO: {"undo": True}}
ELSE: dict[str, dict[str, Plain]] = {
    "another proposal": {"proposal": "prp_other"},
    "another step": {"step": 2},
    "another time": {"generation": 2},
    "another digest": {"digest": "d"},
    "no step": {"step": None},
    "an odd word for back": {"undo": "yes"},
}


def entry(more: Mapping[str, Plain], kind: str = INTENT) -> Entry:
    details = {**intended(PROPOSAL), **more}
    (made,) = a_chain_of([Draft(id="e", kind=kind, actor="keeper", details=details)])
    return made


@pytest.mark.parametrize("way", WAYS)
def test_an_intent_is_that_of_one_way_alone(way: Purpose) -> None:
    found = [each for each in WAYS if means(entry(WAYS[way]), PROPOSAL, ORDER, each)]
    assert [way] == found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", ELSE.values(), ids=list(ELSE))
def test_what_says_anything_else_is_none(way: Purpose, other: dict[str, Plain]) -> None:
    assert not means(entry({**WAYS[way], **other}), PROPOSAL, ORDER, way)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_called_anything_else_is_none(way: Purpose) -> None:
    assert not means(entry(WAYS[way], kind="remark"), PROPOSAL, ORDER, way)

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.model.canonical import canonical
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, Entry, Item
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.model.steps import Create, Delete, Evict, Patch, Set

TARGET = Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web", uid="u-1")
OTHER = msgspec.structs.replace(TARGET, uid="u-2")
RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
STAMPED = Set(path=STAMP, value=RESTART.stamp, was=None)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PROPOSAL = Proposal(
    id="prp_1",
    cluster="c-1",
    trouble="trb_1",
    code="HF-WRK-020",
    action=RESTART,
    target=TARGET,
    read_hash="r" * 64,
    steps=(Patch(target=TARGET, sets=(STAMPED,)),),
    undo=(),
    effect=(Difference(path=("spec", "x"), before=None, after="y"),),
    risk=Risk.LOW,
    policy="p-1",
    requester="sam",
    proposed=NOON,
    open_until=NOON.replace(hour=16),
)

CHANGED: dict[str, list[Any]] = {
    "id": ["prp_2"],
    "cluster": ["c-2"],
    "trouble": ["trb_2"],
    "code": ["HF-WRK-021"],
    "finding": ["fnd_1", "fnd_2"],
    "found_on": ["u-3", "fnd_1"],
    "action": [
        RolloutRestart(stamp="2026-01-01T12:00:01Z"),
        ScaleWorkload(replicas=1, now=2),
        ScaleWorkload(replicas=2, now=1),
    ],
    "target": [
        OTHER,
        msgspec.structs.replace(TARGET, name="web2"),
        msgspec.structs.replace(TARGET, namespace="shop2"),
        msgspec.structs.replace(TARGET, kind="StatefulSet"),
        msgspec.structs.replace(TARGET, api_version="apps/v1beta1"),
    ],
    "read_hash": ["s" * 64],
    "steps": [
        (),
        (Evict(target=TARGET),),
        (Delete(target=TARGET),),
        (Create(manifest={"kind": "Pod"}),),
        (Patch(target=OTHER, sets=(STAMPED,)),),
        (Patch(target=TARGET, sets=(STAMPED,), subresource="scale"),),
        (Patch(target=TARGET, sets=(msgspec.structs.replace(STAMPED, was="x"),)),),
        (Patch(target=TARGET, sets=(msgspec.structs.replace(STAMPED, value="x"),)),),
        (Patch(target=TARGET, sets=(msgspec.structs.replace(STAMPED, path=STAMP[:-1]),)),),
    ],
    "undo": [(Create(manifest={}),), (Create(manifest={"kind": "Pod"}),)],
    "effect": [
        (),
        (Difference(path=("spec.x",), before=None, after="y"),),
        (Difference(path=("spec", Item(by="name", value="x")), before=None, after="y"),),
        (Difference(path=("spec", "x"), before="y", after=None),),
        (Difference(path=("spec", "x"), before=None, after=True),),
    ],
    "risk": [Risk.MEDIUM, Risk.HIGH],
    "policy": ["p-2"],
    "requester": ["ana"],
    "proposed": [NOON.replace(second=1)],
    "open_until": [NOON.replace(hour=17)],
}


def test_every_field_is_tried() -> None:
    told_by_its_plan = {"place"}
    assert set(CHANGED) == set(Proposal.__struct_fields__) - told_by_its_plan


def test_whatever_is_changed_is_another_proposal() -> None:
    digests = [
        msgspec.structs.replace(PROPOSAL, **{name: value}).digest
        for name, values in CHANGED.items()
        for value in values
    ]
    assert len({PROPOSAL.digest, *digests}) == 1 + len(digests)


def test_its_digest_can_be_computed_by_anybody() -> None:
    assert hashlib.sha256(canonical(PROPOSAL.content())).hexdigest() == PROPOSAL.digest
    # Pinned: people have signed digests of this form.
    assert "6ae39d72dad99906ae8af8dfc33be3172c412d96072cd6b3deb188ab557df566" == PROPOSAL.digest


@pytest.mark.parametrize("path", [("a", Entry(key="b")), ("a", "b")])
def test_an_entry_of_a_map_is_known_by_its_name(path: Any) -> None:
    one = msgspec.structs.replace(PROPOSAL, effect=(Difference(path=path, before=None, after="y"),))
    other = msgspec.structs.replace(
        PROPOSAL, effect=(Difference(path=("a", "b"), before=None, after="y"),)
    )
    assert one.digest == other.digest

from typing import Any

import pytest

from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.conformance.scenes import Raw, a_deployment, changed_by, sight
from holdfast.execution.undoing import refuses_undo, restored
from holdfast.model.documents import Document

SCALE = ScaleWorkload(replicas=4, now=2)
BEFORE = a_deployment()
UNDO = SCALE.undo(sight(BEFORE))
SCALED = a_deployment(spec={"replicas": 4})


def managed(by: str, when: str, field: str = "f:spec") -> Raw:
    return {"manager": by, "time": when, "fieldsV1": {field: {}}}


def refusals(now: Raw | None) -> list[str]:
    return list(refuses_undo(SCALE.kind, UNDO, Document(value=now) if now is not None else None))


def test_takes_back_what_is_as_we_left_it() -> None:
    assert [] == refusals(SCALED)
    moved_on = changed_by(SCALED, {"spec": {"paused": True}, "status": {"replicas": 4}})
    assert [] == refusals(moved_on)


def test_leaves_and_names_what_somebody_else_has_changed_since() -> None:
    fields = [
        managed("holdfast", "2026-01-01T12:00:00Z"),
        managed("kubectl", "2026-01-01T12:05:00Z"),
        managed("kube-controller-manager", "2026-01-01T12:06:00Z", "f:status"),
    ]
    now = changed_by(SCALED, {"spec": {"replicas": 7}, "metadata": {"managedFields": fields}})
    assert ["spec.replicas was changed since by kubectl"] == refusals(now)


@pytest.mark.parametrize("fields", [[], None, "text", [{"manager": 1, "time": None}]])
def test_leaves_it_also_where_nobody_says_who_it_was(fields: Any) -> None:
    now = changed_by(SCALED, {"spec": {"replicas": 7}})
    now["metadata"]["managedFields"] = fields
    assert ["spec.replicas was changed since"] == refusals(now)


def test_takes_nothing_back_of_another_object() -> None:
    for now in (None, changed_by(SCALED, {"metadata": {"uid": "another"}})):
        assert ["it is not there any more"] == refusals(now)


def test_takes_nothing_back_that_has_no_way_back() -> None:
    assert ["there is no way back"] == list(refuses_undo(DeletePod.kind, (), None))
    asleep = ScaleWorkload(replicas=1, now=0)
    undo = asleep.undo(sight(a_deployment(spec={"replicas": 0})))
    assert ["there is no way back"] == list(refuses_undo(SCALE.kind, undo, None))


def test_is_restored_when_what_it_touched_is_as_it_was() -> None:
    before = Document(value=BEFORE)
    moved_on = changed_by(BEFORE, {"spec": {"paused": True}, "metadata": {"generation": 9}})
    assert () == restored(SCALE.kind, before, Document(value=moved_on))
    assert ("spec.replicas",) == restored(SCALE.kind, before, Document(value=SCALED))

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.conformance.scenes import Raw, a_deployment, changed_by, sight
from holdfast.execution.recovering import Timing, Watched
from holdfast.execution.undoing import refuses_undo, restored, waits_for_a_person
from holdfast.model.documents import Document
from holdfast.model.steps import Patch, Set
from holdfast.testing.clock import NOON

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


def test_names_who_stands_there_and_not_who_wrote_beside_it_later() -> None:
    """As a controller taints a node that somebody has cordoned."""
    fields = [
        who_wrote("kubectl", REPLICAS, time="2026-01-01T12:05:00Z"),
        who_wrote("controller", {"f:spec": {"f:paused": {}}}, time="2026-01-01T12:06:00Z"),
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


def who_wrote(by: str, fields: Raw, **more: str) -> Raw:
    return {"manager": by, "operation": "Update", "fieldsV1": fields, **more}


REPLICAS: Raw = {"f:spec": {"f:replicas": {}}}
OURS = who_wrote("holdfast", REPLICAS, subresource="scale")


@pytest.mark.parametrize(
    "theirs",
    [
        who_wrote("kubectl", REPLICAS),
        who_wrote("kubectl", REPLICAS, subresource="scale"),
        who_wrote("kubectl", {"f:spec": {"f:paused": {}, "f:replicas": {}}}),
        who_wrote("kubectl", REPLICAS, operation="Apply"),
        who_wrote("kubectl", {"f:spec": {}}),
    ],
)
@pytest.mark.parametrize("ours", [[], [OURS]])
def test_leaves_what_somebody_else_has_set_since_to_the_same(theirs: Raw, ours: list[Raw]) -> None:
    now = changed_by(SCALED, {"metadata": {"managedFields": [*ours, theirs]}})
    assert ["spec.replicas was set since, to the same, by kubectl"] == refusals(now)


@pytest.mark.parametrize(
    "theirs",
    [
        who_wrote("kubectl", {"f:spec": {"f:paused": {}}}),
        who_wrote("kubectl", {"f:metadata": {}}),
        who_wrote("kube-controller-manager", {"f:status": {"f:replicas": {}}}),
        {"manager": 1, "fieldsV1": REPLICAS},
        {"manager": "kubectl", "fieldsV1": "text"},
        "text",
    ],
)
def test_takes_back_what_others_wrote_beside(theirs: Any) -> None:
    now = changed_by(SCALED, {"metadata": {"managedFields": [OURS, theirs]}})
    assert [] == refusals(now)


@pytest.mark.parametrize(("theirs", "left"), [("11:59:59", 0), ("12:00:00", 1), ("12:00:01", 1)])
def test_who_stood_there_before_us_has_written_nothing_since(theirs: str, left: int) -> None:
    wrote = [
        {**who_wrote(by, REPLICAS), "time": f"2026-11-29T{when}Z"}
        for by, when in (("holdfast", "12:00:00"), ("kubectl", theirs))
    ]
    now = changed_by(SCALED, {"metadata": {"managedFields": wrote}})
    assert left == len(refusals(now))


APP: Raw = {"name": "app", "image": "web:2"}
SLOW = {**APP, "livenessProbe": {"timeoutSeconds": 1, "periodSeconds": 10}}
PATIENT = {**APP, "livenessProbe": {"timeoutSeconds": 5, "periodSeconds": 10}}
SIDECAR: Raw = {"name": "sidecar", "image": "proxy:1"}
OUT_OF_ORDER = [SIDECAR, APP]


def beneath(containers: Raw) -> Raw:
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": containers}}}}


def of_a_template(before: Sequence[Raw], after: Sequence[Raw], theirs: Raw) -> list[str]:
    """Why it is left, where the containers of a template were changed so."""
    templates = [{"spec": {"containers": [*each]}} for each in (before, after)]
    now = a_deployment(spec={"template": templates[1]}, metadata={"managedFields": [theirs]})
    again = Set(path=("spec", "template"), value=templates[0], was=templates[1])
    step = Patch(target=Document(value=now).ref, sets=(again,))
    return list(refuses_undo(SCALE.kind, (step,), Document(value=now)))


@pytest.mark.parametrize(
    ("before", "after", "theirs", "left"),
    [
        ([SLOW], [PATIENT], {'k:{"name":"app"}': {"f:livenessProbe": {"f:timeoutSeconds": {}}}}, 1),
        ([SLOW], [PATIENT], {'k:{"name":"app"}': {"f:livenessProbe": {"f:periodSeconds": {}}}}, 0),
        ([SLOW], [PATIENT], {'k:{"name":"app"}': {"f:image": {}, "f:name": {}}}, 0),
        ([APP], [SLOW], {'k:{"name":"app"}': {"f:livenessProbe": {}}}, 0),  # it was empty before
        ([APP], [APP, SIDECAR], {'k:{"name":"sidecar"}': {"f:image": {}}}, 1),
        ([APP], [APP, SIDECAR], {'k:{"name":"app"}': {"f:image": {}}}, 0),
        ([APP, SIDECAR], [APP], {'k:{"name":"app"}': {"f:image": {}}}, 0),
        ([APP, SIDECAR], OUT_OF_ORDER, {'k:{"name":"app"}': {"f:image": {}}}, 0),
    ],
)
def test_of_a_whole_template_the_places_that_we_changed_are_asked_about(
    before: Sequence[Raw], after: Sequence[Raw], theirs: Raw, left: int
) -> None:
    assert left == len(of_a_template(before, after, who_wrote("kubectl", beneath(theirs))))


HOUR, MINUTE, MOMENT = timedelta(hours=1), timedelta(minutes=1), timedelta(milliseconds=1)
GIVEN_UP = Watched(applied=NOON, given_up=True)
SEEN = 11 * MINUTE  # a deadline and a soak after it was done


@pytest.mark.parametrize(
    ("watched", "ordered", "now", "says"),
    [
        (GIVEN_UP, SEEN, SEEN + HOUR - MOMENT, ""),
        (GIVEN_UP, SEEN, SEEN + HOUR, "it was ordered more than an hour ago"),
        (GIVEN_UP, SEEN + HOUR - MOMENT, SEEN + HOUR - MOMENT, ""),
        (GIVEN_UP, SEEN + HOUR - MOMENT, SEEN + HOUR, "it was done long ago"),
        # of a plan: it did well, and a later step did not
        (Watched(applied=NOON), 5 * HOUR, 6 * HOUR - MOMENT, ""),
        (Watched(applied=NOON), 5 * HOUR, 6 * HOUR, "it was ordered more than an hour ago"),
        (None, SEEN, SEEN + HOUR - MOMENT, ""),
        (None, SEEN, SEEN + HOUR, "it was ordered more than an hour ago"),
    ],
)
def test_the_keeper_takes_back_by_itself_what_is_due_now_and_leaves_to_people_what_was(
    watched: Watched | None, ordered: timedelta, now: timedelta, says: str
) -> None:
    told = waits_for_a_person(watched, NOON + ordered, NOON + now, Timing())
    assert (told == "") == (says == "")
    assert told.startswith(says)

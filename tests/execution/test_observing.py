from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.conformance.scenes import a_deployment, a_node, a_pod, changed_by, raw
from holdfast.execution.observing import Shown, asked, settled, shown
from holdfast.execution.undoing import OURS
from holdfast.model.documents import Document
from holdfast.model.paths import annotation
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MAKER = raw("apps/v1", "ReplicaSet", "web-1")
STAMP = annotation("kubectl.kubernetes.io/restartedAt", "spec", "template")


def scaled(managers: list[dict[str, Any]] | None = None, **metadata: Any) -> Document:
    """The Deployment with three replicas instead of two."""
    told = {} if managers is None else {"managedFields": managers}
    after = {"resourceVersion": "8", "generation": 2, **told, **metadata}
    return moved(spec={"replicas": 3}, **after)


def moved(*, spec: dict[str, Any] | None = None, **metadata: Any) -> Document:
    """The Deployment, later."""
    return Document(value=a_deployment(metadata=metadata, spec=spec or {}))


def by(manager: str, *fields: str) -> dict[str, Any]:
    return {"manager": manager, "fieldsV1": {"f:spec": {f"f:{each}": {} for each in fields}}}


FRESH = moved()
SCALE: Step = Patch(
    target=FRESH.ref, sets=(Set(path=("spec", "replicas"), value=3, was=2),), subresource="scale"
)


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (FRESH, Shown.NOT_YET),
        (moved(resourceVersion="8"), Shown.NOT_DONE),  # its status moved: ours cannot come any more
        (moved(resourceVersion="8", generation=2), Shown.UNTOLD),  # done and taken back, perhaps
        (scaled(), Shown.DONE),  # nobody says who wrote
        (scaled([by(OURS, "replicas")]), Shown.DONE),
        (scaled([by("kubectl", "replicas"), by(OURS, "replicas")]), Shown.DONE),
        (scaled([by("kubectl", "replicas")]), Shown.UNTOLD),  # somebody else wanted the same
        (scaled([by("kubectl", "replicas"), by(OURS, "paused")]), Shown.UNTOLD),
        (scaled(uid="another"), Shown.UNTOLD),
        (None, Shown.UNTOLD),
    ],
)
def test_tells_by_the_value_and_by_who_wrote_it_whether_a_patch_was_done(
    now: Document | None, what: Shown
) -> None:
    assert what is shown(SCALE, asked(FRESH, NOON), now)


def a_node_later(version: str, **spec: Any) -> Document:
    """A node, whose changes nobody counts; the field that is taken away leaves no manager."""
    metadata = {"resourceVersion": version, "generation": 0, "managedFields": [by("kubelet")]}
    return Document(value=a_node(metadata=metadata, spec=spec))


CORDONED, OPENED = a_node_later("7"), a_node_later("8", unschedulable=None)
UNCORDON: Step = Patch(
    target=CORDONED.ref, sets=(Set(path=("spec", "unschedulable"), value=None, was=True),)
)


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (CORDONED, Shown.NOT_YET),
        (OPENED, Shown.UNTOLD),  # by us, or by somebody else in that moment
        (a_node_later("8"), Shown.UNTOLD),  # its kubelet wrote; or we did, and then somebody else
    ],
    ids=["as it was", "open", "another version"],
)
def test_what_nobody_counts_and_leaves_no_manager_is_never_told_as_not_done(
    now: Document, what: Shown
) -> None:
    assert what is shown(UNCORDON, asked(CORDONED, NOON), now)


def test_sees_a_stamp_beneath_the_template() -> None:
    stamp = Patch(target=FRESH.ref, sets=(Set(path=STAMP, value="now", was=None),))
    fields: dict[str, Any] = {
        "f:spec": {
            "f:template": {"f:metadata": {"f:annotations": {f"f:{STAMP[-1].key}": {}}}}  # type: ignore[union-attr]
        }
    }
    template = {"metadata": {"annotations": {STAMP[-1].key: "now"}}}  # type: ignore[union-attr]
    now = moved(
        spec={"template": template},
        resourceVersion="8",
        generation=2,
        managedFields=[{"manager": OURS, "fieldsV1": fields}],
    )
    assert Shown.DONE is shown(stamp, asked(FRESH, NOON), now)


POD = Document(value=a_pod("web-1-a", MAKER))


@pytest.mark.parametrize("step", [Evict(target=POD.ref), Delete(target=POD.ref)])
@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        (None, Shown.DONE),
        ({"uid": "another"}, Shown.DONE),
        ({"deletionTimestamp": "2026-01-01T12:00:00Z"}, Shown.DONE),
        ({}, Shown.NOT_YET),
        ({"resourceVersion": "8"}, Shown.NOT_DONE),
    ],
)
def test_what_is_gone_was_removed(step: Step, metadata: dict[str, Any] | None, what: Shown) -> None:
    there = None if metadata is None else Document(value=a_pod("web-1-a", MAKER, metadata=metadata))
    assert what is shown(step, asked(POD, NOON), there)


QUOTA = raw("v1", "ResourceQuota", "few", spec={"hard": {"pods": "1"}})
AGAIN = Create(manifest=dict(Document(value=QUOTA).asked()))


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (None, Shown.NOT_YET),
        (QUOTA, Shown.DONE),
        (changed_by(QUOTA, {"metadata": {"managedFields": [by(OURS)]}}), Shown.DONE),
        (changed_by(QUOTA, {"metadata": {"managedFields": [by("kubectl")]}}), Shown.NOT_DONE),
        (changed_by(QUOTA, {"spec": {"hard": {"pods": "2"}}}), Shown.NOT_DONE),
    ],
)
def test_what_was_made_again_is_ours_and_the_same(now: dict[str, Any] | None, what: Shown) -> None:
    there = None if now is None else Document(value=now)
    assert what is shown(AGAIN, asked(None, NOON), there)


def test_what_may_be_under_way_was_not_done_once_nothing_of_that_time_is() -> None:
    assert Shown.NOT_YET is settled(Shown.NOT_YET, over=False)
    assert Shown.NOT_DONE is settled(Shown.NOT_YET, over=True)
    assert Shown.UNTOLD is settled(Shown.UNTOLD, over=True)

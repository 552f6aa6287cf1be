from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.conformance.scenes import a_deployment, a_node, a_pod, changed_by, raw
from holdfast.execution.observing import Shown, asked, settled, shown
from holdfast.execution.writers import OURS
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
    assert what is shown(SCALE, asked(SCALE, FRESH, NOON), now)


def a_node_later(version: str, *managers: dict[str, Any], **spec: Any) -> Document:
    """A node, whose changes nobody counts."""
    metadata = {"resourceVersion": version, "generation": 0, "managedFields": [*managers]}
    return Document(value=a_node(metadata=metadata, spec=spec))


def wrote(manager: str, time: str, *fields: str) -> dict[str, Any]:
    return {**by(manager, *fields), "operation": "Update", "time": time}


KUBELET, MORNING, NIGHT = by("kubelet", "podCIDR"), "2026-01-01T09:00:00Z", "2026-01-01T12:00:07Z"
CORDON, AGAIN_AT_NIGHT = (wrote("kubectl", at, "unschedulable") for at in (MORNING, NIGHT))
CORDONED = a_node_later("7", KUBELET, CORDON)
UNCORDON: Step = Patch(
    target=CORDONED.ref, sets=(Set(path=("spec", "unschedulable"), value=None, was=True),)
)


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (CORDONED, Shown.NOT_YET),
        (a_node_later("8", KUBELET, unschedulable=None), Shown.DONE),
        (a_node_later("8", unschedulable=None), Shown.DONE),  # nobody says who wrote
        # Somebody has applied that it takes pods.
        (a_node_later("8", CORDON, unschedulable=None), Shown.UNTOLD),
        (a_node_later("8", by("kubelet"), CORDON), Shown.NOT_DONE),  # its kubelet wrote
        (a_node_later("8", KUBELET, AGAIN_AT_NIGHT), Shown.UNTOLD),  # we did, and then he, perhaps
        (a_node_later("8", KUBELET, wrote("karpenter", MORNING, "unschedulable")), Shown.UNTOLD),
        (a_node_later("8", KUBELET), Shown.UNTOLD),  # nobody says who cordoned it
    ],
    ids=[
        "as it was",
        "open",
        "open, and nobody says by whom",
        "open by somebody else's word",
        "cordoned as it was",
        "cordoned since",
        "cordoned by another",
        "cordoned by nobody knows whom",
    ],
)
def test_who_takes_a_field_away_leaves_no_name_and_who_puts_it_back_does(
    now: Document, what: Shown
) -> None:
    assert what is shown(UNCORDON, asked(UNCORDON, CORDONED, NOON), now)


def test_what_was_cordoned_by_nobody_knows_whom_is_never_told_as_not_done() -> None:
    before, now = a_node_later("7", KUBELET), a_node_later("8", KUBELET)
    assert Shown.UNTOLD is shown(UNCORDON, asked(UNCORDON, before, NOON), now)


def test_a_node_that_was_to_be_cordoned_again_and_is_open_may_have_been_opened_since() -> None:
    opened, now = (a_node_later(each, KUBELET, unschedulable=None) for each in ("8", "9"))
    back = Patch(
        target=opened.ref, sets=(Set(path=("spec", "unschedulable"), value=True, was=None),)
    )
    assert Shown.UNTOLD is shown(back, asked(back, opened, NOON), now)
    assert Shown.DONE is shown(
        back, asked(back, opened, NOON), a_node_later("9", wrote(OURS, NIGHT, "unschedulable"))
    )


def test_a_value_that_only_lost_something_is_not_taken_for_what_it_was() -> None:
    """Its writers are the same, for what is taken away leaves no name."""
    writer = wrote("kubectl", MORNING, "template")
    value: Any = FRESH.at("spec", "template")
    was = {**value, "spec": {**value["spec"], "hostNetwork": True}}
    before = moved(spec={"template": was}, managedFields=[writer])
    step = Patch(target=before.ref, sets=(Set(path=("spec", "template"), value=value, was=was),))
    now = moved(resourceVersion="8", generation=2, managedFields=[writer])
    assert Shown.UNTOLD is shown(step, asked(step, before, NOON), now)


def test_what_stands_by_the_same_writing_was_not_changed_by_us_whatever_else_was() -> None:
    """Somebody has changed another field: generation counts that as well."""
    kubectl, other = wrote("kubectl", MORNING, "replicas"), wrote("kubectl-edit", NIGHT, "paused")
    before = moved(managedFields=[kubectl])
    later = {"resourceVersion": "8", "generation": 2}
    now = moved(spec={"paused": True}, managedFields=[kubectl, other], **later)
    assert Shown.NOT_DONE is shown(SCALE, asked(SCALE, before, NOON), now)


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
    assert Shown.DONE is shown(stamp, asked(stamp, FRESH, NOON), now)


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
    assert what is shown(step, asked(step, POD, NOON), there)


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
    assert what is shown(AGAIN, asked(AGAIN, None, NOON), there)


def test_what_may_be_under_way_was_not_done_once_nothing_of_that_time_is() -> None:
    assert Shown.NOT_YET is settled(Shown.NOT_YET, over=False)
    assert Shown.NOT_DONE is settled(Shown.NOT_YET, over=True)
    assert Shown.UNTOLD is settled(Shown.UNTOLD, over=True)

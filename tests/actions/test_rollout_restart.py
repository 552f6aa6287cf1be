from typing import Any

import pytest

from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.conformance.scenes import Raw, a_deployment, changed_by, raw, sight, template
from holdfast.model.repairs import State
from holdfast.model.steps import Patch, Set

RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")


def a_stamped(stamp: str = RESTART.stamp, **changed: Any) -> Raw:
    made = template()
    made["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": stamp}
    return a_deployment(spec={"template": made}, metadata={"generation": 2}, **changed)


def done(**status: int) -> Raw:
    return a_stamped(status={"observedGeneration": 2, **status})


@pytest.mark.parametrize(
    ("target", "because"),
    [
        (a_deployment(), []),
        (a_deployment(spec={"paused": True}), ["its rollouts are paused"]),
        (a_deployment(spec={"replicas": 0}), ["it wants no pods"]),
        (a_deployment(metadata={"deletionTimestamp": "2026-01-01T11:59:00Z"}), ["being deleted"]),
        (a_stamped(), ["it carries that stamp already"]),
        (a_stamped("2025-12-01T00:00:00Z"), []),
        (
            raw(
                "apps/v1",
                "StatefulSet",
                "db",
                spec={"template": template(), "updateStrategy": {"type": "OnDelete"}},
            ),
            ["its strategy is OnDelete"],
        ),
        (raw("apps/v1", "DaemonSet", "agent", spec={"template": template()}), []),
    ],
)
def test_refuses_where_a_stamp_restarts_nothing(target: Raw, because: list[str]) -> None:
    refusals = list(RESTART.refuses(sight(target)))
    assert len(because) == len(refusals)
    assert all(word in refusal for word, refusal in zip(because, refusals, strict=True))


def test_refuses_what_is_another_object_by_now() -> None:
    other = a_deployment(metadata={"uid": "another"})
    assert ["it is not there any more"] == list(
        RESTART.refuses(sight(a_deployment(), other, gone=True))
    )


def test_asks_for_one_annotation_of_the_template() -> None:
    (step,) = RESTART.steps(sight(a_stamped("2025-12-01T00:00:00Z")))
    assert isinstance(step, Patch)
    assert (Set(path=STAMP, value=RESTART.stamp, was="2025-12-01T00:00:00Z"),) == step.sets
    assert "deployment-web" == step.target.uid


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (done(), State.WELL),
        (done(updatedReplicas=1), State.WAITING),
        (done(availableReplicas=1), State.WAITING),
        (done(replicas=3), State.WAITING),  # an old pod is still there
        (a_stamped(), State.WAITING),  # all is well with the pods from before
        (a_stamped("2026-01-01T12:00:01Z", status={"observedGeneration": 2}), State.ILL),
        (a_deployment(), State.ILL),
        (changed_by(done(), {"spec": {"replicas": 0}}), State.ILL),
        (changed_by(done(), {"metadata": {"uid": "another"}}), State.ILL),
    ],
)
def test_has_recovered_when_the_rollout_that_it_began_is_through(after: Raw, state: State) -> None:
    assert state is RESTART.recovery(sight(a_deployment()), sight(after)).state


def test_has_no_way_back() -> None:
    assert () == RESTART.undo(sight(a_deployment()))
    assert not RESTART.kind.reversible


@pytest.mark.parametrize("stamp", ["2026-02-30T12:00:00Z", "2025-02-29T00:00:00Z"])
def test_refuses_a_stamp_of_a_day_that_is_on_no_calendar(stamp: str) -> None:
    restart = RolloutRestart(stamp=stamp)
    assert [f"{stamp} is no time"] == list(restart.refuses(sight(a_deployment())))

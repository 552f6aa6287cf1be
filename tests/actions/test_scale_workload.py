import msgspec
import pytest

from holdfast.actions.scale_workload import REPLICAS, ScaleWorkload
from holdfast.conformance.scenes import Raw, a_deployment, changed_by, raw, sight
from holdfast.model.repairs import State
from holdfast.model.steps import Patch, Set

SCALE = ScaleWorkload(replicas=4, now=2)


def an_autoscaler(kind: str = "Deployment", api: str = "apps/v1", name: str = "web") -> Raw:
    target = {"apiVersion": api, "kind": kind, "name": name}
    return raw("autoscaling/v2", "HorizontalPodAutoscaler", "auto", spec={"scaleTargetRef": target})


def test_scales_what_nobody_else_scales() -> None:
    others = [an_autoscaler("StatefulSet"), an_autoscaler(name="webshop")]
    assert [] == list(SCALE.refuses(sight(a_deployment(), *others)))


@pytest.mark.parametrize("api", ["apps/v1", "apps/v1beta2"])
def test_leaves_to_an_autoscaler_what_is_its_own(api: str) -> None:
    refusals = list(SCALE.refuses(sight(a_deployment(), an_autoscaler(api=api))))
    assert ["the autoscaler auto decides how many there are"] == refusals


def test_refuses_when_somebody_else_has_scaled_it_in_between() -> None:
    refusals = list(SCALE.refuses(sight(a_deployment(spec={"replicas": 3}))))
    assert ["it wants 3 replicas by now, not 2"] == refusals


def test_refuses_the_number_that_is_there() -> None:
    same = ScaleWorkload(replicas=2, now=2)
    assert ["it wants 2 replicas already"] == list(same.refuses(sight(a_deployment())))


@pytest.mark.parametrize("replicas", [0, -1, 1001])
def test_knows_no_number_out_of_its_bounds(replicas: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"replicas": replicas, "now": 1}, ScaleWorkload)


def test_sets_one_number_and_sets_it_back() -> None:
    seen = sight(a_deployment())
    (step,), (undo,) = SCALE.steps(seen), SCALE.undo(seen)
    assert isinstance(step, Patch)
    assert isinstance(undo, Patch)
    assert ("scale", (Set(path=REPLICAS, value=4, was=2),)) == (step.subresource, step.sets)
    assert ("scale", (Set(path=REPLICAS, value=2, was=4),)) == (undo.subresource, undo.sets)


def test_goes_never_back_to_nothing() -> None:
    asleep = sight(a_deployment(spec={"replicas": 0}))
    assert () == ScaleWorkload(replicas=1, now=0).undo(asleep)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"replicas": 4, "availableReplicas": 4, "observedGeneration": 2}, State.WELL),
        ({"replicas": 4, "availableReplicas": 3, "observedGeneration": 2}, State.WAITING),
        ({"replicas": 5, "availableReplicas": 5, "observedGeneration": 2}, State.WAITING),
        ({"replicas": 4, "availableReplicas": 4, "observedGeneration": 1}, State.WAITING),
    ],
)
def test_has_recovered_when_as_many_are_available(status: Raw, state: State) -> None:
    after = a_deployment(spec={"replicas": 4}, metadata={"generation": 2}, status=status)
    assert state is SCALE.recovery(sight(a_deployment()), sight(after)).state


@pytest.mark.parametrize("spec", [{"replicas": 0}, {"replicas": 2}])
def test_has_not_recovered_where_somebody_else_scaled_it(spec: Raw) -> None:
    after = a_deployment(spec=spec)
    assert State.ILL is SCALE.recovery(sight(a_deployment()), sight(after)).state


def test_has_not_recovered_as_another_object() -> None:
    after = changed_by(a_deployment(spec={"replicas": 4}), {"metadata": {"uid": "another"}})
    assert State.ILL is SCALE.recovery(sight(a_deployment()), sight(after)).state

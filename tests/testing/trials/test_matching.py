"""What a condition says of objects."""

from typing import Any

import pytest

from holdfast.testing.trials.matching import differs, unmet
from holdfast.testing.trials.trial import Condition


def a_pod(name: str = "web-1", **status: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name}, "status": status}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"status": {"phase": "Pending"}}, ""),
        ({"status": {"phase": "Running"}}, "status.phase is Pending"),
        ({"status": {"reason": "Evicted"}}, "status.reason is not there"),
        ({"status": {"conditions": [{"type": "Ready"}]}}, ""),
        (
            {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
            "status.conditions has",
        ),
        ({"status": {"phase": {"deep": 1}}}, "status.phase is Pending"),
        ({"status": {"restarts": 1}}, "status.restarts is True"),
        ({"spec": {}}, "spec is not there"),
    ],
)
def test_a_part_of_the_object_is_compared(wanted: dict[str, Any], said: str) -> None:
    pod = a_pod(
        phase="Pending",
        restarts=True,
        conditions=[{"type": "Other"}, {"type": "Ready", "status": "False", "reason": "Waits"}],
    )
    told = differs(wanted, pod)
    assert told.startswith(said)
    assert bool(said) == bool(told)


def test_at_least_one_object_must_be_there() -> None:
    assert "there is no Pod/web-*" == unmet(Condition(of="Pod/web-*"), [])


def test_every_object_that_is_there_must_be_so() -> None:
    pods = [a_pod(phase="Running"), a_pod("web-2", phase="Pending")]
    condition = Condition(of="Pod/web-*", where={"status": {"phase": "Running"}})
    assert "Pod/web-2: status.phase is Pending" == unmet(condition, pods)


@pytest.mark.parametrize(("count", "said"), [(1, ""), (2, "1 of 2 Pod/web-* are so")])
def test_a_count_is_of_those_that_are_so(count: int, said: str) -> None:
    pods = [a_pod(phase="Running"), a_pod("web-2", phase="Pending")]
    condition = Condition(of="Pod/web-*", where={"status": {"phase": "Running"}}, count=count)
    assert said == unmet(condition, pods)


@pytest.mark.parametrize(("phase", "said"), [("Pending", ""), ("Failed", "Pod/web-1: ")])
def test_some_is_met_by_one(phase: str, said: str) -> None:
    pods = [a_pod(phase="Running"), a_pod("web-2", phase="Pending")]
    told = unmet(Condition(of="Pod/web-*", where={"status": {"phase": phase}}, some=True), pods)
    assert told.startswith(said)
    assert bool(said) == bool(told)


def test_gone_is_met_by_nothing_alone() -> None:
    condition = Condition(of="Pod/web-1", gone=True)
    assert "" == unmet(condition, [])
    assert "Pod/web-1 is still there" == unmet(condition, [a_pod()])

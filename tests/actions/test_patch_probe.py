from copy import deepcopy
from typing import Any

import msgspec
import pytest

from holdfast.actions.patch_probe import PatchProbe
from holdfast.conformance.probes import ASKS, PATCH, probed
from holdfast.conformance.scenes import NOW, Raw, raw, sight
from holdfast.model.documents import Document
from holdfast.model.merge_patches import as_wanted, merge_patch
from holdfast.model.paths import Item
from holdfast.model.repairs import Action, State
from holdfast.model.steps import Patch, Set, Step


def asking(probe: Any = "liveness", container: str = "web", **times: int) -> PatchProbe:
    told = {"period": 10, "timeout": 1, "failures": 3, "delay": 0, **times}
    return PatchProbe(
        container=container,
        probe=probe,
        period_seconds=told["period"],
        timeout_seconds=told["timeout"],
        failure_threshold=told["failures"],
        initial_delay_seconds=told["delay"],
    )


def at(field: str, container: str = "web", probe: str = "livenessProbe") -> Any:
    item = Item(by="name", value=container)
    return ("spec", "template", "spec", "containers", item, probe, field)


def sets(steps: tuple[Step, ...]) -> tuple[Set, ...]:
    (step,) = steps
    assert isinstance(step, Patch)
    return step.sets


def done(target: Raw, steps: tuple[Step, ...]) -> Raw:
    made: Any = as_wanted(sets(steps), Document(value=target)).value
    return {**made, "status": target["status"]}


def test_sets_the_times_of_one_probe_of_one_container() -> None:
    seen = sight(probed())
    assert [] == list(PATCH.refuses(seen))
    assert (Set(path=at("timeoutSeconds"), value=5, was=1),) == sets(PATCH.steps(seen))
    after, before = done(probed(), PATCH.steps(seen)), deepcopy(probed())
    before["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["timeoutSeconds"] = 5
    assert before == after


def test_leaves_out_what_stands_there_already() -> None:
    both = asking(failures=6)
    assert [at("failureThreshold")] == [each.path for each in sets(both.steps(sight(probed())))]


def test_the_patch_carries_every_container_as_it_is() -> None:
    fresh = Document(value=probed())
    patch: Any = merge_patch(sets(PATCH.steps(sight(probed()))), fresh)
    web, log = patch["spec"]["template"]["spec"]["containers"]
    assert {**ASKS, "timeoutSeconds": 5} == web["livenessProbe"]
    assert probed()["spec"]["template"]["spec"]["containers"][1] == log


@pytest.mark.parametrize(
    ("target", "action", "because"),
    [
        (probed(timeoutSeconds=5), PATCH, "the probe asks just so already"),
        (probed(), asking(), "the probe asks just so already"),
        (
            probed(),
            asking("readiness", timeout=5),
            "container web has no readiness probe",
        ),
        (
            probed(),
            asking(container="db", timeout=5),
            "container db has no liveness probe",
        ),
        (
            {**probed(), "spec": {**probed()["spec"], "paused": True}},
            PATCH,
            "its rollouts are paused: somebody holds it on purpose",
        ),
        ({**probed(), "spec": {**probed()["spec"], "replicas": 0}}, PATCH, "it wants no pods"),
    ],
)
def test_refuses_where_it_would_change_nothing(
    target: Raw, action: PatchProbe, because: str
) -> None:
    assert [because] == list(action.refuses(sight(target)))


def test_refuses_where_no_pod_would_be_replaced() -> None:
    spec = {**probed()["spec"], "updateStrategy": {"type": "OnDelete"}}
    refusals = list(PATCH.refuses(sight(raw("apps/v1", "StatefulSet", "db", spec=spec))))
    assert ["its strategy is OnDelete: a change of its template replaces no pod"] == refusals


@pytest.mark.parametrize(
    "params",
    [
        {"period_seconds": 0},
        {"period_seconds": 121},
        {"timeout_seconds": 0},
        {"timeout_seconds": 61},
        {"failure_threshold": 0},
        {"failure_threshold": 31},
        {"initial_delay_seconds": -1},
        {"initial_delay_seconds": 601},
        {"timeout_seconds": 5.0},
        {"timeout_seconds": True},
        {"success_threshold": 2},
        {"timeout_seconds": None},
        {"container": "web\n"},
        {"container": "../web"},
        {"container": ""},
        {"probe": "Liveness"},
        {"probe": "livenessProbe"},
    ],
)
def test_knows_no_number_out_of_its_bounds_and_no_other_field(params: Raw) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**PatchProbe.kind.example, **params}, PatchProbe)


def test_no_delay_is_a_field_that_is_not_there() -> None:
    none = asking()
    assert ["the probe asks just so already"] == list(none.refuses(sight(probed())))
    (change,) = sets(none.steps(sight(probed(initialDelaySeconds=30))))
    assert (None, 30) == (change.value, change.was)
    after = done(probed(initialDelaySeconds=30), none.steps(sight(probed(initialDelaySeconds=30))))
    assert probed() == after


def test_takes_back_what_it_set() -> None:
    late = asking(timeout=5, delay=30)
    before = sight(probed())
    assert probed() == done(done(probed(), late.steps(before)), late.undo(before))


def test_has_recovered_when_the_rollout_is_through() -> None:
    before = sight(probed())
    after = done(probed(), PATCH.steps(before))
    assert State.WAITING is PATCH.recovery(before, sight(after)).state
    after["status"] = {**after["status"], "observedGeneration": 2}
    assert State.WELL is PATCH.recovery(before, sight(after)).state


def test_has_not_recovered_where_somebody_else_set_it_since() -> None:
    assert State.ILL is PATCH.recovery(sight(probed()), sight(probed(timeoutSeconds=7))).state


@pytest.mark.parametrize(
    ("code", "probe", "wanted"),
    [
        (
            "HF-WRK-021",
            {},
            [asking(container=name, timeout=2, failures=6) for name in ("web", "log")],
        ),
        (
            "HF-WRK-021",
            {"timeoutSeconds": 40, "failureThreshold": 30, "initialDelaySeconds": 7},
            [
                asking(timeout=60, failures=30, delay=7),
                asking(container="log", timeout=2, failures=6),
            ],
        ),
        (
            "HF-WRK-021",
            {"timeoutSeconds": 60, "failureThreshold": 30},
            [asking(container="log", timeout=2, failures=6)],
        ),
        (
            "HF-WRK-021",
            {"periodSeconds": 3600},
            [asking(container="log", timeout=2, failures=6)],
        ),
        ("HF-WRK-023", {}, []),
    ],
)
def test_suggests_twice_the_patience(code: str, probe: Raw, wanted: list[Action]) -> None:
    seen = sight(probed(**probe))
    assert wanted == list(PatchProbe.suggested(seen.around, seen.document.ref, code, NOW))

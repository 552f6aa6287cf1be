"""What holds for every kind of action: it stands in the set, and stays inside what it declares."""

import msgspec
import pytest

from holdfast.actions import CLOSED_SET
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.actions.uncordon import Uncordon
from holdfast.conformance.probes import PATCH, probed
from holdfast.conformance.scenes import Raw, a_deployment, a_node, raw, sight, template
from holdfast.facts import CATALOGUE
from holdfast.model.paths import within
from holdfast.model.repairs import Action, Right, plain_of
from holdfast.model.steps import Patch

REVISION = raw("apps/v1", "ReplicaSet", "web-good", spec={"template": template("web:0")})
PATCHING: tuple[tuple[Action, Raw], ...] = (
    (PATCH, probed()),
    (RolloutRestart(stamp="2026-01-01T12:00:00Z"), a_deployment()),
    (RolloutUndo(replica_set="web-good", uid="replicaset-web-good"), a_deployment()),
    (ScaleWorkload(replicas=4, now=2), a_deployment()),
    (Uncordon(), a_node()),
)


def test_the_set_is_what_it_says_and_nothing_else() -> None:
    assert {
        "DeleteACMEOrder": True,
        "DeleteCertificateRequest": True,
        "DeleteJob": True,
        "DeletePod": True,
        "DeleteResourceQuota": False,
        "PatchProbe": False,
        "RolloutRestart": True,
        "RolloutUndo": False,
        "ScaleWorkload": False,
        "Uncordon": False,
    } == {each.kind.name: each.kind.on for each in CLOSED_SET}
    assert set(CLOSED_SET) == set(Action.__subclasses__())


@pytest.mark.parametrize("each", CLOSED_SET, ids=lambda each: each.kind.name)
def test_answers_facts_that_exist(each: type[Action]) -> None:
    assert each.kind.answers
    assert set(each.kind.answers) <= {rule.code for rule in CATALOGUE}
    assert each.kind.summary.endswith(".")


@pytest.mark.parametrize("each", CLOSED_SET, ids=lambda each: each.kind.name)
def test_shows_parameters_as_they_may_be(each: type[Action]) -> None:
    shown = msgspec.convert({**each.kind.example}, each, strict=True)
    assert {"kind": each.kind.name, "params": {**each.kind.example}} == plain_of(shown)


@pytest.mark.parametrize("each", CLOSED_SET, ids=lambda each: each.kind.name)
def test_its_targets_all_lie_in_a_namespace_or_none_of_them_does(each: type[Action]) -> None:
    assert {not of.api.namespaced for of in each.kind.targets} == {each.kind.cluster_scoped}


def test_every_patching_kind_is_tried_below() -> None:
    patching = {each for each in CLOSED_SET if Patch in (*each.kind.does, *each.kind.undoes)}
    assert {type(each) for each, _ in PATCHING} == patching


@pytest.mark.parametrize(("each", "target"), PATCHING, ids=lambda each: type(each).__name__)
def test_asks_and_takes_back_within_what_it_declares(each: Action, target: Raw) -> None:
    seen = sight(target, REVISION, beside=[REVISION])
    done, undone = each.steps(seen), each.undo(seen)
    assert {type(step) for step in done} == set(each.kind.does)
    assert {type(step) for step in undone} == set(each.kind.undoes)
    for step in (*done, *undone):
        assert isinstance(step, Patch)
        assert seen.document.ref == step.target
        assert each.kind.subresource == step.subresource
        for change in step.sets:
            assert change.path in each.kind.touches or any(
                within(change.path, place) for place in each.kind.touches
            )
            assert any(within(change.path, read) for read in each.kind.reads)


def test_no_lease_may_do_more_than_its_kind_needs() -> None:
    assert {
        "DeleteACMEOrder": ["delete orders.acme.cert-manager.io"],
        "DeleteCertificateRequest": ["delete certificaterequests.cert-manager.io"],
        "DeleteJob": ["delete jobs.batch"],
        "DeletePod": ["create pods/eviction"],
        "DeleteResourceQuota": ["create resourcequotas", "delete resourcequotas"],
        "PatchProbe": [
            "patch daemonsets.apps",
            "patch deployments.apps",
            "patch statefulsets.apps",
        ],
        "RolloutRestart": [
            "patch daemonsets.apps",
            "patch deployments.apps",
            "patch statefulsets.apps",
        ],
        "RolloutUndo": ["patch deployments.apps"],
        "ScaleWorkload": ["patch deployments/scale.apps", "patch statefulsets/scale.apps"],
        "Uncordon": ["patch nodes"],
    } == {each.kind.name: [_told(right) for right in each.kind.rights()] for each in CLOSED_SET}


def _told(right: Right) -> str:
    group = f".{right.group}" if right.group else ""
    return f"{right.verb} {right.resource}{group}"

from typing import Any

import pytest

from holdfast.actions.rollout_undo import TEMPLATE, RolloutUndo
from holdfast.conformance.scenes import (
    BROKEN,
    GOOD,
    NOW,
    Raw,
    a_deployment,
    a_pod,
    a_revision,
    changed_by,
    owned,
    raw,
    sight,
    template,
)
from holdfast.model.repairs import State
from holdfast.model.steps import Patch, Set

UNDO = RolloutUndo(replica_set="web-good", uid="replicaset-web-good")
POD = a_pod("web-good-1", GOOD)


def refusals(target: Raw = BROKEN, *around: Raw, **more: Any) -> list[str]:
    return list(UNDO.refuses(sight(target, *around, **more)))


def test_goes_back_to_a_revision_with_a_ready_pod() -> None:
    assert [] == refusals(BROKEN, GOOD, POD, beside=[GOOD])


def test_goes_back_to_a_revision_that_the_journal_saw_do_well() -> None:
    assert [] == refusals(BROKEN, GOOD, beside=[GOOD], healthy_before=["replicaset-web-good"])


@pytest.mark.parametrize(
    ("around", "beside", "because"),
    [
        ([GOOD], [GOOD], "nobody has seen web-good do well here"),
        ([GOOD, a_pod("p", GOOD, ready=False)], [GOOD], "nobody has seen web-good do well here"),
        ([POD], [GOOD], "it has no revision web-good of that uid"),
        ([GOOD, POD], [], "it has no revision web-good of that uid"),
        (
            [changed_by(GOOD, {"metadata": owned(raw("apps/v1", "Deployment", "other"))}), POD],
            [GOOD],
            "it has no revision web-good of that uid",
        ),
    ],
)
def test_goes_back_to_nothing_else(around: list[Raw], beside: list[Raw], because: str) -> None:
    assert [because] == refusals(BROKEN, *around, beside=beside)


def test_refuses_the_revision_that_runs() -> None:
    assert ["web-good is what it runs"] == refusals(a_deployment(), GOOD, POD, beside=[GOOD])


def test_refuses_a_deployment_that_is_held_or_asleep() -> None:
    held = changed_by(BROKEN, {"spec": {"paused": True, "replicas": 0}})
    assert 2 == len(refusals(held, GOOD, POD, beside=[GOOD]))


def test_puts_the_template_there_without_what_the_controller_added() -> None:
    seen = sight(BROKEN, GOOD, POD, beside=[GOOD])
    (step,) = UNDO.steps(seen)
    assert isinstance(step, Patch)
    back = Set(path=TEMPLATE, value=template("web:1"), was=template("web:broken"))
    assert (back,) == step.sets
    (undo,) = UNDO.undo(seen)
    assert isinstance(undo, Patch)
    assert (Set(path=TEMPLATE, value=back.was, was=back.value),) == undo.sets


def test_has_recovered_when_the_rollout_of_that_template_is_through() -> None:
    before = sight(BROKEN, GOOD, POD, beside=[GOOD])
    assert State.WELL is UNDO.recovery(before, sight(a_deployment())).state
    waiting = a_deployment(status={"updatedReplicas": 1})
    assert State.WAITING is UNDO.recovery(before, sight(waiting)).state
    assert State.ILL is UNDO.recovery(before, sight(BROKEN)).state
    recreated = a_deployment(metadata={"uid": "another"})
    assert State.ILL is UNDO.recovery(before, sight(recreated)).state


NEWEST, OLDER = (a_revision(code, 3, "web:1", BROKEN) for code in ("newest", "older"))


def suggested(*around: Raw) -> list[str]:
    return suggested_of(*map(numbered, (NEWEST, GOOD, OLDER), "321"), *around)


def suggested_of(*around: Raw) -> list[str]:
    seen = sight(BROKEN, *around)
    made = RolloutUndo.suggested(seen.around, seen.document.ref, "HF-WRK-020", NOW)
    return [each.replica_set for each in made if isinstance(each, RolloutUndo)]


def numbered(replica_set: Raw, revision: str) -> Raw:
    counted = {"deployment.kubernetes.io/revision": revision}
    return changed_by(
        replica_set, {"metadata": {**replica_set["metadata"], "annotations": counted}}
    )


@pytest.mark.parametrize(
    ("pods", "to"),
    [
        ([POD], ["web-good"]),
        ([a_pod("o", OLDER)], ["web-older"]),
        ([POD, a_pod("o", OLDER)], ["web-good", "web-older"]),
        ([], ["web-good"]),  # whether it did well, only the journal knows
    ],
)
def test_suggests_what_has_ready_pods_and_else_what_was_there_before(
    pods: list[Raw], to: list[str]
) -> None:
    assert to == suggested(*pods)


def without(what: str) -> Raw:
    """The good one without something that a Deployment's controller gives it."""
    metadata = {name: each for name, each in GOOD["metadata"].items() if name != what}
    return {**GOOD, "metadata": metadata}


ALONE = "web-good is no revision of it: "


@pytest.mark.parametrize(
    ("hand_made", "others", "because"),
    [
        (without("labels"), [], "it is not named after its Deployment and its pod-template-hash"),
        (without("annotations"), [], "it carries no number"),
        (numbered(GOOD, "9" * 5000), [], "it carries no number"),
        (numbered(GOOD, "-1"), [], "it carries no number"),
        (numbered(GOOD, "0"), [], "it carries no number"),
        (numbered(GOOD, "\u0663"), [], "it carries no number"),
        (GOOD, [numbered(NEWEST, "1")], "another carries the number 1 as well"),
    ],
)
def test_a_replica_set_that_was_made_by_hand_is_no_revision(
    hand_made: Raw, others: list[Raw], because: str
) -> None:
    assert [ALONE + because] == refusals(BROKEN, hand_made, *others, POD, beside=[hand_made])
    assert [] == refusals(BROKEN, GOOD, NEWEST, POD, beside=[GOOD])


def test_a_name_of_another_form_is_no_revision() -> None:
    evil = {**GOOD, "metadata": {**GOOD["metadata"], "name": "web-evil"}}
    undo = RolloutUndo(replica_set="web-evil", uid="replicaset-web-good")
    (because,) = undo.refuses(sight(BROKEN, evil, POD, beside=[evil]))
    assert "not named after its Deployment" in because


def test_suggests_nothing_that_was_made_by_hand() -> None:
    evil = numbered(without("labels"), "999")
    there = [numbered(NEWEST, "3"), numbered(OLDER, "2")]
    assert ["web-older"] == suggested_of(evil, a_pod("e", evil), *there)


def test_says_what_weakens_the_isolation_of_what_runs() -> None:
    opened = template("web:1", **{"pod-template-hash": "good"})
    opened["spec"] = {
        "hostNetwork": True,
        "containers": [{"name": "web", "image": "web:1", "securityContext": {"privileged": True}}],
    }
    wide = {**GOOD, "spec": {"replicas": 1, "template": opened}}
    seen = sight(BROKEN, wide, POD, beside=[wide])
    (worse,) = UNDO.worsens(seen)
    assert (
        "web-good weakens the isolation of what runs now: hostNetwork, privileged in web" == worse
    )
    assert [] == [*UNDO.worsens(sight(BROKEN, GOOD, POD, beside=[GOOD]))]

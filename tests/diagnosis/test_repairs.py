"""Which action of the closed set answers which fact, and on which object."""

from typing import Any

import msgspec
import pytest

from holdfast.actions.delete_acme_order import DeleteACMEOrder
from holdfast.actions.delete_certificate_request import DeleteCertificateRequest
from holdfast.actions.delete_job import DeleteJob
from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.actions.uncordon import Uncordon
from holdfast.conformance.certificates import AROUND, a_request, an_order
from holdfast.conformance.scenes import (
    NOW,
    Raw,
    a_deployment,
    a_node,
    a_pod,
    a_revision,
    changed_by,
    owned,
    raw,
)
from holdfast.diagnosis.repairs import MOST, Around, Repairs, answers_there, directly, repairs
from holdfast.model.kinds import Deployment, Pod, ResourceQuota
from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Finding, Severity
from holdfast.model.snapshot import Snapshot
from holdfast.model.troubles import Link, Trouble
from holdfast.topology.edges import topology
from tests.cases import snapshot_of

WEB = a_deployment()


OLD, NEW = a_revision("1", 1, "web:1", WEB), a_revision("2", 2, "web:2", WEB)
BAD = a_pod("web-2-a", NEW, ready=False)
GOOD = a_pod("web-1-a", OLD)


def finding(code: str, about: Raw, **more: Any) -> Finding:
    metadata = about["metadata"]
    return Finding(
        id=f"fnd_{code}_{metadata['name']}",
        code=code,
        name="x",
        channel=Channel.INCIDENT,
        severity=Severity.WARNING,
        about=Ref(
            api_version=about["apiVersion"],
            kind=about["kind"],
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
        ),
        part="",
        says="x",
        since=NOW,
        seen={},
        next="x",
        **more,
    )


def a_trouble(cause: Finding, *symptoms: Finding, alike: tuple[Finding, ...] = ()) -> Trouble:
    links = tuple(Link(finding=each, because=cause.id, relation="owns") for each in symptoms)
    return Trouble(id="trb_1", cause=cause, alike=alike, symptoms=links)


def seen(*given: Raw) -> Snapshot:
    return snapshot_of({"now": NOW, "given": list(given)})


def found(trouble: Trouble, *given: Raw) -> Repairs:
    snapshot = seen(*given)
    return repairs(trouble, snapshot, topology(snapshot), NOW)


def told(of: Repairs) -> list[tuple[str, str]]:
    return [(type(each.action).kind.name, str(each.target)) for each in of.candidates]


def test_a_fault_of_a_pod_is_gone_at_where_its_template_is() -> None:
    of = found(a_trouble(finding("HF-WRK-013", BAD)), WEB, OLD, NEW, BAD, GOOD)
    assert [("RolloutUndo", "Deployment shop/web")] == told(of)
    (undo,) = of.candidates
    assert RolloutUndo(replica_set="web-1", uid="replicaset-web-1") == undo.action
    assert undo.of_cause


def test_a_pod_that_crashes_may_be_evicted_restarted_with_its_workload_or_rolled_back() -> None:
    of = found(a_trouble(finding("HF-WRK-020", BAD)), WEB, OLD, NEW, BAD, GOOD)
    assert [
        ("DeletePod", "Pod shop/web-2-a"),
        ("RolloutRestart", "Deployment shop/web"),
        ("RolloutUndo", "Deployment shop/web"),
    ] == told(of)
    assert RolloutRestart(stamp="2026-01-01T12:00:00Z") == of.candidates[1].action


def test_where_no_revision_has_a_ready_pod_the_one_before_is_offered() -> None:
    of = found(a_trouble(finding("HF-WRK-013", BAD)), WEB, OLD, NEW, BAD)
    (undo,) = of.candidates
    assert RolloutUndo(replica_set="web-1", uid="replicaset-web-1") == undo.action


def test_where_there_was_no_revision_before_nothing_is_gone_back_to() -> None:
    of = found(a_trouble(finding("HF-WRK-013", BAD)), WEB, NEW, BAD)
    assert not of.candidates
    assert of.escalate.startswith("none: escalate")
    assert "RolloutUndo" in of.escalate


def test_what_no_action_answers_is_escalated_by_its_code() -> None:
    of = found(a_trouble(finding("HF-WRK-001", BAD)), WEB, NEW, BAD)
    assert "No action that we have answers HF-WRK-001" in of.escalate


def test_the_cause_comes_before_what_follows_from_it() -> None:
    trouble = a_trouble(finding("HF-WRK-020", BAD), finding("HF-WRK-010", WEB))
    of = found(trouble, WEB, OLD, NEW, BAD, GOOD)
    assert "DeletePod" == told(of)[0][0]
    assert {"HF-WRK-020"} == {each.answers.code for each in of.candidates}  # each action once


def test_a_quota_that_is_named_is_gone_at_and_no_other() -> None:
    quotas = [
        raw("v1", "ResourceQuota", name, spec={"hard": {"pods": "1"}}) for name in ("one", "two")
    ]
    through = ResourceQuota.at("shop", "two")
    of = found(a_trouble(finding("HF-WRK-052", NEW, through=through)), WEB, NEW, *quotas)
    assert [("DeleteResourceQuota", "ResourceQuota shop/two")] == told(of)
    assert DeleteResourceQuota() == of.candidates[0].action


def test_a_cron_job_that_is_held_up_is_helped_at_its_job() -> None:
    cron = raw("batch/v1", "CronJob", "report", spec={"schedule": "* * * * *"})
    job = raw("batch/v1", "Job", "report-1", metadata=owned(cron))
    of = found(a_trouble(finding("HF-WRK-076", cron)), cron, job)
    assert [("DeleteJob", "Job shop/report-1")] == told(of)
    assert DeleteJob() == of.candidates[0].action


def test_a_forgotten_node_is_gone_at_itself_and_by_nothing_else() -> None:
    node = a_node()
    of = found(a_trouble(finding("HF-NOD-005", node)), node, BAD)
    assert [(Uncordon(), "node-1")] == [(each.action, each.target.name) for each in of.candidates]


def test_a_failed_order_is_gone_at_itself_and_at_its_request() -> None:
    request = a_request()
    order = an_order("invalid", by=request)
    of = found(a_trouble(finding("HF-CFG-012", order)), order, request, *AROUND)
    assert [
        (DeleteACMEOrder(), "Order shop/web-1-1"),
        (DeleteCertificateRequest(), "CertificateRequest shop/web-1"),
    ] == [(each.action, str(each.target)) for each in of.candidates]


def test_a_budget_that_lets_nobody_go_gets_one_pod_more() -> None:
    spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    budget = raw("policy/v1", "PodDisruptionBudget", "web", spec=spec)
    pod = changed_by(GOOD, {"metadata": {"labels": {"app": "web"}}})
    of = found(a_trouble(finding("HF-WRK-090", budget)), WEB, OLD, pod, budget)
    assert [("ScaleWorkload", "Deployment shop/web")] == told(of)
    assert ScaleWorkload(replicas=3, now=2) == of.candidates[0].action


@pytest.mark.parametrize(("available", "replicas"), [(1, 1), (0, None), (2, None)])
def test_where_there_is_no_room_as_many_are_wanted_as_have_found_it(
    available: int, replicas: int | None
) -> None:
    workload = a_deployment(status={"availableReplicas": available})
    of = found(a_trouble(finding("HF-WRK-003", BAD)), workload, NEW, BAD)
    wanted = [each.action for each in of.candidates]
    assert wanted == ([ScaleWorkload(replicas=replicas, now=2)] if replicas else [])


def test_a_hundred_siblings_make_no_hundred_proposals() -> None:
    pods = [a_pod(f"web-2-{number}", NEW, ready=False) for number in range(100)]
    first, *others = [finding("HF-WRK-018", pod) for pod in pods]
    of = found(a_trouble(first, alike=tuple(others)), WEB, NEW, *pods)
    assert MOST == len(of.candidates)
    assert {DeletePod()} == {each.action for each in of.candidates}


def test_what_an_action_on_one_object_answers_is_found_however_many_there_are() -> None:
    pods = [a_pod(f"web-2-{number}", NEW, ready=False) for number in range(100)]
    first, *others = [finding("HF-WRK-018", pod) for pod in pods]
    trouble, snapshot = a_trouble(first, alike=tuple(others)), seen(WEB, NEW, *pods)
    around = Around(snapshot=snapshot, topology=topology(snapshot), now=NOW)
    last = others[-1].about

    answered = [*answers_there(last, [trouble], around, [DeletePod, RolloutRestart])]

    assert [(trouble, others[-1], last)] == [(t, c.answers, c.target) for t, c in answered]
    other = msgspec.structs.replace(last, uid="another")
    assert [] == [*answers_there(other, [trouble], around, [DeletePod])]


def test_an_object_of_another_uid_under_the_same_name_is_not_scaled() -> None:
    snapshot = seen(WEB)
    forged = Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web", uid="u-9")
    assert [] == list(ScaleWorkload.suggested(snapshot, forged, "HF-WRK-090", NOW))
    assert [] == list(RolloutUndo.suggested(snapshot, forged, "HF-WRK-013", NOW))


def test_what_is_found_on_what_it_made_is_found_directly_and_a_quota_is_not() -> None:
    snapshot = seen(WEB, NEW, BAD)
    graph = topology(snapshot)
    pod, web = snapshot.all(Pod)[0].ref, snapshot.all(Deployment)[0].ref
    assert directly(pod, web, graph)
    assert directly(pod, pod, graph)
    assert not directly(web, pod, graph)

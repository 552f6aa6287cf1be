"""What removes an object: sent once, and not before what people will miss was read."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from holdfast.actions.delete_job import DeleteJob
from holdfast.actions.delete_pod import DeletePod
from holdfast.execution.states import State
from holdfast.model.documents import Document
from holdfast.model.kinds import Pod
from holdfast.testing.manifests import event, manifest, owner, pod_of, replica_set, running_status
from holdfast.testing.status import StatusError
from tests.workflow.executing import Stage, a_stage, changed


class Lines:
    """`LastLines` of which each container has one."""

    async def log(self, pod: Pod, container: str, *, previous: bool = False) -> bytes:
        del previous
        return f"{pod.metadata.name} {container} says goodbye\n".encode()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as made:
        changed(made, lines=Lines())
        yield made


def a_pod(stage: Stage, name: str = "web-1") -> Document:
    """One of two pods of a ReplicaSet, ready."""
    web = stage.cluster.fetch("deployments.apps", "web", namespace="shop")
    made = replica_set(web, "abc", "web:2", 2)
    try:
        owned = stage.cluster.create(made)
    except StatusError:
        owned = stage.cluster.fetch("replicasets.apps", made["metadata"]["name"], namespace="shop")
    pod = stage.cluster.create(pod_of(owned, name, "web:2"))
    stage.cluster.update_status({**pod, "status": running_status(pod, stage.clock.now())})
    return stage.document("pods", name)


def is_there(stage: Stage, resource: str, name: str) -> bool:
    try:
        stage.document(resource, name)
    except StatusError:
        return False
    return True


async def test_a_pod_is_evicted_after_its_last_words_were_read(stage: Stage) -> None:
    pod = a_pod(stage)
    a_pod(stage, "web-2")
    said = event(dict(pod.value), stage.clock.now(), "BackOff", "it fell over")
    stage.cluster.create(said)
    order = await stage.approved(DeletePod(), pod.ref)
    await stage.until(order, State.APPLIED)
    assert not is_there(stage, "pods", "web-1")
    words = stage.course(order).last_words
    assert words is not None
    assert ["web-1 web says goodbye\n"] == [*words.logs.values()]
    assert words.events[0].endswith("BackOff: it fell over")
    told: Any = stage.entries("outcome")
    assert "goodbye" not in str(told)


async def test_a_disruption_budget_that_allows_nothing_refuses(stage: Stage) -> None:
    pod = a_pod(stage)
    a_pod(stage, "web-2")
    budget = manifest(
        "policy/v1",
        "PodDisruptionBudget",
        "web",
        spec={"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
    )
    made = stage.cluster.create(budget)
    status = {"disruptionsAllowed": 0, "observedGeneration": 1, "currentHealthy": 2}
    stage.cluster.update_status({**made, "status": status})
    order = await stage.approved(DeletePod(), pod.ref)
    await stage.until(order, State.REFUSED)
    assert is_there(stage, "pods", "web-1")
    assert "disruption budget" in stage.course(order).says


async def test_an_eviction_whose_answer_was_lost_is_seen_to_be_done(stage: Stage) -> None:
    pod = a_pod(stage)
    a_pod(stage, "web-2")
    stage.wire.plans.append("lose the answer")
    order = await stage.approved(DeletePod(), pod.ref)
    await stage.until(order, State.APPLIED)
    assert is_there(stage, "pods", "web-2")
    assert 1 == len(stage.wire.sent)


async def test_a_pod_of_the_same_name_is_not_the_one_that_was_approved(stage: Stage) -> None:
    pod = a_pod(stage)
    a_pod(stage, "web-2")
    order = await stage.approved(DeletePod(), pod.ref)
    stage.cluster.delete("pods", "web-1", namespace="shop")
    a_pod(stage)
    await stage.until(order, State.REFUSED)
    assert is_there(stage, "pods", "web-1")


def a_failed_job(stage: Stage) -> dict[str, Any]:
    cron = stage.cluster.create(
        manifest("batch/v1", "CronJob", "nightly", spec={"schedule": "0 3 * * *"})
    )
    job = manifest("batch/v1", "Job", "nightly-1", spec={"template": {}})
    job["metadata"]["ownerReferences"] = [owner(cron)]
    made = stage.cluster.create(job)
    failed = [{"type": "Failed", "status": "True"}]
    stage.cluster.update_status({**made, "status": {"conditions": failed}})
    return made


@pytest.mark.slow
async def test_a_failed_job_is_deleted_and_its_pods_with_it(stage: Stage) -> None:
    stage.cluster.create(pod_of(a_failed_job(stage), "nightly-1-a", "job:1"))
    order = await stage.approved(DeleteJob(), stage.document("jobs.batch", "nightly-1").ref)
    await stage.until(order, State.APPLIED)
    assert not is_there(stage, "jobs.batch", "nightly-1")


async def test_a_job_on_which_somebody_has_hung_more_since_is_left(stage: Stage) -> None:
    metadata = {"ownerReferences": [owner(a_failed_job(stage))]}
    order = await stage.approved(DeleteJob(), stage.document("jobs.batch", "nightly-1").ref)
    stage.cluster.create(manifest("v1", "ConfigMap", "settings", metadata=metadata))
    await stage.until(order, State.REFUSED)
    assert is_there(stage, "jobs.batch", "nightly-1")
    said = "what it owns would go with it: ConfigMap shop/settings"
    assert said in str(stage.entries("outcome"))

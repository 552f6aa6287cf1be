"""Which revisions did well here: what was seen twice, a soak apart, and nothing else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.model.ordered import JOURNAL, JournalOrder
from holdfast.model.repairs import Action, Sight
from holdfast.model.runs import Order
from holdfast.testing.manifests import manifest
from holdfast.workflow.journal import JOURNALLING, sighted
from holdfast.workflow.leashed import schedules
from tests.workflow.executing import SECOND, Stage, a_stage

SOAK = timedelta(seconds=60)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as made:
        yield made


def revision(stage: Stage, name: str = "web-1", number: int = 1, ready: int = 2) -> str:
    """A ReplicaSet of the Deployment, and its uid."""
    web = stage.cluster.fetch("deployments.apps", "web", namespace="shop")
    owner = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "uid": web["metadata"]["uid"],
        "controller": True,
    }
    spec: dict[str, Any] = {
        "replicas": 2,
        "selector": web["spec"]["selector"],
        "template": web["spec"]["template"],
    }
    made = stage.cluster.create(
        manifest("apps/v1", "ReplicaSet", name, namespace="shop", spec=spec)
    )
    made["metadata"]["labels"] = {"pod-template-hash": name.removeprefix("web-")}
    made["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": str(number)}
    made["metadata"]["ownerReferences"] = [owner]
    made = stage.cluster.replace(made)
    stage.cluster.update_status({**made, "status": {"replicas": 2, "readyReplicas": ready}})
    return str(made["metadata"]["uid"])


async def looked(stage: Stage, *, after: timedelta = timedelta()) -> None:
    """Whoever keeps the journal looks, that much later."""
    stage.clock.advance(after)
    id_ = f"{JOURNAL}/{len(stage.runs())}"
    with stage.store.transaction() as tx:
        stage.engine.enqueue(tx, Order(id=id_, phase=JOURNAL, argument=JournalOrder()))
    async with stage.engine.running():
        while not stage.ended(id_):
            await stage.clock_moves()
    assert not stage.failed()


async def seen(stage: Stage, action: Action) -> frozenset[str]:
    told = await sighted(stage.leash, action, stage.document().ref)
    assert isinstance(told, Sight), told
    return told.healthy_before


async def test_what_did_well_a_soak_apart_is_remembered_when_its_pods_are_gone(
    stage: Stage,
) -> None:
    stage.heal()
    uid = revision(stage)
    await looked(stage)
    await looked(stage, after=SOAK)
    revision(stage, "web-2", 2, ready=0)
    back = RolloutUndo(replica_set="web-1", uid=uid)
    assert frozenset({uid}) == await seen(stage, back)
    assert frozenset() == await seen(stage, RolloutRestart(stamp="2026-01-01T12:00:00Z"))


async def test_what_was_seen_but_once_or_twice_too_soon_has_not_done_well(stage: Stage) -> None:
    stage.heal()
    uid = revision(stage)
    await looked(stage)
    assert frozenset() == await seen(stage, RolloutUndo(replica_set="web-1", uid=uid))
    await looked(stage, after=SOAK - 10 * SECOND)
    assert frozenset() == await seen(stage, RolloutUndo(replica_set="web-1", uid=uid))


async def test_a_revision_that_its_deployment_is_not_through_with_does_not_do_well(
    stage: Stage,
) -> None:
    uid = revision(stage)
    await looked(stage)
    await looked(stage, after=2 * SOAK)
    assert frozenset() == await seen(stage, RolloutUndo(replica_set="web-1", uid=uid))


@pytest.mark.parametrize("short", ["not ready", "not the newest"])
async def test_only_the_revision_that_is_wanted_now_is_meant(stage: Stage, short: str) -> None:
    stage.heal()
    uid = revision(stage, ready=1 if short == "not ready" else 2)
    if short == "not the newest":
        revision(stage, "web-2", 2)
    await looked(stage)
    await looked(stage, after=2 * SOAK)
    assert frozenset() == await seen(stage, RolloutUndo(replica_set="web-1", uid=uid))


def test_it_is_looked_again_and_again() -> None:
    assert JOURNALLING in schedules()

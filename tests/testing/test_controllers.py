"""A simulated cluster whose controllers work: what follows from a change, and when."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from holdfast.facts import CATALOGUE, judge, kinds_read
from holdfast.model.kinds import Deployment, Pod
from holdfast.model.rules import Channel
from holdfast.model.snapshot import Snapshot
from holdfast.testing.controllers import Controllers
from holdfast.testing.controllers.fates import (
    Crashes,
    Ends,
    Fate,
    Runs,
    Unpullable,
    Unready,
    by_image,
)
from holdfast.testing.documents import Json
from holdfast.testing.manifests import deployment, manifest, template
from holdfast.testing.simulated import SimulatedCluster

TABLE: dict[str, Fate] = {
    "web:crashes": Crashes(exit_code=3),
    "web:gone": Unpullable(),
    "web:unready": Unready(),
    "report:hangs": Unready(),
    "report:works": Ends(),
}


class Town:
    """A cluster with two nodes, and its controllers at work."""

    def __init__(self) -> None:
        self.cluster = SimulatedCluster()
        self.bad = dict(TABLE)
        self.cluster.create(manifest("v1", "Namespace", "shop", namespace=None))
        for name in ("node-1", "node-2"):
            self.cluster.create(manifest("v1", "Node", name, namespace=None, spec={}))
        self.controllers = Controllers(self.cluster, by_image(self.bad))

    def wait(self, seconds: float) -> None:
        self.controllers.advance(self.cluster.clock.now() + timedelta(seconds=seconds))

    def deploy(self, image: str = "web:1", replicas: int = 4) -> None:
        made = deployment("web", image, replicas)
        del made["metadata"]["annotations"]
        self.cluster.create(made)
        self.wait(10)

    def change(self, spec: Json, resource: str = "deployments", name: str = "web") -> None:
        self.cluster.patch(resource, name, {"spec": spec}, namespace="shop")

    def fetch(self, resource: str, name: str = "web") -> Json:
        return self.cluster.fetch(resource, name, namespace="shop")

    def names(self, resource: str) -> list[str]:
        listed = self.cluster.page(resource, namespace="shop")["items"]
        return [each["metadata"]["name"] for each in listed]

    def counts(self) -> tuple[int, int, int]:
        """There, new, available."""
        status = self.fetch("deployments")["status"]
        names = ("replicas", "updatedReplicas", "availableReplicas")
        there, new, available = (status.get(name, 0) for name in names)
        return there, new, available

    def condition(self, kind: str) -> tuple[str, str]:
        conditions = self.fetch("deployments")["status"]["conditions"]
        found = next(each for each in conditions if each["type"] == kind)
        return found["status"], found["reason"]

    async def codes(self) -> set[str]:
        captures = [await self.cluster.list(kind) for kind in kinds_read(CATALOGUE)]
        judged = judge(Snapshot(now=await self.cluster.now(), captures=captures))
        return {found.code for found in judged.findings if found.channel is Channel.INCIDENT}


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_new_deployment_gets_its_pods_and_says_so(town: Town) -> None:
    town.deploy()
    made = town.fetch("deployments")
    assert (4, 4, 4) == town.counts()
    assert made["metadata"]["generation"] == made["status"]["observedGeneration"]
    assert ("True", "MinimumReplicasAvailable") == town.condition("Available")
    assert ("True", "NewReplicaSetAvailable") == town.condition("Progressing")
    assert "1" == made["metadata"]["annotations"]["deployment.kubernetes.io/revision"]


@pytest.mark.parametrize("change", ["image", "stamp"])
def test_a_changed_template_rolls_out_and_enough_is_there_all_the_time(
    town: Town, change: str
) -> None:
    town.deploy()
    before = set(town.names("pods"))
    wanted = template("web", "web:2" if change == "image" else "web:1")
    if change == "stamp":
        wanted["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}
    town.change({"template": wanted})
    for _ in range(20):
        town.wait(1)
        there, _, available = town.counts()
        assert available >= 3
        assert there <= 5
    assert (4, 4, 4) == town.counts()
    assert not before & set(town.names("pods"))
    assert 2 == len(town.names("replicasets"))


@pytest.mark.parametrize(
    ("image", "code"),
    [("web:crashes", "HF-WRK-020"), ("web:gone", "HF-WRK-013"), ("web:unready", "HF-WRK-010")],
)
async def test_a_bad_template_is_stuck_and_the_way_back_heals_it(
    town: Town, image: str, code: str
) -> None:
    town.deploy()
    town.change({"template": template("web", image)})
    town.wait(300)
    assert (5, 2, 3) == town.counts()
    assert ("True", "ReplicaSetUpdated") == town.condition("Progressing")
    town.wait(700)
    assert ("False", "ProgressDeadlineExceeded") == town.condition("Progressing")
    assert code in await town.codes()
    town.change({"template": template("web", "web:1")})
    town.wait(10)
    assert (4, 4, 4) == town.counts()
    revision = town.fetch("deployments")["metadata"]["annotations"]
    assert "3" == revision["deployment.kubernetes.io/revision"]
    assert set() == await town.codes()


def test_an_image_that_was_good_can_turn_bad_for_new_pods_alone(town: Town) -> None:
    town.deploy()
    town.bad["web:1"] = Crashes()
    town.wait(100)
    assert (4, 4, 4) == town.counts()
    town.change({"replicas": 5})
    town.wait(100)
    assert (5, 5, 4) == town.counts()


def test_an_evicted_pod_goes_and_another_comes(town: Town) -> None:
    town.deploy()
    gone, *_ = town.names("pods")
    town.cluster.delete("pods", gone, namespace="shop")
    town.wait(0)
    assert gone in town.names("pods")  # it has a moment to stop in
    assert 5 == len(town.names("pods"))
    town.wait(5)
    assert gone not in town.names("pods")
    assert (4, 4, 4) == town.counts()


@pytest.mark.parametrize("wanted", [1, 6, 0])
def test_what_is_scaled_has_that_many(town: Town, wanted: int) -> None:
    town.deploy()
    town.cluster.patch(
        "deployments", "web", {"spec": {"replicas": wanted}}, namespace="shop", subresource="scale"
    )
    town.wait(10)
    assert (wanted, wanted, wanted) == town.counts()
    assert wanted == len(town.names("pods"))


def test_what_is_not_ready_goes_first(town: Town) -> None:
    town.deploy()
    town.bad["web:1"] = Crashes()
    town.change({"replicas": 5})
    town.wait(10)
    town.change({"replicas": 4})
    town.wait(10)
    assert (4, 4, 4) == town.counts()


async def test_a_quota_keeps_pods_from_being_made_until_it_is_gone(town: Town) -> None:
    town.cluster.create(manifest("v1", "ResourceQuota", "few", spec={"hard": {"pods": "2"}}))
    town.deploy()
    town.wait(600)
    assert (2, 2, 2) == town.counts()
    assert ("True", "FailedCreate") == town.condition("ReplicaFailure")
    assert {"pods": "2"} == town.fetch("resourcequotas", "few")["status"]["used"]
    assert {"HF-CAP-001"} <= await town.codes()
    town.cluster.delete("resourcequotas", "few", namespace="shop")
    town.wait(10)
    assert (4, 4, 4) == town.counts()
    conditions = town.fetch("deployments")["status"]["conditions"]
    assert {"Available", "Progressing"} == {each["type"] for each in conditions}


def a_cron_job(image: str) -> Json:
    spec = template("report", image)["spec"]
    pod: dict[str, Any] = {"metadata": {}, "spec": {**spec, "restartPolicy": "Never"}}
    return manifest(
        "batch/v1",
        "CronJob",
        "report",
        spec={
            "schedule": "*/5 * * * *",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"template": pod}},
        },
    )


def test_a_cron_job_runs_when_it_is_due(town: Town) -> None:
    town.cluster.create(a_cron_job("report:works"))
    town.wait(660)
    assert 2 == len(town.names("jobs"))
    for name in town.names("jobs"):
        assert 1 == town.fetch("jobs", name)["status"]["succeeded"]


def test_a_run_that_hangs_holds_the_next_until_it_is_deleted(town: Town) -> None:
    town.cluster.create(a_cron_job("report:hangs"))
    town.wait(1300)
    (hangs,) = town.names("jobs")
    assert 1 == town.fetch("jobs", hangs)["status"]["active"]
    town.bad["report:hangs"] = Ends()
    town.cluster.delete("jobs", hangs, namespace="shop")
    town.wait(60)
    (after,) = town.names("jobs")
    assert hangs != after
    assert 1 == town.fetch("jobs", after)["status"]["succeeded"]


def test_a_taint_follows_whether_a_node_takes_pods(town: Town) -> None:
    gpu = {"key": "example.com/gpu", "effect": "NoSchedule"}
    spec = {"taints": [gpu], "unschedulable": True}
    town.cluster.create(manifest("v1", "Node", "node-9", namespace=None, spec=spec))
    town.wait(0)
    keys = [each["key"] for each in town.cluster.fetch("nodes", "node-9")["spec"]["taints"]]
    town.cluster.patch("nodes", "node-9", {"spec": {"unschedulable": None}})
    town.wait(0)
    assert ["example.com/gpu", "node.kubernetes.io/unschedulable"] == keys
    assert [gpu] == town.cluster.fetch("nodes", "node-9")["spec"]["taints"]


def test_everything_happens_at_its_own_moment_whenever_it_is_looked_at() -> None:
    at_once, by_and_by = Town(), Town()
    for each in (at_once, by_and_by):
        each.deploy()
        each.change({"template": template("web", "web:2")})
    at_once.wait(60)
    for _ in range(60):
        by_and_by.wait(1)
    assert at_once.cluster.dump() == by_and_by.cluster.dump()


async def test_whoever_asks_finds_it_as_it_is_by_then(town: Town) -> None:
    town.deploy()
    times = iter(town.cluster.clock.now() + timedelta(seconds=n) for n in (0, 1, 2, 60, 61))

    def now() -> datetime:
        return next(times)

    town.controllers.follow(now)
    town.change({"template": template("web", "web:2")})
    seen = await town.cluster.get(Deployment, "shop", "web")
    assert isinstance(seen, Deployment)
    assert 2 == seen.status.updated_replicas
    await town.cluster.list(Pod)
    later = await town.cluster.get(Deployment, "shop", "web")
    assert isinstance(later, Deployment)
    assert (4, 4) == (later.status.updated_replicas, later.status.available_replicas)


def test_a_pod_runs_unless_the_table_says_otherwise() -> None:
    fates = by_image(TABLE)
    pod = {"spec": {"containers": [{"image": "web:1"}]}}
    assert Runs() == fates(pod)

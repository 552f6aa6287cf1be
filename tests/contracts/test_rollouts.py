"""How Deployments roll, by the real controllers and by those of the simulated cluster.

There is no kubelet on either side: the test says which pods are ready.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from holdfast.testing.controllers import Controllers
from holdfast.testing.controllers.fates import by_image
from holdfast.testing.documents import Json
from holdfast.testing.simulated import SimulatedCluster
from tests.contracts.conftest import WAYS
from tests.contracts.driver import Driver, a_deployment
from tests.contracts.ways import Way, eventually, on_the_lab, over_http

COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
REVISION = "deployment.kubernetes.io/revision"


@pytest.fixture(params=WAYS[1:])
async def driver(request: pytest.FixtureRequest) -> AsyncIterator[Driver]:
    async with AsyncExitStack() as stack:
        if request.param == "http":
            cluster = SimulatedCluster()
            Controllers(cluster, by_image({})).follow(cluster.clock.now)
            ground = await over_http(cluster, stack)
        else:
            ground = on_the_lab(request.getfixturevalue("lab"), stack)
        way = Way(ground)
        await way.open()
        stack.push_async_callback(way.close)
        yield way.driver


async def told(driver: Driver) -> Json:
    """What there is of the Deployment, by its own word and by that of its ReplicaSets."""
    web = await driver.get("deployments", "web")
    status = web.get("status") or {}
    sets = (await driver.listing("replicasets"))["items"]
    return {
        "seen": status.get("observedGeneration") == web["metadata"]["generation"],
        "revision": (web["metadata"].get("annotations") or {}).get(REVISION),
        "counts": tuple(status.get(name, 0) for name in COUNTS),
        "conditions": {
            (each["type"], each["status"], each["reason"]) for each in status.get("conditions", ())
        },
        "sets": {
            each["metadata"]["annotations"][REVISION]: (
                each["spec"]["replicas"],
                each["status"].get("readyReplicas", 0),
            )
            for each in sets
        },
    }


async def reads(driver: Driver, **wanted: object) -> Json:
    """Wait until it says that, and everything has been seen."""
    wanted = {**wanted, "seen": True}
    return await eventually(lambda: told(driver), lambda now: wanted.items() <= now.items())


async def pods(driver: Driver, image: str) -> Sequence[Json]:
    items = (await driver.listing("pods"))["items"]
    return [each for each in items if _image(each) == image]


def _image(of: Json) -> str:
    return str(of["spec"]["containers"][0]["image"])


async def get_ready(driver: Driver, image: str) -> None:
    """Every pod of that image, once all that are wanted are there, is ready from now on."""

    async def all_there() -> Sequence[Json]:
        sets = (await driver.listing("replicasets"))["items"]
        of_it = [each["spec"] for each in sets if _image(each["spec"]["template"]) == image]
        there = await pods(driver, image)
        return there if len(there) >= sum(each["replicas"] for each in of_it) else ()

    since = "2026-01-01T00:00:00Z"
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": since}
    status = {"status": {"phase": "Running", "conditions": [ready]}}
    for pod in await eventually(all_there, bool):
        name = pod["metadata"]["name"]
        await driver.send("patch", "pods", name, subresource="status", body=status)


def a_template(image: str) -> Json:
    containers = [{"name": "app", "image": image}]
    spec = {"schedulerName": "nobody", "containers": containers}
    return {"metadata": {"labels": {"app": "web"}}, "spec": spec}


async def deploy(driver: Driver) -> None:
    web = a_deployment()
    web["spec"] = {**web["spec"], "replicas": 4, "template": a_template("app:1")}
    await driver.create("deployments", web)
    await reads(driver, counts=(4, 4, 0, 0))


async def change(driver: Driver, image: str) -> None:
    await driver.patch("deployments", "web", {"spec": {"template": a_template(image)}})


async def test_a_birth_is_told_before_and_after_its_pods_are_ready(driver: Driver) -> None:
    await deploy(driver)
    born = await told(driver)
    assert {
        ("Available", "False", "MinimumReplicasUnavailable"),
        ("Progressing", "True", "ReplicaSetUpdated"),
    } == born["conditions"]
    assert ("1", {"1": (4, 0)}) == (born["revision"], born["sets"])
    await get_ready(driver, "app:1")
    well = await reads(driver, counts=(4, 4, 4, 4), sets={"1": (4, 4)})
    assert {
        ("Available", "True", "MinimumReplicasAvailable"),
        ("Progressing", "True", "NewReplicaSetAvailable"),
    } == well["conditions"]


async def test_a_rollout_goes_as_far_as_its_pods_are_ready_and_the_way_back_is_the_third_revision(
    driver: Driver,
) -> None:
    await deploy(driver)
    await get_ready(driver, "app:1")
    await reads(driver, counts=(4, 4, 4, 4))
    await change(driver, "app:2")
    half = await reads(driver, counts=(5, 2, 3, 3), sets={"1": (3, 3), "2": (2, 0)})
    assert {
        ("Available", "True", "MinimumReplicasAvailable"),
        ("Progressing", "True", "ReplicaSetUpdated"),
    } == half["conditions"]
    await change(driver, "app:1")
    back = await reads(driver, counts=(4, 4, 3, 3), sets={"3": (4, 3), "2": (0, 0)})
    assert "3" == back["revision"]
    await get_ready(driver, "app:1")
    well = await reads(driver, counts=(4, 4, 4, 4), sets={"3": (4, 4), "2": (0, 0)})
    assert ("Progressing", "True", "NewReplicaSetAvailable") in well["conditions"]


async def test_a_rollout_whose_pods_get_ready_is_through(driver: Driver) -> None:
    await deploy(driver)
    await get_ready(driver, "app:1")
    await reads(driver, counts=(4, 4, 4, 4))
    await change(driver, "app:2")
    await reads(driver, sets={"1": (3, 3), "2": (2, 0)})
    await get_ready(driver, "app:2")
    await reads(driver, sets={"1": (1, 1), "2": (4, 2)})
    await get_ready(driver, "app:2")
    await reads(driver, counts=(4, 4, 4, 4), sets={"1": (0, 0), "2": (4, 4)})
    assert [] == [*await pods(driver, "app:1")]


async def test_a_scale_takes_what_is_not_ready_first(driver: Driver) -> None:
    await deploy(driver)
    await get_ready(driver, "app:1")
    await reads(driver, counts=(4, 4, 4, 4))
    await driver.patch("deployments", "web", {"spec": {"replicas": 6}}, subresource="scale")
    await reads(driver, counts=(6, 6, 4, 4))
    await driver.patch("deployments", "web", {"spec": {"replicas": 3}}, subresource="scale")
    await reads(driver, counts=(3, 3, 3, 3), sets={"1": (3, 3)})


SET_COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas")


async def told_of_set(driver: Driver) -> Json:
    """What a StatefulSet says, and whether all of it is of one revision."""
    there = await driver.get("statefulsets", "db")
    status = there.get("status") or {}
    return {
        "seen": status.get("observedGeneration") == there["metadata"]["generation"],
        "counts": tuple(status.get(name, 0) for name in SET_COUNTS),
        "one": status.get("currentRevision") == status.get("updateRevision"),
        "pods": sorted(p["metadata"]["name"] for p in (await driver.listing("pods"))["items"]),
    }


async def set_reads(driver: Driver, **wanted: object) -> None:
    wanted = {**wanted, "seen": True}
    await eventually(lambda: told_of_set(driver), lambda now: wanted.items() <= now.items())


async def test_a_stateful_set_goes_pod_by_pod(driver: Driver) -> None:
    spec = {
        "replicas": 2,
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "web"}},
        "template": a_template("app:1"),
    }
    made = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}}
    await driver.create("statefulsets", {**made, "spec": spec})
    await set_reads(driver, counts=(1, 0, 1, 1), pods=["db-0"], one=True)
    await get_ready(driver, "app:1")
    await set_reads(driver, counts=(2, 1, 2, 2), pods=["db-0", "db-1"])
    await get_ready(driver, "app:1")
    await set_reads(driver, counts=(2, 2, 2, 2), one=True)
    change = {"spec": {"template": a_template("app:2")}}
    await driver.patch("statefulsets", "db", change)
    await set_reads(driver, counts=(2, 1, 1, 1), one=False)
    await get_ready(driver, "app:2")
    await set_reads(driver, counts=(2, 1, 0, 2), one=False)
    await get_ready(driver, "app:2")
    await set_reads(driver, counts=(2, 2, 2, 2), one=True)
    assert [] == [*await pods(driver, "app:1")]
    await driver.patch("statefulsets", "db", {"spec": {"replicas": 1}}, subresource="scale")
    await set_reads(driver, counts=(1, 1, 1, 1), pods=["db-0"])


async def test_an_evicted_pod_is_made_anew(driver: Driver) -> None:
    await deploy(driver)
    first, *_ = await pods(driver, "app:1")
    name = first["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    await driver.done("create", "pods", name, subresource="eviction", body=eviction)
    names = await eventually(
        lambda: pods(driver, "app:1"),
        lambda there: len(there) == 4 and name not in [p["metadata"]["name"] for p in there],
    )
    assert 4 == len(names)


async def test_a_quota_refuses_pods_until_it_is_gone(driver: Driver) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    await driver.create("resourcequotas", {**quota, "spec": {"hard": {"pods": "2"}}})
    await eventually(
        lambda: driver.get("resourcequotas", "few"),
        lambda seen: "used" in (seen.get("status") or {}),
    )
    web = a_deployment()
    web["spec"] = {**web["spec"], "replicas": 3, "template": a_template("app:1")}
    await driver.create("deployments", web)
    short = await reads(driver, counts=(2, 2, 0, 0))
    assert ("ReplicaFailure", "True", "FailedCreate") in short["conditions"]
    await driver.delete("resourcequotas", "few")
    well = await reads(driver, counts=(3, 3, 0, 0))
    assert "ReplicaFailure" not in {each[0] for each in well["conditions"]}

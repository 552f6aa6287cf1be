from holdfast.facts import CATALOGUE, judge, kinds_read
from holdfast.model.rules import Channel, Finding
from holdfast.model.snapshot import Snapshot
from holdfast.testing.clock import NOON
from holdfast.testing.documents import Json
from holdfast.testing.shop import LENGTH, NAMESPACE, a_shop, a_well_shop
from holdfast.testing.simulated import SimulatedCluster


async def look(cluster: SimulatedCluster) -> Snapshot:
    captures = [await cluster.list(kind) for kind in kinds_read(CATALOGUE)]
    return Snapshot(now=await cluster.now(), captures=captures)


def hurts(finding: Finding) -> bool:
    return finding.channel is Channel.INCIDENT


async def test_has_three_faults_and_no_other() -> None:
    found = {(f.code, f.about.name) for f in judge(await look(a_shop())).findings if hurts(f)}
    assert {
        ("HF-STO-001", "reports-data"),
        ("HF-WRK-001", "reports-0"),
        ("HF-WRK-060", "reports"),
        ("HF-WRK-013", "checkout-7b98d6f5c4-m4kq8"),
        ("HF-WRK-013", "checkout-7b98d6f5c4-tz6wd"),
        ("HF-WRK-010", "checkout"),
        ("HF-WRK-050", "checkout"),
    } == found


async def test_a_rollout_that_moves_is_no_fault_yet() -> None:
    young = [(f.code, f.about.name) for f in judge(await look(a_shop())).young if hurts(f)]
    assert 1 == young.count(("HF-WRK-010", "cart"))
    assert {"HF-WRK-010", "HF-WRK-034"} == {code for code, _ in young}  # and its new pods
    assert all(name.startswith("cart") for _, name in young)


async def test_on_a_good_day_nothing_hurts_although_something_looks_like_it() -> None:
    judged = judge(await look(a_well_shop()))
    assert [] == [f.code for f in judged.findings if hurts(f)]
    young = {f.about.name.partition("-")[0] for f in judged.young if hurts(f)}
    assert {"cart"} == young


def test_is_told_up_to_the_moment_that_was_asked_for() -> None:
    assert NOON == a_shop(now=NOON).clock.now()


def test_is_the_same_shop_each_time() -> None:
    assert a_shop().dump() == a_shop().dump()


def objects(cluster: SimulatedCluster) -> list[tuple[str, Json]]:
    return [
        (key[0], document)
        for key, document in cluster.server.store.everything()
        if key[1] == NAMESPACE
    ]


def test_every_owner_is_there_under_its_uid() -> None:
    cluster = a_shop()
    there = {d["metadata"]["uid"]: d["metadata"]["name"] for _, d in objects(cluster)}
    owners = [o for _, d in objects(cluster) for o in d["metadata"].get("ownerReferences", ())]
    assert len(owners) >= 16
    assert all(there.get(owner["uid"]) == owner["name"] for owner in owners)


def test_nothing_was_written_before_the_story_began_or_after_it_ended() -> None:
    cluster = a_shop()
    first, last = NOON - LENGTH, NOON
    born = [d["metadata"]["creationTimestamp"] for _, d in objects(cluster)]
    told = f"{first:%Y-%m-%dT%H:%M:%SZ}", f"{last:%Y-%m-%dT%H:%M:%SZ}"
    assert told[0] == min(born)
    assert max(born) < told[1]


def test_counts_of_replicas_agree_with_the_pods_that_are_there() -> None:
    cluster = a_shop()
    for name in ("web", "cart", "checkout", "legacy"):
        deployment = cluster.fetch("deployments", name, namespace=NAMESPACE)
        selector = f"app={name}"
        pods = cluster.page("pods", namespace=NAMESPACE, labelSelector=selector)["items"]
        ready = [p for p in pods if p["status"]["phase"] == "Running"]
        status = deployment["status"]
        counted = (status.get("replicas", 0), status.get("readyReplicas", 0))
        assert (len(pods), len(ready)) == counted, name


def test_events_name_the_objects_that_they_are_about() -> None:
    cluster = a_shop()
    there = {d["metadata"]["uid"] for _, d in objects(cluster)}
    events = cluster.page("events", namespace=NAMESPACE)["items"]
    assert len(events) >= 5
    assert all(event["involvedObject"]["uid"] in there for event in events)

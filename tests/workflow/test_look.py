from collections import Counter
from datetime import timedelta

import pytest

from holdfast.errors import CouldNotLook, NoSuchNamespace, Unanswered, Unreachable
from holdfast.facts import CATALOGUE, judge, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Claim, Namespace, Node, Pod, StorageClass
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Rule
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.ports import Arrived, nobody_waits
from holdfast.testing.resources import BUILT_IN
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.look import look

BUILT = {(resource.group, resource.plural) for resource in BUILT_IN}
SERVED = [kind for kind in kinds_read() if (kind.api.group, kind.api.plural) in BUILT]


def unseen(snapshot: Snapshot) -> set[str]:
    """What is blind although the server has it."""
    return {b.plural for b in judge(snapshot).blind if b.state is not State.ABSENT}


@pytest.fixture
def shop() -> SimulatedCluster:
    return a_shop()


async def test_a_look_asks_once_for_each_kind(shop: SimulatedCluster) -> None:
    before = len(shop.audit)

    await look(shop, kinds=kinds_read())

    listed = [r.resource for r in shop.audit[before:] if r.verb == "list"]
    assert sorted(listed) == sorted(kind.api.resource for kind in kinds_read())
    assert {r.name for r in shop.audit[before:] if r.verb == "get"} <= {"", "kube-system"}


async def test_whoever_waits_hears_of_every_object_as_it_arrives(shop: SimulatedCluster) -> None:
    heard: Counter[type[Object]] = Counter()

    def arriving(kind: type[Object], count: int) -> None:
        heard[kind] += count

    snapshot = await look(shop, kinds=[Pod, Claim], arriving=arriving)

    assert heard == {kind: len(snapshot.all(kind)) for kind in (Pod, Claim)}


async def test_what_hurts_in_the_shop_is_found_and_nothing_else(shop: SimulatedCluster) -> None:
    snapshot = await look(shop, kinds=kinds_read())

    found = {
        (f.code, f.about.name.rsplit("-", 1)[0])
        for f in judge(snapshot).findings
        if f.channel is Channel.INCIDENT
    }

    assert found == {
        ("HF-STO-001", "reports"),
        ("HF-WRK-001", "reports"),
        ("HF-WRK-060", "reports"),
        ("HF-WRK-013", "checkout-7b98d6f5c4"),
        ("HF-WRK-010", "checkout"),
        ("HF-WRK-050", "checkout"),
    }


async def test_exactly_the_generated_role_leaves_nothing_blind(shop: SimulatedCluster) -> None:
    shop.grant(reader_role(), user="reader")

    snapshot = await look(shop.as_user("reader"), kinds=kinds_read())

    assert unseen(snapshot) == {"secrets"}
    assert snapshot.cluster.uid


@pytest.mark.slow
@pytest.mark.parametrize("kind", SERVED, ids=lambda k: k.api.plural)
async def test_each_right_that_is_taken_away_becomes_blind(
    shop: SimulatedCluster, kind: type[Object]
) -> None:
    role = reader_role()
    for rule in role["rules"]:  # type: ignore[attr-defined]
        if rule["apiGroups"] == [kind.api.group] and rule["verbs"] != ["get"]:
            rule["resources"] = [name for name in rule["resources"] if name != kind.api.plural]
    shop.grant(role, user="reader")

    snapshot = await look(shop.as_user("reader"), kinds=kinds_read())

    assert unseen(snapshot) == {"secrets", kind.api.plural}


async def test_a_namespace_alone_is_looked_at_alone(shop: SimulatedCluster) -> None:
    snapshot = await look(shop, kinds=[Pod, StorageClass], namespaces=("kube-system",))

    assert {pod.metadata.namespace for pod in snapshot.all(Pod)} <= {"kube-system"}
    assert snapshot.blind([Pod], namespace="shop") != ()
    assert snapshot.sees(StorageClass)


async def test_of_namespaces_only_those_are_told_of_that_were_asked_for(
    shop: SimulatedCluster,
) -> None:
    for name in ("ours", "theirs"):
        metadata = {"name": name, "finalizers": ["example.com/wait"]}
        shop.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        shop.delete("namespaces", name)
    shop.clock.advance(timedelta(hours=1))

    def stuck(snapshot: Snapshot) -> set[str]:
        found = judge(snapshot, _rules("namespace_stuck_terminating")).findings
        return {each.about.name for each in found}

    everywhere = await look(shop, kinds=[Pod, Namespace])
    here = await look(shop, kinds=[Pod, Namespace], namespaces=("ours",))
    assert (stuck(everywhere), stuck(here)) == ({"ours", "theirs"}, {"ours"})
    assert stuck(everywhere.within_namespaces(("theirs",))) == {"theirs"}


async def test_a_namespace_that_does_not_exist_is_an_error(shop: SimulatedCluster) -> None:
    with pytest.raises(NoSuchNamespace, match="'shpo'"):
        await look(shop, kinds=[Pod], namespaces=("shop", "shpo"))


async def test_what_one_namespace_forbids_does_not_hide_the_other(shop: SimulatedCluster) -> None:
    shop.grant(reader_role(namespace="shop"), user="reader", namespace="shop")

    snapshot = await look(
        shop.as_user("reader"), kinds=[Pod, Claim], namespaces=("shop", "kube-system")
    )

    capture = snapshot.capture(Pod)
    assert capture.state is State.FORBIDDEN
    assert capture.namespaces == ("shop",)
    assert {f.code for f in judge(snapshot, _rules("image_not_found")).findings} == {"HF-WRK-013"}


async def test_a_namespace_that_may_not_be_asked_about_and_shows_nothing_is_no_healthy_one(
    shop: SimulatedCluster,
) -> None:
    pods = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    role = {**reader_role(name="pods"), "rules": [pods]}
    shop.grant(role, user="few")
    few = shop.as_user("few")

    with pytest.raises(CouldNotLook, match="'shpo', and whether it exists"):
        await look(few, kinds=[Pod], namespaces=("shpo",))
    assert (await look(few, kinds=[Pod], namespaces=("shop",))).all(Pod)


async def test_a_namespace_in_which_nothing_may_be_read_is_no_healthy_one(
    shop: SimulatedCluster,
) -> None:
    few = {"apiGroups": [""], "resources": ["nodes", "namespaces"], "verbs": ["get", "list"]}
    shop.grant({**reader_role(), "rules": [few]}, user="few")
    with pytest.raises(CouldNotLook, match=r"Nothing may be read in shop: .*forbidden"):
        await look(shop.as_user("few"), kinds=[Pod, Node, Namespace], namespaces=("shop",))


async def test_blind_names_the_namespace_that_was_not_seen(shop: SimulatedCluster) -> None:
    shop.grant(reader_role(namespace="shop"), user="reader", namespace="shop")

    snapshot = await look(shop.as_user("reader"), kinds=[Pod], namespaces=("shop",))
    both = Capture(kind=Pod, state=State.FORBIDDEN, namespaces=("shop",), unseen=("bank",))

    assert snapshot.blind([Pod]) == ()
    assert Snapshot(now=snapshot.now, captures=[both]).blind([Pod])[0].namespaces == ("bank",)


async def test_a_role_without_any_right_is_no_healthy_cluster(shop: SimulatedCluster) -> None:
    with pytest.raises(CouldNotLook, match="Nothing may be read here") as refused:
        await look(shop.as_user("nobody"), kinds=kinds_read())

    assert "holdfast rbac reader" in refused.value.remedy
    missing = f"the right to list pods and {len(kinds_read()) - 1} other kinds is missing"
    assert missing in refused.value.wrong


class Stumbling(SimulatedCluster):
    """A cluster that cannot list claims, for no fault of the reader's."""

    broken: type[CouldNotLook] = Unanswered

    async def list[K: Object](
        self, kind: type[K], namespace: str | None = None, arrived: Arrived = nobody_waits
    ) -> Capture[K]:
        if kind is Claim:
            raise self.broken("The API server answered 500.", remedy="Try again.")
        return await super().list(kind, namespace, arrived)


@pytest.mark.parametrize("broken", [Unanswered, Unreachable])
async def test_one_kind_that_fails_is_partial_and_the_others_are_seen(
    shop: SimulatedCluster, broken: type[CouldNotLook]
) -> None:
    cluster = Stumbling(server=shop.server)
    cluster.broken = broken
    snapshot = await look(cluster, kinds=kinds_read())

    assert snapshot.capture(Claim).state is State.PARTIAL
    assert snapshot.sees(Pod)


def _rules(*names: str) -> list[Rule]:
    return [rule for rule in CATALOGUE if rule.name in names]

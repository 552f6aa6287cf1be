"""What a follower hears: everything once, then every change, through all that may happen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.model.kinds import Claim, Pod, Secret
from holdfast.model.objects import Object
from holdfast.model.snapshot import State
from holdfast.ports import Cluster, News, Put, Relisted, Removed
from tests.contracts.driver import Driver, a_claim, a_gadget, a_pod, a_secret
from tests.contracts.gadgets import gadgets_of, group_of, serve_gadgets
from tests.contracts.ways import Way, a_namespace

PATIENCE = 20  # seconds until a follower counts as deaf


class Ear[K: Object]:
    """Somebody who follows a kind, and what they hear next."""

    def __init__(self, news: AsyncIterator[News[K]]) -> None:
        self._news = news

    async def next(self) -> News[K]:
        async with asyncio.timeout(PATIENCE):
            return await anext(self._news)

    async def until_relisted(self, state: State) -> Relisted[K]:
        """Skip to the list that says so."""
        while True:
            heard = await self.next()
            if isinstance(heard, Relisted) and heard.capture.state is state:
                return heard


@asynccontextmanager
async def following[K: Object](
    reader: Cluster, kind: type[K], namespace: str
) -> AsyncIterator[Ear[K]]:
    """Follow until the test is done."""
    news = reader.follow(kind, namespace)
    try:
        yield Ear(news)
    finally:
        await news.aclose()  # type: ignore[attr-defined]  # every follow is an async generator


async def test_begins_with_everything_that_is_there(reader: Cluster, driver: Driver) -> None:
    await driver.create("persistentvolumeclaims", a_claim())
    async with following(reader, Claim, driver.namespace) as ear:
        first = await ear.next()
    assert isinstance(first, Relisted)
    assert ["data"] == [claim.metadata.name for claim in first.capture.objects]


async def test_hears_of_a_new_object(reader: Cluster, driver: Driver) -> None:
    async with following(reader, Claim, driver.namespace) as ear:
        await ear.next()
        await driver.create("persistentvolumeclaims", a_claim())
        heard = await ear.next()
    assert isinstance(heard, Put)
    assert ("data", "Pending") == (heard.object.metadata.name, heard.object.status.phase)


async def test_hears_of_a_change(reader: Cluster, driver: Driver) -> None:
    await driver.create("pods", a_pod())
    async with following(reader, Pod, driver.namespace) as ear:
        await ear.next()
        await driver.patch("pods", "web", {"metadata": {"labels": {"seen": "yes"}}})
        heard = await ear.next()
    assert isinstance(heard, Put)
    assert {"seen": "yes"} == heard.object.metadata.labels


async def test_hears_of_a_new_status(reader: Cluster, driver: Driver) -> None:
    await driver.create("pods", a_pod())
    async with following(reader, Pod, driver.namespace) as ear:
        await ear.next()
        status = {"status": {"phase": "Failed", "reason": "Evicted"}}
        await driver.patch("pods", "web", status, subresource="status")
        heard = await ear.next()
    assert isinstance(heard, Put)
    assert ("Failed", "Evicted") == (heard.object.status.phase, heard.object.status.reason)


async def test_hears_of_a_removal(reader: Cluster, driver: Driver) -> None:
    made = await driver.create("secrets", a_secret())
    async with following(reader, Secret, driver.namespace) as ear:
        await ear.next()
        await driver.delete("secrets", "credentials")
        heard = await ear.next()
    assert isinstance(heard, Removed)
    assert made["metadata"]["uid"] == heard.object.metadata.uid


async def test_a_pod_is_heard_to_be_going_before_it_is_gone(
    reader: Cluster, driver: Driver
) -> None:
    await driver.create("pods", a_pod())
    async with following(reader, Pod, driver.namespace) as ear:
        await ear.next()
        await driver.delete("pods", "web")
        going, gone = await ear.next(), await ear.next()
    assert isinstance(going, Put)
    assert going.object.metadata.deletion_timestamp is not None
    assert isinstance(gone, Removed)


async def test_hears_first_that_an_object_is_going_and_then_that_it_is_gone(
    reader: Cluster, driver: Driver
) -> None:
    await driver.create("pods", a_pod(finalizers=["example.com/wait"]))
    async with following(reader, Pod, driver.namespace) as ear:
        await ear.next()
        await driver.delete("pods", "web")
        going = await ear.next()
        await driver.patch("pods", "web", {"metadata": {"finalizers": None}})
        gone = await ear.next()
    assert isinstance(going, Put)
    assert going.object.metadata.deletion_timestamp is not None
    assert isinstance(gone, Removed)


async def test_an_object_made_anew_under_its_name_is_another(
    reader: Cluster, driver: Driver
) -> None:
    async with following(reader, Secret, driver.namespace) as ear:
        await ear.next()
        await driver.create("secrets", a_secret())
        await driver.delete("secrets", "credentials")
        await driver.create("secrets", a_secret())
        heard = [await ear.next() for _ in range(3)]
    assert [Put, Removed, Put] == [type(each) for each in heard]
    first, last = heard[0], heard[2]
    assert isinstance(first, Put)
    assert isinstance(last, Put)
    assert first.object.metadata.uid != last.object.metadata.uid


async def test_hears_nothing_of_other_namespaces(reader: Cluster, driver: Driver) -> None:
    other = f"{driver.namespace}-b"
    await driver.create("namespaces", a_namespace(other))
    async with following(reader, Claim, driver.namespace) as ear:
        await ear.next()
        await driver.create("persistentvolumeclaims", a_claim("there"), namespace=other)
        await driver.create("persistentvolumeclaims", a_claim("here"))
        heard = await ear.next()
    assert isinstance(heard, Put)
    assert "here" == heard.object.metadata.name


async def test_changes_are_heard_in_their_order(reader: Cluster, driver: Driver) -> None:
    names = [f"claim-{n}" for n in range(8)]
    async with following(reader, Claim, driver.namespace) as ear:
        await ear.next()
        for name in names:
            await driver.create("persistentvolumeclaims", a_claim(name))
        heard = [await ear.next() for _ in names]
    assert names == [each.object.metadata.name for each in heard if isinstance(each, Put)]


async def test_two_followers_hear_the_same(reader: Cluster, driver: Driver) -> None:
    async with (
        following(reader, Claim, driver.namespace) as one,
        following(reader, Claim, driver.namespace) as other,
    ):
        await asyncio.gather(one.next(), other.next())
        await driver.create("persistentvolumeclaims", a_claim())
        heard = await asyncio.gather(one.next(), other.next())
    assert heard[0] == heard[1]


async def test_secrets_are_followed_by_their_metadata_alone(
    reader: Cluster, driver: Driver
) -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"password":"hunter2-canary"}'}
    async with following(reader, Secret, driver.namespace) as ear:
        await ear.next()
        await driver.create("secrets", a_secret(annotations=applied))
        heard = await ear.next()
    assert isinstance(heard, Put)
    assert "credentials" == heard.object.metadata.name
    assert "canary" not in repr(heard)


async def test_a_forbidden_kind_is_said_to_be_so(way: Way) -> None:
    reader = await way.reader(way.somebody)
    async with following(reader, Pod, way.namespace) as ear:
        first = await ear.next()
    assert isinstance(first, Relisted)
    assert State.FORBIDDEN is first.capture.state
    assert f'User "{way.somebody}" cannot list resource "pods"' in first.capture.why


async def test_a_kind_that_is_not_served_is_said_to_be_so(way: Way, reader: Cluster) -> None:
    async with following(reader, gadgets_of(way), way.namespace) as ear:
        first = await ear.next()
    assert isinstance(first, Relisted)
    assert State.ABSENT is first.capture.state


async def test_a_kind_is_heard_from_when_it_may_be_read(way: Way, driver: Driver) -> None:
    reader = await way.reader(way.somebody)
    await driver.create("pods", a_pod())
    async with following(reader, Pod, way.namespace) as ear:
        await ear.until_relisted(State.FORBIDDEN)
        await way.grant("pods", "list watch", kind="Role")
        granted = await ear.until_relisted(State.CAPTURED)
    assert ["web"] == [pod.metadata.name for pod in granted.capture.objects]


async def test_a_kind_is_heard_from_when_it_is_served(way: Way, reader: Cluster) -> None:
    async with following(reader, gadgets_of(way), way.namespace) as ear:
        await ear.until_relisted(State.ABSENT)
        resource = await serve_gadgets(way)
        await ear.until_relisted(State.CAPTURED)
        await way.driver.create(resource, a_gadget(group_of(way), size=4))
        heard = await ear.next()
    assert isinstance(heard, Put)
    assert 4 == heard.object.spec.size


async def test_an_object_that_cannot_be_read_is_reported_by_a_new_list(
    way: Way, reader: Cluster, driver: Driver
) -> None:
    resource = await serve_gadgets(way)
    async with following(reader, gadgets_of(way), way.namespace) as ear:
        await ear.next()
        await driver.create(resource, a_gadget(group_of(way), "odd", size="huge"))
        heard = await ear.until_relisted(State.CAPTURED)
    assert ["odd"] == [each.name for each in heard.capture.unreadable]


async def test_compaction_loses_nothing(forgetful: Way) -> None:
    driver, reader = forgetful.driver, await forgetful.reader()
    async with following(reader, Claim, forgetful.namespace) as ear:
        await ear.next()
        await driver.create("persistentvolumeclaims", a_claim("before"))
        forgetful.compact()
        await driver.create("persistentvolumeclaims", a_claim("after"))
        known: set[str] = set()
        while known != {"before", "after"}:
            heard = await ear.next()
            if isinstance(heard, Relisted):
                known = {c.metadata.name for c in heard.capture.objects}
            elif isinstance(heard, Put):
                known.add(heard.object.metadata.name)

"""Watches on the wire: from where they begin, what they say, how they end."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from holdfast.testing.documents import Json
from tests.contracts.doors import Refused
from tests.contracts.driver import Driver, a_config, a_secret
from tests.contracts.ways import Way

PATIENCE = 20


async def first(events: AsyncIterator[Json], n: int) -> list[Json]:
    """The first few events, bookmarks included."""
    async with asyncio.timeout(PATIENCE):
        return [await anext(events) for _ in range(n)]


def told(events: list[Json]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


async def now(driver: Driver) -> str:
    listing = await driver.listing("configmaps")
    return str(listing["metadata"]["resourceVersion"])


async def test_tells_births_changes_and_ends_in_their_order(driver: Driver) -> None:
    query = {"resourceVersion": await now(driver), "labelSelector": "mine"}
    mine = {"mine": "yes"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.create("configmaps", a_config(labels=mine))
        await driver.patch("configmaps", "settings", {"data": {"colour": "red"}})
        await driver.delete("configmaps", "settings")
        heard = await first(events, 3)
    assert ["ADDED", "MODIFIED", "DELETED"] == [event["type"] for event in heard]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in heard]
    assert sorted(set(versions)) == versions


async def test_an_event_carries_the_whole_object(driver: Driver) -> None:
    query = {"resourceVersion": await now(driver), "labelSelector": "mine"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        made = await driver.create("configmaps", a_config(labels={"mine": "yes"}))
        (heard,) = await first(events, 1)
    assert ("ConfigMap", "v1") == (heard["object"]["kind"], heard["object"]["apiVersion"])
    assert made["data"] == heard["object"]["data"]


async def test_begins_with_what_is_there_when_no_version_is_named(driver: Driver) -> None:
    await driver.create("configmaps", a_config(labels={"mine": "yes"}))
    query = {"labelSelector": "mine"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        heard = await first(events, 1)
    assert [("ADDED", "settings")] == told(heard)


async def test_begins_after_the_version_that_is_named(driver: Driver) -> None:
    before = await driver.create("configmaps", a_config("old", labels={"mine": "yes"}))
    query = {
        "resourceVersion": before["metadata"]["resourceVersion"],
        "labelSelector": "mine",
    }
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.create("configmaps", a_config("new", labels={"mine": "yes"}))
        heard = await first(events, 1)
    assert [("ADDED", "new")] == told(heard)


async def test_what_leaves_the_selection_is_told_as_deleted(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config(labels={"mine": "yes"}))
    query = {"resourceVersion": made["metadata"]["resourceVersion"], "labelSelector": "mine"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.patch("configmaps", "settings", {"metadata": {"labels": {"mine": None}}})
        heard = await first(events, 1)
    assert [("DELETED", "settings")] == told(heard)
    assert {"mine": "yes"} == heard[0]["object"]["metadata"]["labels"]


async def test_what_enters_the_selection_is_told_as_added(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    query = {"resourceVersion": made["metadata"]["resourceVersion"], "labelSelector": "mine"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.patch("configmaps", "settings", {"metadata": {"labels": {"mine": "yes"}}})
        heard = await first(events, 1)
    assert [("ADDED", "settings")] == told(heard)


async def test_one_name_can_be_watched(driver: Driver) -> None:
    query = {"resourceVersion": await now(driver), "fieldSelector": "metadata.name=mine"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.create("configmaps", a_config("other"))
        await driver.create("configmaps", a_config("mine"))
        heard = await first(events, 1)
    assert [("ADDED", "mine")] == told(heard)


async def test_a_write_that_changes_nothing_is_not_told(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config(labels={"mine": "yes"}))
    query = {"resourceVersion": made["metadata"]["resourceVersion"], "labelSelector": "mine"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.patch("configmaps", "settings", {"data": {"colour": "blue"}})
        await driver.patch("configmaps", "settings", {"data": {"colour": "red"}})
        heard = await first(events, 1)
    assert "red" == heard[0]["object"]["data"]["colour"]


async def test_a_dry_run_is_not_told(driver: Driver) -> None:
    query = {"resourceVersion": await now(driver), "labelSelector": "mine"}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        rehearsed = a_config("rehearsed", labels={"mine": "yes"})
        await driver.create("configmaps", rehearsed, query={"dryRun": "All"})
        await driver.create("configmaps", a_config("real", labels={"mine": "yes"}))
        heard = await first(events, 1)
    assert [("ADDED", "real")] == told(heard)


@pytest.mark.slow
async def test_a_bookmark_says_where_the_watch_stands_before_it_ends(driver: Driver) -> None:
    made = await driver.create("configmaps", a_config())
    version = made["metadata"]["resourceVersion"]
    query = {
        "resourceVersion": version,
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "4",
        "labelSelector": "mine",
    }
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.create("configmaps", a_config("another"))
        async with asyncio.timeout(PATIENCE):
            heard = [event async for event in events]
    bookmark = heard[-1]
    assert "BOOKMARK" == bookmark["type"]
    assert "ConfigMap" == bookmark["object"]["kind"]
    assert int(version) <= int(bookmark["object"]["metadata"]["resourceVersion"])


@pytest.mark.slow
async def test_nobody_is_sent_bookmarks_who_did_not_ask(driver: Driver) -> None:
    query = {
        "resourceVersion": await now(driver),
        "timeoutSeconds": "3",
        "labelSelector": "mine",
    }
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        async with asyncio.timeout(PATIENCE):
            heard = [event async for event in events]
    assert [] == heard


async def test_a_forgotten_version_is_told_as_an_error_and_ends_the_watch(
    forgetful: Way,
) -> None:
    driver = forgetful.driver
    made = await driver.create("configmaps", a_config("a"))
    await driver.create("configmaps", a_config("b"))
    await driver.create("configmaps", a_config("c"))
    forgetful.compact()
    query = {"resourceVersion": made["metadata"]["resourceVersion"]}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        async with asyncio.timeout(PATIENCE):
            heard = [event async for event in events]
    assert ["ERROR"] == [event["type"] for event in heard]
    status = heard[0]["object"]
    assert ("Status", 410, "Expired") == (status["kind"], status["code"], status["reason"])


async def test_the_newest_version_is_never_forgotten(forgetful: Way) -> None:
    driver = forgetful.driver
    await driver.create("configmaps", a_config("a"))
    forgetful.compact()
    query = {"resourceVersion": await now(driver)}
    async with driver.door.watch(driver.asked("watch", "configmaps", query=query)) as events:
        await driver.create("configmaps", a_config("b"))
        heard = await first(events, 1)
    assert [("ADDED", "b")] == told(heard)


async def test_metadata_alone_can_be_watched(driver: Driver) -> None:
    query = {"resourceVersion": await now(driver)}
    asked = driver.asked("watch", "secrets", query=query, metadata_only=True)
    async with driver.door.watch(asked) as events:
        await driver.create("secrets", a_secret())
        heard = await first(events, 1)
    assert ("ADDED", "PartialObjectMetadata") == (heard[0]["type"], heard[0]["object"]["kind"])
    assert {"kind", "apiVersion", "metadata"} == set(heard[0]["object"])


async def test_a_watch_that_is_forbidden_is_refused(way: Way) -> None:
    somebody = way.as_user(way.somebody)
    with pytest.raises(Refused, match='cannot watch resource "configmaps"') as refused:
        async with somebody.door.watch(somebody.asked("watch", "configmaps")):
            pass
    assert 403 == refused.value.answer.code

"""Lists on the wire: pages of one moment, tokens that expire, selectors."""

import pytest

from holdfast.testing.documents import Json
from tests.contracts.driver import Driver, a_config, a_pod, a_secret
from tests.contracts.ways import Way

LETTERS = ["a", "b", "c", "d", "e"]


async def five(driver: Driver) -> None:
    for name in LETTERS:
        await driver.create("configmaps", a_config(name, labels={"of": "five", "letter": name}))


def named(listing: Json) -> list[str]:
    return [item["metadata"]["name"] for item in listing["items"]]


async def test_pages_give_each_object_once(driver: Driver) -> None:
    await five(driver)
    query = {"limit": "2", "labelSelector": "of=five"}
    first = await driver.listing("configmaps", **query)
    second = await driver.listing("configmaps", **query, **going_on(first))
    third = await driver.listing("configmaps", **query, **going_on(second))
    assert [["a", "b"], ["c", "d"], ["e"]] == [named(first), named(second), named(third)]
    assert "continue" not in third["metadata"]


def going_on(page: Json) -> dict[str, str]:
    return {"continue": page["metadata"]["continue"]}


async def test_a_page_says_how_many_are_left(driver: Driver) -> None:
    for name in LETTERS:
        await driver.create("secrets", a_secret(name))
    page = await driver.listing("secrets", limit="2")
    assert 3 == page["metadata"]["remainingItemCount"]


async def test_a_page_of_a_selection_does_not_count_what_is_left(driver: Driver) -> None:
    await five(driver)
    page = await driver.listing("configmaps", limit="2", labelSelector="of=five")
    assert "remainingItemCount" not in page["metadata"]


async def test_all_pages_show_the_moment_of_the_first(driver: Driver) -> None:
    await five(driver)
    query = {"limit": "2", "labelSelector": "of=five"}
    first = await driver.listing("configmaps", **query)
    await driver.create("configmaps", a_config("c0", labels={"of": "five"}))
    await driver.delete("configmaps", "d")
    second = await driver.listing("configmaps", **query, **going_on(first))
    assert ["c", "d"] == named(second)
    versions = {page["metadata"]["resourceVersion"] for page in (first, second)}
    assert 1 == len(versions)


async def test_a_token_that_is_none_is_a_bad_request(driver: Driver) -> None:
    answer = await driver.send("list", "configmaps", query={"limit": "1", "continue": "rubbish"})
    assert (400, "BadRequest") == (answer.code, answer.body["reason"])
    assert answer.body["message"].startswith("invalid continue token: continue key")


async def test_a_forgotten_token_is_expired_and_comes_with_another(forgetful: Way) -> None:
    driver = forgetful.driver
    await five(driver)
    first = await driver.listing("configmaps", limit="2")
    await driver.create("configmaps", a_config("f"))
    forgetful.compact()
    answer = await driver.send("list", "configmaps", query={"limit": "2", **going_on(first)})
    assert (410, "Expired") == (answer.code, answer.body["reason"])
    assert answer.body["message"].startswith("The provided continue parameter is too old")
    rest = await driver.listing("configmaps", **going_on(answer.body))
    assert ["c", "d", "e", "f"] == named(rest)


async def test_a_list_of_an_exact_version_shows_the_past(driver: Driver) -> None:
    before = await driver.create("configmaps", a_config("a", labels={"of": "five"}))
    await driver.create("configmaps", a_config("b", labels={"of": "five"}))
    past = await driver.listing(
        "configmaps",
        labelSelector="of=five",
        resourceVersion=before["metadata"]["resourceVersion"],
        resourceVersionMatch="Exact",
    )
    assert ["a"] == named(past)


async def test_a_forgotten_version_is_expired(forgetful: Way) -> None:
    driver = forgetful.driver
    before = await driver.create("configmaps", a_config("a"))
    await driver.create("configmaps", a_config("b"))
    forgetful.compact()
    query = {
        "resourceVersion": before["metadata"]["resourceVersion"],
        "resourceVersionMatch": "Exact",
    }
    answer = await driver.send("list", "configmaps", query=query)
    assert (410, "Expired") == (answer.code, answer.body["reason"])


async def test_a_version_that_is_yet_to_come_is_asked_for_later(driver: Driver) -> None:
    answer = await driver.send("list", "configmaps", query={"resourceVersion": "999999999"})
    assert (504, "Timeout") == (answer.code, answer.body["reason"])
    cause = answer.body["details"]["causes"][0]["reason"]
    assert "ResourceVersionTooLarge" == cause


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("letter=a", ["a"]),
        ("letter==b", ["b"]),
        ("of=five,letter!=a", ["b", "c", "d", "e"]),
        ("letter in (a,c)", ["a", "c"]),
        ("of=five,letter notin (a,c)", ["b", "d", "e"]),
        ("letter", LETTERS),
        ("of,!letter", []),
        ("of=six", []),
    ],
)
async def test_labels_select(driver: Driver, selector: str, expected: list[str]) -> None:
    await five(driver)
    assert expected == await driver.names("configmaps", labelSelector=selector)


async def test_a_label_selector_that_is_none_is_a_bad_request(driver: Driver) -> None:
    answer = await driver.send("list", "configmaps", query={"labelSelector": "a in b"})
    assert (400, "BadRequest") == (answer.code, answer.body["reason"])


async def test_a_name_selects(driver: Driver) -> None:
    await five(driver)
    assert ["c"] == await driver.names("configmaps", fieldSelector="metadata.name=c")


async def test_a_field_that_a_kind_is_indexed_by_selects(driver: Driver) -> None:
    await driver.create("pods", a_pod("bound", node="nowhere"))
    await driver.create("pods", a_pod("loose"))
    assert ["bound"] == await driver.names("pods", fieldSelector="spec.nodeName=nowhere")


async def test_any_other_field_is_a_bad_request(driver: Driver) -> None:
    answer = await driver.send("list", "configmaps", query={"fieldSelector": "data.colour=blue"})
    assert (400, "BadRequest") == (answer.code, answer.body["reason"])
    said = '"data.colour" is not a known field selector: only "metadata.name", "metadata.namespace"'
    assert said == answer.body["message"]


async def test_a_kind_that_has_fields_of_its_own_refuses_others_in_other_words(
    driver: Driver,
) -> None:
    answer = await driver.send("list", "pods", query={"fieldSelector": "spec.colour=blue"})
    assert (400, "BadRequest") == (answer.code, answer.body["reason"])
    assert "field label not supported: spec.colour" == answer.body["message"]


async def test_a_list_names_its_own_kind_and_not_that_of_each_item(driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    listing = await driver.listing("configmaps")
    assert ("ConfigMapList", "v1") == (listing["kind"], listing["apiVersion"])
    assert "kind" not in listing["items"][0]


async def test_metadata_alone_comes_in_a_form_of_its_own(driver: Driver) -> None:
    await driver.create("secrets", a_secret())
    listing = await driver.done("list", "secrets", metadata_only=True)
    told = (listing["kind"], listing["apiVersion"])
    assert ("PartialObjectMetadataList", "meta.k8s.io/v1") == told
    assert ["credentials"] == named(listing)
    assert {"metadata"} == {"metadata"} & set(listing["items"][0])
    assert not {"data", "stringData", "type"} & set(listing["items"][0])


async def test_the_metadata_of_one_object_comes_in_a_form_of_its_own(driver: Driver) -> None:
    await driver.create("secrets", a_secret())
    one = await driver.done("get", "secrets", "credentials", metadata_only=True)
    assert {"kind", "apiVersion", "metadata"} == set(one)
    assert "PartialObjectMetadata" == one["kind"]

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from holdfast.errors import BadInput, HoldfastError, StoreFailed
from holdfast.wiring.policies import Policies, loaded

LEASH = "apiVersion: holdfast.dev/v1alpha1\nkind: Leash\n"
PEOPLE = "apiVersion: holdfast.dev/v1alpha1\nkind: People\npeople:\n- id: ana\n"
CEDAR = '@id("all") permit(principal, action, resource);\n'
NESTED = f"forbid(principal, action, resource) when {{ {'(' * 5000}true{')' * 5000} }};\n"


async def nobody_listens(_: Mapping[str, str]) -> None:
    """The record of a test that asks nothing of it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "leash.yaml", LEASH)
    write(tmp_path, "people.yaml", PEOPLE)
    write(tmp_path, "policy.cedar", CEDAR)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    """As a careful operator does it: a new file in the place of the old one."""
    new = folder / f".{name}"
    new.write_text(text)
    new.replace(folder / name)


@pytest.mark.parametrize("name", ["leash.yaml", "people.yaml", "policy.cedar"])
def test_a_folder_without_one_of_them_is_refused_with_what_writes_it(
    folder: Path, name: str
) -> None:
    (folder / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is not there") as refused:
        loaded(folder)
    assert f"holdfast policy init {folder}" in refused.value.remedy


@pytest.mark.parametrize("name", ["leash.yaml", "people.yaml", "policy.cedar"])
@pytest.mark.parametrize(("put", "why"), [(os.mkfifo, "it is a pipe"), (os.mkdir, "directory")])
def test_what_is_no_file_is_told_as_what_it_is(
    folder: Path, name: str, put: Callable[[Path], None], why: str
) -> None:
    (folder / name).unlink()
    put(folder / name)
    with pytest.raises(BadInput, match=f"{name} cannot be read: .*{why}"):
        loaded(folder)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("leash.yaml", LEASH + "undo: perhaps\n", "leash.yaml, line 3"),
        (
            "leash.yaml",
            LEASH + "openFor: soon\n",
            "leash.yaml, line 3: expected a span such as 90s",
        ),
        (
            "leash.yaml",
            LEASH + "protectedNamespaces: [Shop]\n",
            "leash.yaml, line 3: expected the name of a namespace: .* at .protectedNamespaces",
        ),
        (
            "leash.yaml",
            LEASH + "tiers: {Prod: []}\n",
            "leash.yaml, line 3: expected a name of at most 64 small letters",
        ),
        ("people.yaml", PEOPLE + "- id: ana\n", "people.yaml, line 5: ana stands twice"),
        ("policy.cedar", CEDAR + "permit(nobody);\n", "policy.cedar, line 2"),
        ("policy.cedar", CEDAR + NESTED, "policy.cedar, line 2: .* nested too deeply"),
    ],
)
async def test_a_broken_file_keeps_it_from_starting_and_changes_nothing_later(
    folder: Path, name: str, text: str, why: str
) -> None:
    told: list[HoldfastError] = []
    policies = Policies(folder, told.append, nobody_listens)
    await policies.refreshed()
    before = policies.now()
    write(folder, name, text)
    for _ in range(2):
        await policies.refreshed()
        assert policies.now() is before
    assert [bool(re.search(why, each.wrong)) for each in told] == [
        True
    ]  # once, and not at every look
    with pytest.raises(BadInput, match=why):
        Policies(folder, told.append, nobody_listens)


async def test_what_is_mended_counts_at_once(folder: Path) -> None:
    policies = Policies(folder, lambda broken: pytest.fail(broken.wrong), nobody_listens)
    before = policies.version
    write(folder, "leash.yaml", LEASH + "protectedNamespaces: [prod]\n")
    await policies.refreshed()
    assert policies.rules().protected == {"prod"}
    assert before != policies.version


async def test_what_is_saved_counts_and_what_is_broken_is_told_although_nobody_asks(
    folder: Path,
) -> None:
    told: list[HoldfastError] = []
    heard: list[bool] = []

    async def recorded(_: Mapping[str, str]) -> None:
        heard.append(True)
        if len(heard) == 1:
            raise StoreFailed("The record does not answer.", remedy="Wait.")

    policies = Policies(folder, told.append, recorded)
    watching = asyncio.create_task(policies.watched(0.001))
    async with asyncio.timeout(30):
        write(folder, "leash.yaml", LEASH + "protectedNamespaces: [prod]\n")
        while policies.rules().protected != {"prod"}:
            await asyncio.sleep(0.001)
        assert ["The record does not answer."] == [each.wrong for each in told]
        write(folder, "people.yaml", PEOPLE + "- id: ana\n")
        while len(told) == 1:
            await asyncio.sleep(0.001)
    watching.cancel()
    assert "ana stands twice" in told[1].wrong
    assert policies.rules().protected == {"prod"}


async def test_its_version_is_what_judges_and_not_who_there_is(folder: Path) -> None:
    policies = Policies(folder, lambda broken: pytest.fail(broken.wrong), nobody_listens)
    before = policies.version
    write(folder, "people.yaml", PEOPLE + "- id: bob\n")
    await policies.refreshed()
    assert [each.id for each in policies.people().people] == ["ana", "bob"]
    assert before == policies.version
    write(folder, "policy.cedar", CEDAR + "// more\n")
    await policies.refreshed()
    assert before != policies.version

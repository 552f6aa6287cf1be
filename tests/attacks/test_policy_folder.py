"""The folder of the operator's policy, replaced or broken between the approval and the act."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.errors import HoldfastError, StoreRefused
from holdfast.model.entries import Entry
from holdfast.wiring.policies import Policies
from holdfast.workflow.ruling import POLICY
from holdfast.workflow.ruling import ruled_by as said_in_the_record
from tests.approvals.keygen import public
from tests.attacks.arena import Arena, an_arena
from tests.workflow.executing import key
from tests.workflow.test_sealing import a_sealer

pytestmark = pytest.mark.slow

LEASH = "apiVersion: holdfast.dev/v1alpha1\nkind: Leash\n"
PEOPLE = """apiVersion: holdfast.dev/v1alpha1
kind: People
people:
- id: ana
  groups: [oncall]
  identities:
    ssh: ["{key}"]
"""
ALL = '@id("all") permit(principal, action, resource);\n'
NONE = '@id("none") forbid(principal, action, resource);\n'
TOO_MUCH = "9223372036854775807 + context.minute < 0"  # an error, when it is asked
FAILS = f'@id("late") forbid(principal, action, resource) when {{ {TOO_MUCH} }};\n'
NESTED = f"permit(principal, action, resource) when {{ {'(' * 5000}true{')' * 5000} }};\n"


def written(text: str) -> Callable[[Path], None]:
    return lambda file: put(file, text)


def put(file: Path, text: str) -> None:
    """In its place, as editors do it."""
    other = file.with_suffix(".new")
    other.write_text(text)
    other.replace(file)


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def linked_to(place: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        file.unlink()
        file.symlink_to(place)

    return change


@asynccontextmanager
async def ruled_by(folder: Path, cedar: str) -> AsyncIterator[Arena]:
    (folder / "leash.yaml").write_text(LEASH)
    (folder / "people.yaml").write_text(PEOPLE.format(key=public(key("ana"))))
    (folder / "policy.cedar").write_text(cedar)
    told: list[HoldfastError] = []
    there: list[Arena] = []

    async def recorded(files: Mapping[str, str]) -> None:
        sealer = a_sealer(there[0].store, clock=there[0].cluster.clock)
        await said_in_the_record(replace(sealer, dice=there[0].dice), files)

    policies = Policies(folder, told.append, recorded)
    changed = {
        "operator": policies,
        "people": policies.people,
        "refreshed": policies.refreshed,
    }
    async with an_arena(changed=changed) as arena:
        there.append(arena)
        await policies.refreshed()
        yield arena


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("policy.cedar", NONE),
        ("policy.cedar", ALL + NONE),
        ("policy.cedar", ALL + FAILS),
        ("policy.cedar", ""),
        ("policy.cedar", "// permit(principal, action, resource);\n"),
        ("people.yaml", PEOPLE.format(key=public(key("eve")))),
        ("people.yaml", PEOPLE.replace("id: ana", "id: ben").format(key=public(key("ana")))),
    ],
    ids=["none", "none after all", "an error", "empty", "comments", "another key", "ben's key"],
)
async def test_what_stands_in_it_at_the_act_is_what_counts(
    tmp_path: Path, name: str, text: str
) -> None:
    async with ruled_by(tmp_path, ALL) as arena:
        await arena.approved()
        put(tmp_path / name, text)
        await arena.works()
        assert arena.untouched()


BROKEN: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "half of it": written("permit(principal,"),
    "another schema": written(ALL + "permit(principal, action, resource) when { context.who };"),
    "nested deeply": written(ALL + NESTED),
    "a pipe": a_pipe,
    "a folder": a_folder,
    "a link to itself": linked_to("policy.cedar"),
    "a link to no end": linked_to("/dev/zero"),
    "no text": lambda file: file.write_bytes(b"\xff\xfe"),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=list(BROKEN))
async def test_whoever_breaks_it_lifts_no_prohibition(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    async with ruled_by(tmp_path, ALL) as arena:
        await arena.approved()
        put(tmp_path / "policy.cedar", ALL + NONE)
        await arena.leash().refreshed()
        change(tmp_path / "policy.cedar")
        await arena.works()
        assert arena.untouched()


async def test_left_alone_it_lets_through_what_it_allows(tmp_path: Path) -> None:
    async with ruled_by(tmp_path, ALL) as arena:
        await arena.approved()
        await arena.works()
        assert ["patch deployments.apps web"] == arena.acts()


def policy_entries(arena: Arena) -> list[Entry]:
    with arena.store.reading() as tx:
        return [*tx.records.of_kind(POLICY)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("leash.yaml", LEASH + "protectedNamespaces: [prod]\n"),
        ("people.yaml", PEOPLE.format(key=public(key("ana"))) + "- id: zoe\n"),
        ("policy.cedar", ALL + "// nothing else\n"),
    ],
)
async def test_whoever_loosens_it_for_one_approval_and_puts_it_back_is_in_the_record(
    tmp_path: Path, name: str, text: str
) -> None:
    async with ruled_by(tmp_path, ALL) as arena:
        before = (tmp_path / name).read_text()
        about = await arena.open()
        put(tmp_path / name, text)
        assert await arena.says("ana", about) == "approved"
        put(tmp_path / name, before)
        await arena.works()
        assert ["patch deployments.apps web"] == arena.acts()
        first, loosened, back = policy_entries(arena)
        assert first.details["before"] == {}
        assert [each.details["changed"] for each in (loosened, back)] == [[name], [name]]
        assert loosened.details["before"] == back.details["after"] == first.details["after"]
        with arena.store.reading() as tx:
            (approval,) = tx.records.of_kind("approval")
            (intent,) = tx.records.of_kind("intent")
        assert loosened.seq < approval.seq < intent.seq


async def test_what_stands_there_already_is_said_once(tmp_path: Path) -> None:
    async with ruled_by(tmp_path, ALL) as arena:
        put(tmp_path / "policy.cedar", ALL)
        await arena.leash().refreshed()
        assert len(policy_entries(arena)) == 1


async def test_nothing_is_judged_by_what_the_record_cannot_tell_of(tmp_path: Path) -> None:
    async with ruled_by(tmp_path, ALL + NONE) as arena:
        policies = arena.leash().operator
        before = policies.version

        async def nobody(_: Mapping[str, str]) -> None:
            raise StoreRefused("Another sealer did not let go.", remedy="Try again.")

        deaf = Policies(tmp_path, lambda _: None, nobody)
        put(tmp_path / "policy.cedar", ALL)
        with pytest.raises(StoreRefused):
            await deaf.refreshed()
        assert deaf.version == before

"""The folder of the operator's policy, replaced or broken between the approval and the act."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from holdfast.errors import HoldfastError
from holdfast.wiring.policies import Policies
from tests.approvals.keygen import public
from tests.attacks.arena import Arena, an_arena
from tests.workflow.executing import key

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
    policies = Policies(folder, told.append)
    async with an_arena(changed={"operator": policies, "people": policies.people}) as arena:
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
        assert arena.leash().operator.version
        change(tmp_path / "policy.cedar")
        await arena.works()
        assert arena.untouched()


async def test_left_alone_it_lets_through_what_it_allows(tmp_path: Path) -> None:
    async with ruled_by(tmp_path, ALL) as arena:
        await arena.approved()
        await arena.works()
        assert ["patch deployments.apps web"] == arena.acts()

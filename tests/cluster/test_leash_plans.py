"""Plans on a real control plane: each step by its own lease, when the one before has recovered.

The witness is the API server's audit log.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.execution.states import State
from lab.client import MERGE
from lab.control_plane import Lab
from tests.cluster.finding import PACE
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable, mendable
from tests.cluster.repairs import MUTATES, broken
from tests.cluster.told import Told
from tests.proving import PROVE
from tests.surfaces.processes.running import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leash"), pytest.mark.timeout(600)]

LEASES = "system:serviceaccount:holdfast-leases:"


def named(*names: str) -> list[Mendable]:
    return [next(each for each in mendable() if each.name == name) for name in names]


def written_by_leases(lab: Lab, mark: int) -> list[tuple[str, str]]:
    """Who of the leases wrote where, in its order: no dry run, and nothing about itself."""
    return [
        (each.user.removeprefix(LEASES), each.namespace)
        for each in lab.audit_events(mark)
        if each.user.startswith(LEASES)
        and each.verb in MUTATES
        and each.code < 300
        and "dryRun" not in each.uri
        and each.namespace
    ]


async def proposed(installed: Installation, of: str, *each: Mendable) -> tuple[Told, list[str]]:
    """A plan that mends those, and their namespaces."""
    stages = [await broken(installed, one, of) for one in each]
    wanted = [
        await installed.wanted(stage.namespace, one.action, one.code)
        for one, stage in zip(each, stages, strict=True)
    ]
    told = await installed.propose(*wanted)
    assert told.state is State.PROPOSED, told.refusals
    return told, [stage.namespace for stage in stages]


def events(installed: Installation, told: Told) -> list[tuple[object, object]]:
    """What the record says that came of which step."""
    return [
        (each.details["step"], each.details["event"])
        for each in installed.entries(told.case.id)
        if each.kind == "outcome"
    ]


def leases(installed: Installation, told: Told) -> list[str]:
    """The accounts that were lent for acts and ways back, in their order."""
    accounts = [
        str(each.details["account"])
        for each in installed.entries(told.case.id)
        if each.kind == "lease"
    ]
    return [each for each in accounts if not each.startswith("preview.")]


DONE = [(1, "applied"), (1, "verified"), (2, "applied"), (2, "recovered")]


async def test_two_steps_are_done_one_after_the_other_each_by_its_own_lease(
    installed: Installation, tmp_path: Path
) -> None:
    with installed.keeper(tmp_path / "log"):
        mark = installed.lab.audit_mark()
        told, there = await proposed(installed, "plan", *named("sick_daemonset", "image_not_found"))
        assert all(each.effect for each in told.plan.steps)
        await installed.approve(told)
        await installed.until(told.case.id, State.RECOVERED)
    lent = leases(installed, told)
    assert [*zip(lent, there, strict=True)] == written_by_leases(installed.lab, mark)
    assert DONE == events(installed, told)
    assert installed.left() == []


def on_its_second(told: Told) -> bool:
    return told.course.step == 2


def amid_its_second(told: Told) -> bool:
    return on_its_second(told) and bool(told.course.act.lease)


@pytest.mark.parametrize("killed", [on_its_second, amid_its_second] if PROVE else [on_its_second])
async def test_a_keeper_that_is_killed_with_a_step_to_go_is_followed_by_one_that_does_it_once(
    installed: Installation, tmp_path: Path, killed: Callable[[Told], bool]
) -> None:
    mark = installed.lab.audit_mark()
    with installed.keeper(tmp_path / "first") as keeper:
        name = killed.__name__.replace("_", "-")
        told, there = await proposed(installed, name, *named("sick_daemonset", "image_not_found"))
        await installed.approve(told)
        async with asyncio.timeout(PATIENCE):
            while (now := installed.told(told.case.id)) is None or not killed(now):
                await asyncio.sleep(PACE / 10)
        keeper.process.kill()
    with installed.keeper(tmp_path / "second"):
        await installed.until(told.case.id, State.RECOVERED)
        async with asyncio.timeout(PATIENCE):
            while installed.left():
                await asyncio.sleep(PACE)
    assert there == [where for _, where in written_by_leases(installed.lab, mark)]
    assert DONE == [each for each in events(installed, told) if each[1] != "lost"]


async def test_what_was_done_before_a_step_that_is_refused_is_taken_back(
    installed: Installation, tmp_path: Path
) -> None:
    with installed.keeper(tmp_path / "log"):
        mark = installed.lab.audit_mark()
        told, there = await proposed(installed, "half", *named("image_not_found", "sick_daemonset"))
        await installed.approve(told)
        target = told.plan.steps[1].target
        path = f"/apis/apps/v1/namespaces/{target.namespace}/daemonsets/{target.name}"
        change = {"spec": {"template": {"metadata": {"labels": {"moved": "on"}}}}}
        assert installed.admin.send("PATCH", path, body=change, kind=MERGE).ok
        await installed.until(told.case.id, State.UNDONE)
    done = [(1, "applied"), (1, "verified"), (2, "refused"), (2, "halted"), (1, "undone")]
    assert done == events(installed, told)
    assert [there[0]] * 2 == [where for _, where in written_by_leases(installed.lab, mark)]
    assert "changed since it was proposed" in installed.refused_by(told)
    assert installed.left() == []

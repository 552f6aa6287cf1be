"""Plans on a real control plane, and what somebody does between two of their steps.

The witness is the API server's audit log.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.approvals.statements import Decision
from holdfast.execution.states import State
from holdfast.model.handed import WORD
from lab.client import MERGE
from tests.cluster.finding import PACE
from tests.cluster.leash import Installation, statement_of
from tests.cluster.test_leash_plans import DONE, events, named, proposed, written_by_leases
from tests.cluster.told import Told
from tests.proving import PROVE
from tests.surfaces.processes.running import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leash"), pytest.mark.timeout(600)]

PLAN = ("image_not_found", "sick_daemonset")
FLUX = {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}}


def path(told: Told, step: int) -> str:
    target = told.plan.at(step).target
    return f"/apis/apps/v1/namespaces/{target.namespace}/{target.kind.lower()}s/{target.name}"


async def applied(installed: Installation, told: Told) -> None:
    """As soon as the first step was done; its lease may not be over yet."""
    async with asyncio.timeout(PATIENCE):
        while (now := installed.told(told.case.id)) is None or now.state is not State.APPLIED:
            await asyncio.sleep(PACE)
    assert 1 == now.course.step


def patched(installed: Installation, told: Told, step: int, change: dict[str, Any]) -> None:
    assert installed.admin.send("PATCH", path(told, step), body=change, kind=MERGE).ok


async def made_again(installed: Installation, told: Told) -> None:
    there = installed.fetch(path(told, 2))
    assert installed.admin.send("DELETE", path(told, 2)).ok
    bare = {name: there["metadata"][name] for name in ("name", "namespace")}
    made = {**there, "metadata": bare, "status": {}}
    async with asyncio.timeout(PATIENCE):
        while not installed.admin.send("POST", path(told, 2).rpartition("/")[0], body=made).ok:
            await asyncio.sleep(PACE)


async def protected(installed: Installation, told: Told) -> None:
    installed.write_policy(protected=[told.plan.at(2).target.namespace])


CHANGES: dict[str, Callable[[Installation, Told], Awaitable[None]]] = {
    "its namespace is protected": protected,
    "it is another by uid": made_again,
}


@pytest.mark.parametrize("what", list(CHANGES) if PROVE else list(CHANGES)[:1])
async def test_what_changes_between_two_steps_holds_the_second(
    installed: Installation,
    tmp_path: Path,
    what: str,
) -> None:
    try:
        with installed.keeper(tmp_path / "log", soak="8"):
            mark = installed.lab.audit_mark()
            told, there = await proposed(installed, what.rsplit(maxsplit=1)[-1], *named(*PLAN))
            await installed.approve(told)
            await applied(installed, told)
            await CHANGES[what](installed, told)
            await installed.ended(told.case.id)
    finally:
        installed.write_policy()
    assert there[1] not in [where for _, where in written_by_leases(installed.lab, mark)]
    assert (2, "refused") in events(installed, told)
    assert installed.left() == []


async def test_what_somebody_wants_back_and_cannot_have_back_goes_no_further(
    installed: Installation, tmp_path: Path
) -> None:
    with installed.keeper(tmp_path / "log", soak="8"):
        mark = installed.lab.audit_mark()
        told, there = await proposed(installed, "recalled", *named(*PLAN))
        await installed.approve(told)
        await applied(installed, told)
        patched(installed, told, 1, FLUX)
        await installed.undo(told)
        await installed.until(told.case.id, State.NOT_RECOVERED)
    assert [there[0]] == [where for _, where in written_by_leases(installed.lab, mark)]
    assert (1, "halted") in events(installed, told)
    assert installed.left() == []


if PROVE:

    async def test_two_keepers_that_hear_every_word_twice_do_each_step_once(
        installed: Installation, tmp_path: Path
    ) -> None:
        with installed.keeper(tmp_path / "one"), installed.keeper(tmp_path / "two"):
            mark = installed.lab.audit_mark()
            told, there = await proposed(installed, "twice", *named(*PLAN))
            said = [
                installed.signed(
                    msgspec.structs.replace(statement_of(told, Decision.APPROVE), step=step), who
                )
                for who in ("ben", "ana")
                for step in (2, 1)
            ]
            letters = [installed.put(WORD, each) for each in said * 3]
            outcomes = [await installed.answer(each) for each in letters]
            assert 1 == sum(each.startswith("approved") for each in outcomes)
            await installed.until(told.case.id, State.RECOVERED)
        assert there == [where for _, where in written_by_leases(installed.lab, mark)]
        assert DONE == events(installed, told)
        assert installed.left() == []

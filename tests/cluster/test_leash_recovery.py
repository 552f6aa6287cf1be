"""What is seen before anybody is asked, what counts as recovered, and what is taken back.

On a real cluster, with webhooks of the tests' own. Timings are short, and the keeper is one in this
process. Each play has a namespace of its own.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.execution.recovering import Timing
from holdfast.execution.states import State
from holdfast.model.rules import finding_id
from holdfast.testing.trials.library import Filed
from holdfast.workflow.rehearsing import MORE
from lab.client import STRATEGIC
from tests.cluster.finding import PACE
from tests.cluster.halting import IN_PROCESS, halting
from tests.cluster.leash import Installation
from tests.cluster.mendable import lonely_node
from tests.cluster.plays import (
    ONE_POD,
    Play,
    budget,
    impatient,
    neighbour,
    paused,
    released,
    sick,
    two_quotas,
    without_its_config,
)
from tests.cluster.told import Told
from tests.cluster.webhooks import NO_DRY_RUN, REPLICAS, SIDECAR, Webhooks
from tests.surfaces.processes.running import PATIENCE
from tests.tally import Count, Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("leash"),
    pytest.mark.timeout(900),
    *IN_PROCESS,
]

type Raw = dict[str, Any]

QUICK = Timing(
    soak=timedelta(seconds=6),  # for those who write in between
    deadline=timedelta(seconds=8),
    late=timedelta(seconds=90),
    settled=timedelta(seconds=2),
)


async def scaled_to_zero(play: Play) -> None:
    told = await play.applied("RolloutRestart")
    await asyncio.to_thread(play.patch, {"spec": {"replicas": 0}}, "somebody")
    told = await play.ends(told, State.NOT_RECOVERED)
    assert told.says == "it wants no pods any more"


async def deleted(play: Play) -> None:
    told = await play.applied("RolloutRestart")
    assert (await asyncio.to_thread(play.installed.admin.send, "DELETE", play.path())).ok
    await play.ends(told, State.NOT_RECOVERED)


async def beside_a_broken_neighbour(play: Play) -> None:
    told = await play.applied("RolloutUndo", name="web")
    await play.ends(told, State.RECOVERED)


async def healed_late(play: Play) -> None:
    told = await play.applied("RolloutRestart", code="HF-WRK-010")
    told = await play.ends(told, State.NOT_RECOVERED)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}}
    await asyncio.to_thread(play.objects.apply, config, play.namespace)
    await play.ends(told, State.RECOVERED_LATE)


async def left_alone_on_delete(play: Play) -> None:
    told = await play.proposed("RolloutRestart")
    assert told.state is State.REFUSED
    assert "its strategy is OnDelete" in told.refusals


async def left_alone_while_paused(play: Play) -> None:
    told = await play.proposed("RolloutRestart")
    assert told.state is State.REFUSED
    assert "its rollouts are paused" in told.refusals


async def a_scale_that_does_not_help(play: Play) -> None:
    told = await play.applied("ScaleWorkload")
    await play.ends(told, State.UNDONE)
    assert play.spec()["replicas"] == 2


async def a_rollback_that_does_not_help(play: Play) -> None:
    told = await play.proposed("RolloutUndo")
    assert told.state is State.PROPOSED, told.refusals
    before = play.spec()
    await play.installed.approve(told)
    await play.until_applied(told)
    await asyncio.to_thread(play.sicken)
    await play.ends(told, State.UNDONE)
    assert play.spec() == before


async def a_probe_that_does_not_help(play: Play) -> None:
    told = await play.proposed("PatchProbe")
    assert told.state is State.PROPOSED, told.refusals
    before = play.spec()
    told = await play.done(told)
    await play.ends(told, State.UNDONE)
    assert play.spec() == before


async def a_probe_that_somebody_changed(play: Play) -> None:
    told = await play.applied("PatchProbe")
    probe = {"timeoutSeconds": 59, "failureThreshold": 29}
    app = {"name": "app", "livenessProbe": probe}
    change = {"spec": {"template": {"spec": {"containers": [app]}}}}
    await asyncio.to_thread(play.patch, change, "somebody", kind=STRATEGIC)
    told = await play.ends(told, State.NOT_RECOVERED)
    await _says(play, told, "failureThreshold was changed since by somebody")
    there = play.spec()["template"]["spec"]["containers"][0]["livenessProbe"]
    assert {**there, **probe} == there


async def a_quota_that_was_not_it(play: Play) -> None:
    told, name = await _quota_deleted(play)
    await play.ends(told, State.UNDONE)
    assert play.spec("resourcequotas", name) == ONE_POD


async def a_quota_that_somebody_made_again(play: Play) -> None:
    told, name = await _quota_deleted(play)
    other = {"hard": {"pods": "7"}}
    made = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": other}
    await asyncio.to_thread(play.objects.apply, made, play.namespace)
    told = await play.ends(told, State.NOT_RECOVERED)
    await _says(play, told, f'"{name}" already exists', by="rehearsal")
    assert play.spec("resourcequotas", name) == other


async def _quota_deleted(play: Play) -> tuple[Told, str]:
    """It refuses alone when it is proposed; when it is deleted, there is another that refuses."""
    await play.broken()
    refusal = (await play.found("HF-WRK-052"))[0]
    assert refusal.through is not None
    name = refusal.through.name
    wanted = msgspec.structs.replace(
        await play.installed.wanted(play.namespace, "DeleteResourceQuota", name=name),
        code="HF-WRK-052",
        trouble=finding_id(refusal.about, "HF-WRK-052", refusal.part),
    )
    told = await play.installed.propose(wanted)
    other = play.path("resourcequotas", "other")
    await asyncio.to_thread(play.patch, {"spec": ONE_POD}, "somebody", other)
    async with asyncio.timeout(PATIENCE):
        while play.installed.fetch(other)["status"]["hard"] != ONE_POD["hard"]:
            await asyncio.sleep(PACE)
    return await play.done(told), name


async def a_scale_that_somebody_changed(play: Play) -> None:
    told = await play.applied("ScaleWorkload")
    await asyncio.to_thread(play.patch, {"spec": {"replicas": 5}}, "somebody")
    told = await play.ends(told, State.NOT_RECOVERED)
    await _says(play, told, "spec.replicas was changed since by somebody")
    assert play.spec()["replicas"] == 5


async def a_scale_that_somebody_decided_for(play: Play) -> None:
    """Somebody tries five, and comes to the number that we had set."""
    told = await play.applied("ScaleWorkload")
    for replicas in (5, 3):
        await asyncio.to_thread(play.patch, {"spec": {"replicas": replicas}}, "somebody")
    told = await play.ends(told, State.NOT_RECOVERED)
    await _says(play, told, "spec.replicas was set since, to the same, by somebody")
    assert play.spec()["replicas"] == 3


async def a_scale_that_somebody_does_not_wait_for(play: Play) -> None:
    told = await play.applied("ScaleWorkload")
    await _taken_back_by_a_person(play, told)


async def a_scale_that_helped(play: Play) -> None:
    told = await play.applied("ScaleWorkload")
    told = await play.ends(told, State.RECOVERED)
    assert play.spec()["replicas"] == 3
    await _taken_back_by_a_person(play, told)


async def _taken_back_by_a_person(play: Play, told: Told) -> None:
    was = told.state
    await play.installed.undo(told)
    async with asyncio.timeout(PATIENCE):
        while (now := play.installed.told(told.case.id)) is not None and now.state is was:
            await asyncio.sleep(PACE)
    await play.ends(told, State.UNDONE)
    assert play.spec()["replicas"] == 2


async def a_rollback_that_somebody_changed(play: Play) -> None:
    told = await play.applied("RolloutUndo")
    template = {"spec": {"template": {"metadata": {"annotations": {"by": "hand"}}}}}
    await asyncio.to_thread(play.patch, template, "somebody")
    told = await play.ends(told, State.NOT_RECOVERED)
    await _says(play, told, "spec.template was changed since by somebody")
    assert play.spec()["template"]["metadata"]["annotations"] == {"by": "hand"}


async def a_node_that_falls_ill(play: Play) -> None:
    """It is opened, does no better, and is cordoned again, under our name."""
    told, path = await _opened(play)
    ill = {"metadata": {"annotations": {"lab.holdfast.dev/node": "not-ready"}}}
    await asyncio.to_thread(play.patch, ill, "somebody", path)
    await play.ends(told, State.UNDONE)
    assert play.installed.fetch(path)["spec"]["unschedulable"] is True
    assert "holdfast" in _cordoned_by(play, path)


async def a_node_that_somebody_cordoned(play: Play) -> None:
    """That is what undo would do, and it is somebody's word now."""
    told, path = await _opened(play)
    cordoned = {"spec": {"unschedulable": True}}
    await asyncio.to_thread(play.patch, cordoned, "somebody", path)
    told = await play.ends(told, State.NOT_RECOVERED)
    assert told.says == "somebody has cordoned it again"
    await _says(play, told, "spec.unschedulable was changed since by somebody")
    assert play.installed.fetch(path)["spec"]["unschedulable"] is True
    assert _cordoned_by(play, path) == ["somebody"]


async def _opened(play: Play) -> tuple[Told, str]:
    """A node that somebody had cordoned, and where it is."""
    path = f"/api/v1/nodes/{play.namespace}-node"
    await play.broken()
    await asyncio.to_thread(play.patch, {"spec": {"unschedulable": True}}, "kubectl", path)
    wanted = await play.installed.wanted(play.namespace, "Uncordon", name=path.rpartition("/")[2])
    told = await play.done(await play.installed.propose(wanted))
    assert "unschedulable" not in play.installed.fetch(path)["spec"]
    return told, path


def _cordoned_by(play: Play, path: str) -> list[str]:
    return [
        each["manager"]
        for each in play.installed.fetch(path)["metadata"]["managedFields"]
        if "f:unschedulable" in each["fieldsV1"].get("f:spec", {})
    ]


def changed_by(action: str, webhook: str) -> Callable[[Play], Awaitable[None]]:
    """A webhook that would change more than was asked for, or knows no dry run."""

    async def refused(play: Play) -> None:
        await play.broken()
        wanted = await play.installed.wanted(play.namespace, action)
        await asyncio.to_thread(play.webhooks.begin, play.namespace, webhook)
        told = await play.installed.propose(wanted)
        assert told.state is State.REFUSED
        assert f"{webhook}.example.com" in told.refusals
        if webhook == NO_DRY_RUN:
            assert told.refusals.startswith(f"preview: {NO_TELLING}"), told.refusals
            return
        assert f"preview: {MORE}" in told.refusals, told.refusals
        place, value = ADDED[webhook]
        assert place in told.refusals
        assert any(place in line for line in told.lines), told.lines
        assert any(value in line for line in told.lines), told.lines

    return refused


ADDED = {
    SIDECAR: ("spec.template.spec.containers[name=sidecar]", "registry.example/sidecar:1"),
    REPLICAS: ("spec.replicas", "-> 7"),
}
NO_TELLING = f"the webhook {NO_DRY_RUN}.example.com supports no dry run"


async def _says(play: Play, told: Told, wanted: str, by: str = "undo") -> None:
    """Why it was left as it is."""
    async with asyncio.timeout(PATIENCE):
        while wanted not in (said := play.installed.refused_by(told)):
            await asyncio.sleep(PACE)
    assert said.startswith(f"{by}: ")


PLAYS: Mapping[str, tuple[Filed, Callable[[Play], Awaitable[None]]]] = {
    "scaled to zero is no recovery": (sick(), scaled_to_zero),
    "deleted is no recovery": (sick(), deleted),
    "a broken neighbour does not matter": (released(neighbour()), beside_a_broken_neighbour),
    "late healing counts as late": (without_its_config(), healed_late),
    "OnDelete is refused": (
        sick("StatefulSet", updateStrategy={"type": "OnDelete"}),
        left_alone_on_delete,
    ),
    "paused is refused": (paused(), left_alone_while_paused),
    "a scale that does not help is undone": (budget(), a_scale_that_does_not_help),
    "a rollback that does not help is undone": (released(), a_rollback_that_does_not_help),
    "a quota that was not it is made again": (two_quotas(), a_quota_that_was_not_it),
    "a quota that somebody made again is left": (two_quotas(), a_quota_that_somebody_made_again),
    "a probe that does not help is undone": (impatient(), a_probe_that_does_not_help),
    "a probe that somebody changed is left": (impatient(), a_probe_that_somebody_changed),
    "a node that falls ill is cordoned again": (lonely_node(), a_node_that_falls_ill),
    "a node that somebody cordoned is left": (lonely_node(), a_node_that_somebody_cordoned),
    "a scale that somebody changed is left": (budget(), a_scale_that_somebody_changed),
    "a scale that somebody decided for is left": (budget(), a_scale_that_somebody_decided_for),
    "a rollback that somebody changed is left": (released(), a_rollback_that_somebody_changed),
    "a scale that helped is taken back by a person": (budget(2), a_scale_that_helped),
    "a scale is taken back by a person at once": (
        budget(),
        a_scale_that_somebody_does_not_wait_for,
    ),
    "a sidecar in a restart is shown and refused": (sick(), changed_by("RolloutRestart", SIDECAR)),
    "replicas in a restart are shown and refused": (sick(), changed_by("RolloutRestart", REPLICAS)),
    "a sidecar in a rollback is shown and refused": (
        released(),
        changed_by("RolloutUndo", SIDECAR),
    ),
    "replicas in a rollback are shown and refused": (
        released(),
        changed_by("RolloutUndo", REPLICAS),
    ),
    "other replicas are shown and refused": (budget(), changed_by("ScaleWorkload", REPLICAS)),
    "a webhook without dry run is named": (sick(), changed_by("RolloutRestart", NO_DRY_RUN)),
}


ALWAYS = {
    "scaled to zero is no recovery",
    "OnDelete is refused",
    "paused is refused",
    "a scale that does not help is undone",
    "a scale that somebody changed is left",
    "a scale that somebody decided for is left",
    "a scale that helped is taken back by a person",
    "a scale is taken back by a person at once",
    "a sidecar in a restart is shown and refused",
    "a sidecar in a rollback is shown and refused",
    "a probe that does not help is undone",
    "a node that falls ill is cordoned again",
    "a webhook without dry run is named",
}


@pytest.mark.usefixtures("lonely_nodes")
async def test_effects_are_seen_first_only_the_target_counts_and_what_did_not_help_is_undone(
    installed: Installation, webhooks: Webhooks, prove: bool, tally: Tally
) -> None:
    chosen = [name for name in PLAYS if prove or name in ALWAYS]
    webhooks.install_old()
    async with halting(installed, QUICK) as keeper, keeper.at_work():

        def played(number: int, name: str) -> Awaitable[None]:
            trial, play = PLAYS[name]
            return play(Play(keeper.installed, webhooks, str(number), trial))

        told = await asyncio.gather(
            *(played(number, name) for number, name in enumerate(chosen)), return_exceptions=True
        )
    wrong = [
        f"{name}: {_where(each)}"
        for name, each in zip(chosen, told, strict=True)
        if each is not None
    ]
    tally(Count("leash: effect, recovery and undo", len(chosen), len(wrong)))
    assert wrong == []
    assert installed.left() == []


def _where(error: object) -> str:
    """What went wrong, and at which line of the play."""
    frames = traceback.extract_tb(error.__traceback__) if isinstance(error, BaseException) else []
    lines = [str(each.lineno) for each in frames if each.filename == __file__]
    return f"{error!r} at lines {', '.join(lines)}"

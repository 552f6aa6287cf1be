"""kill -9 of real keepers on a real control plane: at each point one is killed, and the next one
takes over. Who judges is the API server's audit log.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from holdfast.execution.states import State
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable, cordoned_node, mendable
from tests.cluster.repairs import broken, wrote
from tests.proving import PROVE
from tests.surfaces.processes.boundaries import Point
from tests.surfaces.processes.mortal_keeper import Fated
from tests.surfaces.processes.mortals import a_keeper, killed
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leash"), pytest.mark.timeout(1800)]

SENT, ANSWERED = (
    Point("act", "after ready 1 with sending is kept"),
    Point("act", "before send 1 is kept"),
)
LEASE = "system:serviceaccount:holdfast-leases:"
POINTS: Sequence[tuple[Point, ...]] = ((ANSWERED,), (SENT,), (SENT, ANSWERED))
OF_EACH_KIND = (
    "sick_daemonset",
    "image_not_found",
    "quota_of_one_pod",
    "run_for_no_node",
    "sick_pod_of_a_statefulset",
    "budget_of_a_deployment",
    "cordoned_node",
)
ALWAYS = OF_EACH_KIND[:1], POINTS[:1]
ON_POSTGRESQL = ("image_not_found", "quota_of_one_pod", "sick_pod_of_a_statefulset")
"""A change, a deletion and an eviction."""


async def _keepers(installed: Installation, points: Sequence[Point], folder: Path) -> None:
    """One after the other, each killed at its point; the last one lives."""
    settings = {f"HOLDFAST_{name.upper()}": value for name, value in installed.settings.items()}
    for turn, point in enumerate([*points, None]):
        fated = Fated(
            environ={**settings, "HOLDFAST_POLICY": str(installed.policy)},
            point=point,
            trace=folder / f"trace-{turn}",
            log=folder / f"log-{turn}",
        )
        with a_keeper(fated) as keeper:
            await killed(keeper, fated)
        (folder / f"killed-{turn}").touch()


async def _story(installed: Installation, each: Mendable, number: int) -> list[str]:
    """Proposed, approved, acted on and verified, whoever dies; what is not as it must be."""
    stage = await broken(installed, each, f"crash-{installed.database}-{number}")
    mark = installed.lab.audit_mark()
    own = each.own(stage.namespace)
    wanted = await installed.wanted(stage.namespace, each.action, each.code, own)
    told = await installed.propose(wanted)
    assert told.state is State.PROPOSED, told.refusals
    await installed.approve(told)
    told = await installed.until(told.case.id, State.RECOVERED)
    await stage.hold(each.well, "well")
    entries = installed.entries(told.case.id)
    leases = {f"{LEASE}{entry.details['account']}" for entry in entries if entry.kind == "lease"}
    by = [*wrote(installed.lab.audit_events(mark), told)]
    events = [entry.details["event"] for entry in entries if "event" in entry.details]
    wrong = {
        f"it was written by {by}": len(by) != 1 or not leases.issuperset(by),
        f"leases are left: {installed.left()}": bool(installed.left()),
        f"it was told as {events}": events.count("applied") + events.count("found_done") != 1,
    }
    return [said for said, so in wrong.items() if so]


async def _lived(
    installed: Installation, each: Mendable, points: Sequence[Point], number: int, folder: Path
) -> list[str]:
    keeping = asyncio.create_task(_keepers(installed, points, folder))
    telling = asyncio.create_task(_story(installed, each, number))
    try:
        await asyncio.wait((keeping, telling), return_when=asyncio.FIRST_COMPLETED)
        if keeping.done():
            keeping.result()
        wrong = await telling
    finally:
        for task in (keeping, telling):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
    unmet = [str(each) for turn, each in enumerate(points) if not _killed(folder, turn)]
    return [*wrong, *(f"not met: {point}" for point in unmet)]


def _killed(folder: Path, turn: int) -> bool:
    return (folder / f"killed-{turn}").exists()


@pytest.mark.usefixtures("lonely_nodes")
async def test_a_keeper_that_is_killed_is_taken_over(
    installed: Installation, tmp_path: Path, prove: bool, tally: Tally
) -> None:
    names, points = (OF_EACH_KIND, POINTS) if prove else ALWAYS
    assert await _all_lived(installed, names, points, tmp_path, tally) == {}


if PROVE:

    async def test_the_same_on_postgresql(
        on_postgresql: Installation, tmp_path: Path, tally: Tally
    ) -> None:
        assert await _all_lived(on_postgresql, ON_POSTGRESQL, POINTS, tmp_path, tally) == {}


async def _all_lived(
    installed: Installation,
    names: Sequence[str],
    points: Sequence[Sequence[Point]],
    folder: Path,
    tally: Tally,
) -> Mapping[str, Sequence[str]]:
    trials = {each.name: each for each in (*mendable(), cordoned_node())}
    chosen = [(trials[name], at) for name in names for at in points]
    wrong = {}
    for number, (each, at) in enumerate(chosen):
        place = folder / str(number)
        place.mkdir()
        if said := await _lived(installed, each, at, number, place):
            wrong[f"{each.name}, {', '.join(map(str, at))}"] = said
    suite = f"keepers killed on a real control plane, {installed.database}"
    tally(Count(suite, len(chosen), len(wrong)))
    return wrong

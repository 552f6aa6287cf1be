"""From a trouble to a proven outcome on a real control plane: every kind, by a keeper as it runs.

The witness is the API server's audit log.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.actions import CLOSED_SET
from holdfast.execution.states import State
from lab.errors import LabError
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable, mendable
from tests.cluster.repairs import broken, repairable, wrote
from tests.proving import PROVE
from tests.surfaces.processes.running import Running
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leash"), pytest.mark.timeout(900)]

OF_EACH_KIND = {
    "image_not_found",
    "quota_of_one_pod",
    "quota_of_cores",
    "run_for_no_node",
    "sick_pod_of_a_statefulset",
    "sick_daemonset",
    "budget_of_a_deployment",
    "cordoned_node",
    "start_that_takes_long",
    "request_that_failed",
    "order_that_errored",
}
AT_ONCE = 8
LEASE = "system:serviceaccount:holdfast-leases:"
DRY = "preview."  # whose leases write nothing


@pytest.fixture
def keeper(installed: Installation, tmp_path: Path) -> Iterator[Running]:
    """No longer than a test: another installation's keeper takes back what this one lends."""
    with installed.keeper(tmp_path / "log") as running:
        yield running


async def _story(installed: Installation, each: Mendable, of: str = "story") -> list[str]:
    """Broken, proposed, previewed, approved, acted on, verified; what was not as it must be."""
    stage = await broken(installed, each, of)
    mark = installed.lab.audit_mark()
    own = each.own(stage.namespace)
    wanted = await installed.wanted(stage.namespace, each.action, each.code, own)
    told = await installed.propose(wanted)
    assert told.state is State.PROPOSED, told.refusals
    await installed.approve(told)
    told, _ = await asyncio.gather(
        installed.until(told.case.id, State.RECOVERED), stage.play(each.then)
    )
    await stage.hold(each.well, "well")
    leases = [
        f"{LEASE}{account}"
        for entry in installed.entries(told.case.id)
        if entry.kind == "lease" and not (account := str(entry.details["account"])).startswith(DRY)
    ]
    by = [*wrote(installed.lab.audit_events(mark), told)]
    wrong = [] if by == leases else [f"{each.name}: {by}, and the lease was {leases}"]
    if await _found(installed, each, stage.namespace, told.proposal.code):
        wrong.append(f"{each.name}: {told.proposal.code} is still found")
    return wrong


async def _found(installed: Installation, each: Mendable, namespace: str, code: str) -> bool:
    """Whether that is found there now: of what lies in no namespace, on its own object."""
    own = each.own(namespace)
    found = await installed.found(namespace, code)
    return any(own in ("", one.about.name) for one in found)


async def _beside_its_control(installed: Installation, each: Mendable, lasts: float) -> list[str]:
    """The same broken twice: one is repaired, the other is left alone for as long, or longer."""
    control = await broken(installed, each, "alone")
    clock = asyncio.get_running_loop().time
    ends = clock() + lasts
    own = each.own(control.namespace)
    code = (await installed.wanted(control.namespace, each.action, each.code, own)).code
    wrong = await _story(installed, each)
    await asyncio.sleep(max(0, ends - clock()))
    if not await _found(installed, each, control.namespace, code):
        wrong.append(f"{each.name}: {code} is gone although nobody did anything")
    return wrong


@pytest.mark.usefixtures("cert_manager", "lonely_nodes")
async def test_each_trial_is_repaired_by_its_lease_alone_and_left_alone_it_stays_broken(
    installed: Installation, keeper: Running, prove: bool, tally: Tally
) -> None:
    chosen = [each for each in repairable() if prove or each.name in OF_EACH_KIND]
    assert {each.action for each in chosen} == {each.kind.name for each in CLOSED_SET}
    assert len(chosen) >= (25 if prove else len(OF_EACH_KIND))
    gate = asyncio.Semaphore(AT_ONCE)
    lasts = float(installed.settings["deadline"]) if prove else 0

    async def one(each: Mendable) -> list[str]:
        async with gate:
            try:
                return await _beside_its_control(installed, each, lasts)
            except (AssertionError, TimeoutError, LabError) as failed:
                return [f"{each.name}: {failed!r}"]

    told = await asyncio.gather(*map(one, chosen))
    wrong = [said for each in told for said in each]
    tally(Count("leash: trials repaired, and broken without", len(told), sum(map(bool, told))))
    assert wrong == []
    assert installed.left() == []
    assert not [each for each in keeper.told() if each["event"] == "trouble"]


if PROVE:

    async def test_the_same_on_postgresql(on_postgresql: Installation, tmp_path: Path) -> None:
        each = next(each for each in mendable() if each.name == "sick_daemonset")
        with on_postgresql.keeper(tmp_path / "log"):
            assert await _story(on_postgresql, each, "postgresql") == []
        assert on_postgresql.left() == []

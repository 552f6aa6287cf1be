"""What changes between an approval and the act stops the act, for each kind; a status does not.

Each case has a namespace of its own. All are proposed and approved; then the keeper halts, and the
world changes; then it goes on.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from holdfast.execution.states import State
from holdfast.model.objects import Ref
from lab.client import STRATEGIC
from lab.trials.objects import Objects
from lab.trials.stage import Stage
from tests.cluster.changing import FLUX, READS, STATUS, TRACKED, Others
from tests.cluster.fencing import path_of
from tests.cluster.halting import IN_PROCESS, halting
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable, mendable
from tests.cluster.told import Told
from tests.cluster.webhooks import REPLICAS, SIDECAR, Webhooks
from tests.tally import Count, Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("leash"),
    pytest.mark.timeout(900),
    *IN_PROCESS,
]

OF_EACH_KIND = {
    "DeletePod": "sick_pod_of_a_statefulset",
    "DeleteJob": "run_for_no_node",
    "DeleteResourceQuota": "quota_of_one_pod",
    "RolloutRestart": "sick_deployment",
    "RolloutUndo": "image_not_found",
    "ScaleWorkload": "budget_of_a_deployment",
}
CHANGES: dict[str, tuple[str, ...]] = {
    "made again": ("sight",),
    "another field": ("time_of_use",),
    # The labels and annotations of a quota are what it was judged by, too.
    "kept by GitOps": ("kept_elsewhere", "time_of_use"),
    "namespace protected": ("protected_namespaces",),
    "policy tightened": ("operator_policy",),
    "person revoked": ("approvals",),
    "a webhook": ("effect",),
    "status alone": (),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind, and what happens to its target."""

    each: Mendable
    change: str

    @property
    def namespace(self) -> str:
        return f"{self.each.action.lower()}-{self.change.replace(' ', '-').lower()}"


def cases(*, prove: bool) -> list[Case]:
    """Each kind with each change; the short form has each change once, and each kind."""
    known = {each.name: each for each in mendable()}
    kinds = [known[name] for name in OF_EACH_KIND.values()]
    patched = [each for each in kinds if not each.action.startswith("Delete")]
    chosen: list[Case] = []
    for number, change in enumerate(CHANGES):
        fitting = patched if change == "a webhook" else kinds
        some = fitting if prove else [fitting[number % len(fitting)]]
        chosen += [Case(each=each, change=change) for each in some]
    return chosen


class World:
    """Whoever changes it, and what it was before."""

    def __init__(self, installed: Installation, webhooks: Webhooks, chosen: list[Case]) -> None:
        self._installed = installed
        self._others = Others(installed)
        self._webhooks = webhooks
        self._chosen = chosen

    def policy(self) -> None:
        """Everything that stands in the policy's folder, at once."""

        def of(change: str) -> list[str]:
            return [each.namespace for each in self._chosen if each.change == change]

        forbidden = [
            f'@id("{name}") forbid(principal, action, resource in Namespace::"{name}");'
            for name in of("policy tightened")
        ]
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._installed.write_policy(
            protected=of("namespace protected"),
            cedar="\n".join(forbidden) + "\n",
            revoked={"cleo": now},
        )

    def change(self, case: Case, target: Ref) -> None:
        """What happens to one target."""
        path = path_of(
            {
                "apiVersion": target.api_version,
                "kind": target.kind,
                "metadata": {"name": target.name, "namespace": target.namespace},
            }
        )
        match case.change:
            case "made again":
                self._others.make_again(path)
            case "another field":
                self._others.patch(path, READS[case.each.action])
            case "kept by GitOps":
                marked = {"annotations": TRACKED} if target.kind == "Pod" else {"labels": FLUX}
                self._others.patch(path, {"metadata": marked})
            case "a webhook":
                what = REPLICAS if case.each.action == "ScaleWorkload" else SIDECAR
                self._webhooks.begin(target.namespace, what)
            case "status alone":
                self._others.patch(f"{path}/status", STATUS[target.kind], STRATEGIC)


async def _proposed(installed: Installation, case: Case) -> Told:
    """Broken, and proposed."""
    stage = Stage(case.each.filed, case.namespace, Objects(installed.admin))
    await stage.furnish()
    await stage.spoil()
    await stage.hold(case.each.filed.trial.until, "until")
    wanted = await installed.wanted(case.namespace, case.each.action, case.each.code)
    told = await installed.propose(wanted)
    assert told.state is State.PROPOSED, told.refusals
    return told


async def test_what_changes_after_the_approval_stops_the_act_and_a_status_does_not(
    installed: Installation, webhooks: Webhooks, prove: bool, tally: Tally
) -> None:
    chosen = cases(prove=prove)
    assert {each.each.action for each in chosen} == {*OF_EACH_KIND}
    world = World(installed, webhooks, chosen)
    gate = asyncio.Semaphore(8)

    async def one(case: Case) -> Told:
        async with gate:
            return await _proposed(keeper.installed, case)

    async with halting(installed) as keeper:
        async with keeper.at_work():
            proposed = await asyncio.gather(*map(one, chosen))
        for case, told in zip(chosen, proposed, strict=True):
            revoked = case.change == "person revoked"
            await keeper.installed.approve(told, ("cleo", "ana") if revoked else ("ana", "ben"))
        for case, told in zip(chosen, proposed, strict=True):
            await asyncio.to_thread(world.change, case, told.proposal.target)
        world.policy()
        async with keeper.at_work():
            ended = await keeper.ended(proposed)
        wrong = [
            f"{case.namespace}: {told.state}, {why}"
            for case, told in zip(chosen, ended, strict=True)
            if not _as_it_must(case, told, why := keeper.installed.refused_by(told))
        ]
    installed.write_policy()
    for change in dict.fromkeys(each.change for each in chosen):
        n = sum(each.change == change for each in chosen)
        failures = sum(each.partition(":")[0].endswith(change) for each in wrong)
        tally(Count(f"leash, after the approval: {change}", n, failures))
    assert wrong == []
    assert installed.left() == []


def _as_it_must(case: Case, told: Told, why: str) -> bool:
    by = CHANGES[case.change]
    if not by:
        return told.state is State.RECOVERED
    return told.state is State.REFUSED and why.partition(":")[0] in by

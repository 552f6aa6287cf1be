"""What changes between an approval and the act stops the act, for each kind; a status does not.

Each case has a namespace of its own. All are proposed and approved; then the keeper halts, and the
world changes; then it goes on.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest

from holdfast.actions import CLOSED_SET
from holdfast.execution.states import State
from holdfast.model.objects import Ref
from lab.client import STRATEGIC
from lab.trials.objects import Objects
from lab.trials.stage import Stage
from tests.cluster.changing import FLUX, READS, STATUS, TRACKED, Others
from tests.cluster.fencing import path_of
from tests.cluster.halting import IN_PROCESS, halting
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable
from tests.cluster.repairs import repairable
from tests.cluster.told import Told
from tests.cluster.webhooks import REPLICAS, SIDECAR, Webhooks
from tests.tally import Count, Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("leash"),
    pytest.mark.timeout(900),
    *IN_PROCESS,
]

OF_EACH_KIND = (
    "order_that_errored",
    "request_that_failed",
    "run_for_no_node",
    "sick_pod_of_a_statefulset",
    "quota_of_one_pod",
    "start_that_takes_long",
    "sick_deployment",
    "image_not_found",
    "budget_of_a_deployment",
    "cordoned_node",
)
KINDS = tuple(each.kind.name for each in CLOSED_SET)
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
# A node lies in no namespace, and the webhook changes what lies in one. What a deletion sends has
# no fields that one could add to.
NO_SENSE = {
    "namespace protected": {"Uncordon"},
    "a webhook": {"Uncordon", *(each for each in KINDS if each.startswith("Delete"))},
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
    named = {each.name: each for each in repairable()}
    kinds = [named[name] for name in OF_EACH_KIND]
    fitting = {
        change: [Case(each=each, change=change) for each in kinds if _makes_sense(each, change)]
        for change in CHANGES
    }
    if prove:
        return [case for every in fitting.values() for case in every]
    chosen: list[Case] = []
    for change in (*CHANGES, *CHANGES):
        new = [case for case in fitting[change] if case.each not in [one.each for one in chosen]]
        if new or change not in {case.change for case in chosen}:
            chosen.append((new or fitting[change])[0])
    return chosen


def _makes_sense(each: Mendable, change: str) -> bool:
    return each.action not in NO_SENSE.get(change, ())


class World:
    """Whoever changes it, and what it was before."""

    def __init__(self, installed: Installation, webhooks: Webhooks, chosen: list[Case]) -> None:
        self._installed = installed
        self._others = Others(installed)
        self._webhooks = webhooks
        self._chosen = chosen

    def policy(self, targets: list[Ref]) -> None:
        """Everything that stands in the policy's folder, at once."""

        def of(change: str) -> list[Ref]:
            both = zip(self._chosen, targets, strict=True)
            return [target for case, target in both if case.change == change]

        forbidden = [
            f'@id("{uid}") forbid(principal, action, resource == Target::"{uid}");'
            for uid in (each.uid for each in of("policy tightened"))
        ]
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._installed.write_policy(
            protected=[each.namespace for each in of("namespace protected")],
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


async def _proposed(installed: Installation, case: Case) -> tuple[Stage, Told]:
    """Broken, and proposed."""
    objects = Objects(installed.admin, manager=case.each.by)
    stage = Stage(case.each.filed, case.namespace, objects)
    await stage.furnish()
    await stage.spoil()
    await stage.hold(case.each.filed.trial.until, "until")
    own = case.each.own(case.namespace)
    wanted = await installed.wanted(case.namespace, case.each.action, case.each.code, own)
    told = await installed.propose(wanted)
    assert told.state is State.PROPOSED, told.refusals
    return stage, told


async def _ended(installed: Installation, case: Case, stage: Stage, told: Told) -> Told:
    """Wherever it ends, with what others do once it is done."""
    if not CHANGES[case.change]:
        await stage.play(case.each.then)
    return await installed.ended(told.case.id)


@pytest.mark.usefixtures("cert_manager", "lonely_nodes")
async def test_what_changes_after_the_approval_stops_the_act_and_a_status_does_not(
    installed: Installation, webhooks: Webhooks, prove: bool, tally: Tally
) -> None:
    chosen = cases(prove=prove)
    assert {each.each.action for each in chosen} == {*KINDS}
    assert {each.change for each in chosen} == {*CHANGES}
    world = World(installed, webhooks, chosen)
    gate = asyncio.Semaphore(8)

    async def one(case: Case) -> tuple[Stage, Told]:
        async with gate:
            return await _proposed(keeper.installed, case)

    async with halting(installed) as keeper:
        async with keeper.at_work():
            stages, proposed = zip(*await asyncio.gather(*map(one, chosen)), strict=True)
        for case, told in zip(chosen, proposed, strict=True):
            revoked = case.change == "person revoked"
            await keeper.installed.approve(told, ("cleo", "ana") if revoked else ("ana", "ben"))
        for case, told in zip(chosen, proposed, strict=True):
            await asyncio.to_thread(world.change, case, told.proposal.target)
        world.policy([each.proposal.target for each in proposed])
        async with keeper.at_work():
            waiting = map(partial(_ended, keeper.installed), chosen, stages, proposed)
            ended = await asyncio.gather(*waiting)
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

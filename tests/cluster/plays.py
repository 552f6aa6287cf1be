"""One namespace in which something is broken and worked at, and what can be broken there."""

import asyncio
from typing import Any

from holdfast.execution.states import State
from holdfast.model.rules import Found
from holdfast.testing.trials.library import Filed
from lab.client import MERGE
from lab.trials.objects import Objects
from lab.trials.stage import Stage
from tests.cluster.finding import PACE
from tests.cluster.leash import Installation
from tests.cluster.mendable import RELEASES, available, filed, workload
from tests.cluster.told import Told
from tests.cluster.webhooks import Webhooks
from tests.surfaces.processes.running import PATIENCE

type Raw = dict[str, Any]

SICK = {"metadata": {"annotations": {"lab.holdfast.dev/fault": "crash-loop"}}}
ONE_POD = {"hard": {"pods": "1"}}


class Play:
    """One namespace in which something is broken and worked at."""

    def __init__(
        self, installed: Installation, webhooks: Webhooks, name: str, trial: Filed
    ) -> None:
        self.installed = installed
        self.webhooks = webhooks
        self.namespace = f"play-{name}"
        self.trial = trial
        self.objects = Objects(installed.admin)

    async def broken(self) -> None:
        """As the trial has it."""
        stage = Stage(self.trial, self.namespace, self.objects)
        await stage.furnish()
        await stage.spoil()

    async def found(self, code: str) -> list[Found]:
        """What is found of that, as soon as there is anything."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await self.installed.found(self.namespace, code)):
                await asyncio.sleep(PACE)
        return found

    async def proposed(self, action: str, code: str = "", name: str = "") -> Told:
        """Broken, and proposed."""
        await self.broken()
        wanted = await self.installed.wanted(self.namespace, action, code, name)
        return await self.installed.propose(wanted)

    async def applied(self, action: str, code: str = "", name: str = "") -> Told:
        """Broken, proposed, approved, and acted on."""
        return await self.done(await self.proposed(action, code, name))

    async def done(self, told: Told) -> Told:
        """Approved, and acted on."""
        assert told.state is State.PROPOSED, told.refusals
        await self.installed.approve(told)
        return await self.until_applied(told)

    async def until_applied(self, told: Told) -> Told:
        """Before anybody knows whether it helped."""
        async with asyncio.timeout(PATIENCE):
            while (now := self.installed.told(told.case.id)) is not None:
                if now.state is State.APPLIED:
                    return now
                assert now.state in (State.APPROVED, State.LEASED), (now.state, now.says)
                await asyncio.sleep(PACE)
        raise AssertionError("unreachable")

    def path(self, plural: str = "deployments", name: str = "web") -> str:
        root = "/api/v1" if plural in ("resourcequotas", "pods", "configmaps") else "/apis/apps/v1"
        return f"{root}/namespaces/{self.namespace}/{plural}/{name}"

    def patch(self, body: Raw, manager: str, path: str = "", kind: str = MERGE) -> None:
        """Somebody else writes into it."""
        query: dict[str, str | int] = {"fieldManager": manager}
        done = self.installed.admin.send(
            "PATCH", path or self.path(), body=body, kind=kind, query=query
        )
        assert done.ok, done.body

    def sicken(self) -> None:
        sicken(self.installed, self.namespace)

    def spec(self, plural: str = "deployments", name: str = "web") -> Raw:
        found: Raw = self.installed.fetch(self.path(plural, name))["spec"]
        return found

    async def ends(self, told: Told, *states: State) -> Told:
        return await self.installed.until(told.case.id, *states)


def sicken(installed: Installation, namespace: str) -> None:
    """Every pod that is there; some may be going."""
    admin, pods = installed.admin, f"/api/v1/namespaces/{namespace}/pods"
    for each in admin.get(pods).json()["items"]:
        done = admin.send("PATCH", f"{pods}/{each['metadata']['name']}", body=SICK, kind=MERGE)
        assert done.ok or done.code == 404, done.body


def sick(kind: str = "Deployment", **spec: object) -> Filed:
    """A workload all of whose pods keep ending."""
    made = workload(kind)
    made["spec"] |= spec
    fault: list[Raw] = [{"patch": {"of": "Pod/web-*", "with": SICK}}]
    return filed("sick", [made], [available(kind, 2)], fault)


def paused() -> Filed:
    """Held by somebody, and ill."""
    fault: list[Raw] = [
        {"patch": {"of": "Deployment/web", "with": {"spec": {"paused": True}}}},
        {"patch": {"of": "Pod/web-*", "with": SICK}},
    ]
    return filed("paused", [workload("Deployment")], [available("Deployment", 2)], fault)


def budget(least: str | int = "100%") -> Filed:
    """One that lets nobody go, however many there are; or until there are more."""
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": "web"}}},
    }
    ready = [available("Deployment", 2)]
    return filed("budget", [workload("Deployment")], ready, [{"apply": budget}])


def impatient() -> Filed:
    """A liveness probe that kills what it asks, which no patience would help."""
    probe = {"httpGet": {"path": "/broken", "port": 80}, "periodSeconds": 1, "failureThreshold": 1}
    pod = {"containers": [{"name": "app", "livenessProbe": probe}]}
    fault: list[Raw] = [
        {"patch": {"of": "Deployment/web", "with": {"spec": {"template": {"spec": pod}}}}}
    ]
    return filed("impatient", [workload("Deployment")], [available("Deployment", 2)], fault)


def released(*besides: Raw) -> Filed:
    """A release that gets stuck."""
    change = {"spec": {"template": {"spec": RELEASES["release_of_a_private_image"]}}}
    fault: list[Raw] = [{"patch": {"of": "Deployment/web", "with": change}}]
    given = [workload("Deployment"), *besides]
    return filed("released", given, [available("Deployment", 2)], fault)


def two_quotas() -> Filed:
    """One refuses, and the other would once it is as tight: the API server names any that does."""
    hard = {"tight": ONE_POD, "other": {"hard": {"pods": "7"}}}
    quotas: list[Raw] = [
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec}
        for name, spec in hard.items()
    ]
    counted = [
        {"of": f"ResourceQuota/{name}", "where": {"status": spec}} for name, spec in hard.items()
    ]
    return filed("quotas", quotas, counted, [{"apply": workload("Deployment")}])


def without_its_config() -> Filed:
    """What it needs comes late."""
    pod = {
        "containers": [
            {"name": "app", "image": "web:1", "envFrom": [{"configMapRef": {"name": "late"}}]}
        ]
    }
    made = workload("Deployment", pod)
    return filed("late", [], [], [{"apply": made}], [available("Deployment", 2)])


def neighbour() -> Raw:
    pod = {"containers": [{"name": "app", "image": "web:does-not-exist"}]}
    return workload("Deployment", pod, name="other")

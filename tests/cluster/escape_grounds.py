"""Where proposals are tried: a namespace with one broken thing in it, and the letter about that."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from holdfast.conformance.hostile import Dice
from lab.trials.objects import Objects
from lab.trials.stage import Stage
from tests.cluster.certificates import unissued
from tests.cluster.fencing import path_of
from tests.cluster.leash import Installation
from tests.cluster.mendable import QUOTAS, Mendable, mendable

type Raw = dict[str, Any]

# The others of these kinds are slow to show what is wrong with them.
USED = {
    "RolloutUndo": {
        "release_of_a_private_image",
        "release_of_a_name_that_none_has",
        "release_that_is_never_ready",
        "release_without_its_config",
        "release_whose_init_fails",
    },
    "ScaleWorkload": {"budget_of_a_deployment", "budget_of_a_statefulset"},
    "DeleteResourceQuota": set(QUOTAS),
}


def scenes() -> Mapping[str, list[Mendable]]:
    """What can be broken, by what mends it."""
    found: dict[str, list[Mendable]] = {}
    for each in (*mendable(), *unissued()):
        if each.action not in USED or each.name in USED[each.action]:
            found.setdefault(each.action, []).append(each)
    return found


@dataclass(kw_only=True)
class Ground:
    """One of them."""

    installed: Installation
    each: Mendable
    namespace: str
    number: int
    stage: Stage
    letter: Raw = field(default_factory=dict)
    template: Raw | None = None  # what is to come of it, or what there was before

    @classmethod
    async def broken(
        cls, installed: Installation, each: Mendable, namespace: str, number: int
    ) -> "Ground":
        """Made and broken, and the letter written that `holdfast propose` would write."""
        stage = Stage(each.filed, namespace, Objects(installed.admin))
        ground = cls(
            installed=installed, each=each, namespace=namespace, number=number, stage=stage
        )
        await asyncio.to_thread(ground._free)
        await stage.furnish()
        await stage.spoil()
        await stage.hold(each.filed.trial.until, "until")
        wanted = await installed.wanted(namespace, each.action, each.code)
        ground.letter = msgspec.to_builtins(wanted)
        ground.template = await asyncio.to_thread(ground._template)
        return ground

    @property
    def action(self) -> str:
        return self.each.action

    @property
    def target(self) -> Raw:
        """Which object is meant, as the letter has it."""
        return dict(self.letter["target"])

    @property
    def path(self) -> str:
        return self.path_to(self.target["kind"], self.target["api_version"], self.target["name"])

    def path_to(self, kind: str, api_version: str, name: str) -> str:
        """Where an object of this namespace is."""
        metadata = {"name": name, "namespace": self.namespace}
        return path_of({"apiVersion": api_version, "kind": kind, "metadata": metadata})

    def owner(self) -> str:
        """Where the first owner of the target is."""
        owner = self.installed.fetch(self.path)["metadata"]["ownerReferences"][0]
        return self.path_to(owner["kind"], owner["apiVersion"], owner["name"])

    async def mended(self) -> None:
        """What others do as soon as the repair is done."""
        await self.stage.play(self.each.then)

    async def gone(self) -> None:
        """Have the namespace cleared away; nobody waits for that."""
        path = f"/api/v1/namespaces/{self.namespace}"
        await asyncio.to_thread(self.installed.admin.send, "DELETE", path)

    def _free(self) -> None:
        """Whoever was here before is through with going."""
        path = f"/api/v1/namespaces/{self.namespace}"

        def free() -> bool:
            there = self.installed.admin.get(path)
            return not there.ok or there.json()["status"]["phase"] == "Active"

        self.installed.lab.wait(free, what=f"{path} to go")

    def _template(self) -> Raw | None:
        if self.action == "PatchProbe":
            return dict(self.installed.fetch(self.path)["spec"]["template"])
        if self.action == "RolloutUndo":
            name = self.letter["params"]["replica_set"]
            found = self.installed.fetch(self.path_to("ReplicaSet", "apps/v1", name))
            return dict(found["spec"]["template"])
        return None


def any_of(found: Mapping[str, list[Mendable]], action: str, dice: Dice) -> Mendable:
    """Something that is mended so."""
    return dice.choice(found[action])

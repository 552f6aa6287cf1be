"""A cluster that is well and never rests, and an observer who takes all of it for trouble."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import yaml

from holdfast.facts import CATALOGUE
from holdfast.model.kinds import Claim, Deployment, Pod
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot
from lab.control_plane import Lab
from tests.cluster.shapes import Manifest, claim, namespace, service, workload

GRACES = {rule.code: rule.grace for rule in CATALOGUE}
# What an impatient observer holds against each kind, and the grace of the rule that waits longer.
_PATIENCE: dict[type[Object], timedelta] = {
    Deployment: GRACES["HF-WRK-010"],
    Pod: GRACES["HF-WRK-013"],
    Claim: GRACES["HF-STO-001"],
}


def a_healthy_cluster(dice: random.Random, *, deployments: int) -> list[Manifest]:
    """Workloads in 8 namespaces, and claims that rightly wait for a pod that may never come."""
    spaces = [f"quiet-{n}" for n in range(8)]
    objects = [namespace(name) for name in spaces]
    for n in range(deployments):
        name, space = f"web-{n}", spaces[n % 8]
        objects.append(workload("Deployment", name, space, dice=dice, replicas=3 + n % 3))
        objects.append(service(name, space, name))
    for n in range(8):
        templates = {"metadata": {"name": "data"}, "spec": claim("data", "", "lab-late")["spec"]}
        objects.append(
            workload(
                "StatefulSet",
                f"db-{n}",
                spaces[n],
                dice=dice,
                replicas=2,
                serviceName="",
                volumeClaimTemplates=[templates],
            )
        )
    objects += [workload("DaemonSet", f"agent-{n}", spaces[n], dice=dice) for n in range(4)]
    objects += [
        workload("Job", f"batch-{n}", spaces[n], dice=dice, completions=2) for n in range(6)
    ]
    objects += [claim(f"later-{n}", spaces[n % 8], "lab-late") for n in range(10)]
    return objects


@dataclass
class Impatient:
    """Calls everything unhealthy that is not ready now, and remembers for how long."""

    scale: float
    short: dict[str, datetime] = field(default_factory=dict)
    long: set[str] = field(default_factory=set)

    def look(self, snapshot: Snapshot) -> None:
        short: dict[str, datetime] = {}
        for kind, patience in _PATIENCE.items():
            for each in snapshot.all(kind):
                if not _churns(each):
                    continue
                since = self._unhealthy_since(each, snapshot.now)
                if since is None:
                    continue
                if isinstance(each, Deployment):
                    short[each.metadata.uid] = since
                if snapshot.now - since > patience * self.scale / 2:
                    self.long.add(each.metadata.uid)
        self.short = short

    def _unhealthy_since(self, each: Object, now: datetime) -> datetime | None:
        match each:
            case Deployment() if each.status.available_replicas < each.spec.replicas:
                return self.short.get(each.metadata.uid, now)
            case Pod() if each.status.phase != "Succeeded":
                return each.unready_since
            case Claim() if each.status.phase == "Pending":
                return each.born
        return None


def _churns(each: Object) -> bool:
    space = each.metadata.namespace
    return space.removeprefix("quiet-").isdecimal()


async def churn(
    lab: Lab, dice: random.Random, scale: float, deployments: int, done: asyncio.Event
) -> int:
    """Roll out, scale, start Jobs, restart nodes: nothing again before it can have settled."""
    rested: dict[str, float] = {}
    turns = 0
    while not done.is_set():
        turns += 1
        n = dice.randrange(deployments)
        space, name = f"quiet-{n % 8}", f"deployment/web-{n}"
        if turns % 20 == 0:
            await restart_a_node(lab, f"node-{turns // 20 % 4}", scale)
        elif rested.get(name, 0) < time.monotonic():
            rested[name] = time.monotonic() + 300 * scale
            match dice.randrange(3):
                case 0:
                    words = ["rollout", "restart", name]
                case 1:
                    words = ["scale", name, f"--replicas={dice.randint(1, 5)}"]
                case _:
                    words = ["set", "env", name, f"TURN={turns}"]
            await asyncio.to_thread(lab.kubectl, "-n", space, *words)
        else:
            job = workload("Job", f"extra-{turns}", f"quiet-{turns % 8}", dice=dice)
            await asyncio.to_thread(lab.kubectl, "create", "-f", "-", stdin=yaml.safe_dump(job))
        await asyncio.sleep(0.5)
    return turns


async def restart_a_node(lab: Lab, node: str, scale: float) -> None:
    """Its kubelet is not well for a minute of the lab's time.

    Longer, and a pod that starts slowly there comes near its Deployment's grace, since what kubectl
    and the controllers take is not shortened with the rest.
    """
    told = "lab.holdfast.dev/node"
    await asyncio.to_thread(lab.kubectl, "annotate", "node", node, f"{told}=not-ready")
    await asyncio.sleep(60 * scale)
    await asyncio.to_thread(lab.kubectl, "annotate", "node", node, f"{told}-")

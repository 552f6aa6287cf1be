"""The healthy churn at full size: 150 pods, restarting nodes, and ten faults of ten areas in it.

It takes five minutes and most of two cores, so it runs when everything is proven.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.facts import CATALOGUE, judge, kinds_read
from holdfast.model.kinds import Claim, Deployment, Pod
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Finding
from holdfast.model.snapshot import Snapshot
from holdfast.workflow.look import look
from lab import crds
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.shapes import Manifest, claim, namespace, service, workload
from tests.cluster.ten_faults import FAULTS, GUARD, NODE, PLACE
from tests.tally import Count, Tally

GRACES = {rule.code: rule.grace for rule in CATALOGUE}
LONGEST = timedelta(minutes=5)  # longer ones, of an hour or a day, say why in their files
SLACK = timedelta(seconds=5)
DEPLOYMENTS = 32
SCALE = 0.3  # of the graces, and of whatever the played kubelets wait for
# What an impatient observer holds against each kind, and the grace of the rule that waits longer.
PATIENCE: dict[type[Object], timedelta] = {
    Deployment: GRACES["HF-WRK-010"],
    Pod: GRACES["HF-WRK-013"],
    Claim: GRACES["HF-STO-001"],
}


@pytest.fixture(scope="module")
def busy(lab_built: None, definitions: list[object], prove: bool) -> Iterator[Lab]:
    """A lab of its own: other tests must neither be disturbed by the churn nor disturb it."""
    if not prove:
        pytest.skip("only when everything is proven (make prove)")
    with Lab.start(Options(pace=SCALE, nodes=6)) as lab:
        crds.install(lab, ["flux", "velero"])
        yield lab


def a_healthy_cluster(dice: random.Random, *, deployments: int) -> list[Manifest]:
    """Workloads in 8 namespaces (150 pods and more at full size), and claims that rightly wait for
    a pod that may never come. What will break stands well, in namespaces of its own.
    """
    spaces = [f"quiet-{n}" for n in range(8)]
    objects = [namespace(name) for name in (*spaces, PLACE)]
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
    return [*objects, *(each for fault in FAULTS for each in fault.before)]


@dataclass
class Impatient:
    """Calls everything unhealthy that is not ready now, and remembers for how long."""

    scale: float
    short: dict[str, datetime] = field(default_factory=dict)
    long: set[str] = field(default_factory=set)

    def look(self, snapshot: Snapshot) -> None:
        short: dict[str, datetime] = {}
        for kind, patience in PATIENCE.items():
            for each in snapshot.all(kind):
                if each.metadata.namespace.startswith(PLACE):
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


async def scans(reader: Reader, scale: float) -> AsyncIterator[tuple[Snapshot, list[Finding]]]:
    while True:
        snapshot = await look(reader, kinds=kinds_read())
        yield snapshot, list(judge(snapshot, grace_scale=scale).findings)
        await asyncio.sleep(1)


def break_everything(lab: Lab) -> dict[str, datetime]:
    """When each fault was there at the latest, by code."""
    broken: dict[str, datetime] = {}
    for fault in FAULTS:
        fault.break_it(lab)
        broken[fault.code] = datetime.now(UTC)
    return broken


@dataclass
class Watched:
    """What the scans said: of what is well, of each fault, and of each fault when it was late."""

    scale: float
    alarms: dict[str, Finding] = field(default_factory=dict)
    found: dict[str, timedelta] = field(default_factory=dict)
    missed: dict[str, timedelta] = field(default_factory=dict)

    def hear(self, now: datetime, findings: list[Finding], broken: dict[str, datetime]) -> None:
        incidents = [f for f in findings if f.channel is Channel.INCIDENT]
        for finding in incidents:
            if not _is_about_a_fault(finding) or not broken:
                self.alarms[finding.id] = finding
        for fault in FAULTS:
            if fault.code not in broken:
                continue
            late = now - broken[fault.code]
            if any(f.code == fault.code and fnmatch(f.about.name, fault.name) for f in incidents):
                self.found.setdefault(fault.code, late)
            elif late > GRACES[fault.code] * self.scale + SLACK:
                self.missed.setdefault(fault.code, late)


def _is_about_a_fault(finding: Finding) -> bool:
    about = finding.about
    return about.namespace.startswith(PLACE) or about.name in (NODE, GUARD)


@pytest.mark.slow
@pytest.mark.xdist_group("ten faults")
@pytest.mark.timeout(1200)
async def test_no_false_alarm_in_a_healthy_churn_and_each_fault_in_it_is_found_in_time(
    busy: Lab, tmp_path: Path, tally: Tally
) -> None:
    """A fault is reported in time if every scan later than its grace and five seconds has it."""
    seed = 20261121
    scale, dice = SCALE, random.Random(seed)
    healthy = a_healthy_cluster(dice, deployments=DEPLOYMENTS)
    busy.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(healthy))
    connection = connect_to(environ={}, kubeconfig=busy.kubeconfig(), home=tmp_path)
    observer, watched = Impatient(scale), Watched(scale)
    broken: dict[str, datetime] = {}
    done = asyncio.Event()
    length = 3 * LONGEST * scale
    looked = pods = 0

    async with Reader(connection, clock=SystemClock()) as reader:
        churning = asyncio.create_task(churn(busy, dice, scale, DEPLOYMENTS, done))
        began = await reader.now()
        async for snapshot, findings in scans(reader, scale):
            looked += 1
            pods = max(pods, len(snapshot.all(Pod)))
            observer.look(snapshot)
            watched.hear(snapshot.now, findings, broken)
            if not broken and snapshot.now - began > length / 3:
                broken = await asyncio.to_thread(break_everything, busy)
            if snapshot.now - began > length:
                break
        done.set()
        turns = await churning

    waited = [f"{code} after {late.total_seconds():.1f} s" for code, late in watched.found.items()]
    print(
        f"grace scale {scale}, {pods} pods, {looked} scans, {turns} changes, seed {seed}; {waited}"
    )
    alarms = {f"{f.code} {f.about} {f.says}" for f in watched.alarms.values()}
    tally(Count("cluster: scans of a healthy churn", looked, failures=len(alarms), seed=seed))
    tally(Count("cluster: objects that looked unhealthy for long", len(observer.long)))
    missing = broken.keys() - watched.found.keys()
    failures = len(watched.missed.keys() | missing)
    tally(Count("cluster: faults found in their time", len(FAULTS), failures=failures))
    assert set() == alarms
    assert 150 <= pods
    assert 200 <= len(observer.long)
    assert (set(), {}) == (missing, watched.missed)

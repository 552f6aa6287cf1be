"""A healthy cluster that never rests gives no finding; what breaks in the midst of it is found.

Graces are shortened by `grace_scale`, and the played kubelets are quicker by the same factor, so
that slow starts of 30 to 120 s keep their proportion to the graces. What looks unhealthy is
counted by an observer of the test's own, which knows no grace and no cause.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.shapes import Manifest, claim, namespace, workload
from tests.tally import Count, Tally

GRACES = {rule.code: rule.grace for rule in CATALOGUE}
LONGEST = timedelta(minutes=5)  # longer ones, of an hour or a day, say why in their files
SLACK = timedelta(seconds=5)
FAULTS = "quiet-faults"
# What an impatient observer holds against each kind, and the grace of the rule that waits longer.
PATIENCE: dict[type[Object], timedelta] = {
    Deployment: GRACES["HF-WRK-010"],
    Pod: GRACES["HF-WRK-013"],
    Claim: GRACES["HF-STO-001"],
}


@pytest.fixture(scope="module")
def scale(prove: bool) -> float:
    return 0.3 if prove else 0.1


@pytest.fixture(scope="module")
def busy(lab_built: None, scale: float) -> Iterator[Lab]:
    """A lab of its own: other tests must neither be disturbed by the churn nor disturb it."""
    with Lab.start(Options(pace=scale, nodes=5)) as lab:
        yield lab


def a_healthy_cluster(dice: random.Random) -> list[Manifest]:
    """30 workloads in 8 namespaces, and claims that rightly wait for a pod that may never come."""
    spaces = [f"quiet-{n}" for n in range(8)]
    objects = [namespace(name) for name in (*spaces, FAULTS)]
    objects += [
        workload("Deployment", f"web-{n}", spaces[n % 8], dice=dice, replicas=2 + n % 3)
        for n in range(16)
    ]
    for n in range(5):
        templates = {
            "metadata": {"name": "data"},
            "spec": claim("data", "", "lab-late")["spec"],
        }
        objects.append(
            workload(
                "StatefulSet",
                f"db-{n}",
                spaces[n % 8],
                dice=dice,
                replicas=2,
                serviceName="",
                volumeClaimTemplates=[templates],
            )
        )
    objects += [workload("DaemonSet", f"agent-{n}", spaces[n], dice=dice) for n in range(3)]
    objects += [
        workload("Job", f"batch-{n}", spaces[n], dice=dice, completions=2) for n in range(6)
    ]
    objects += [claim(f"later-{n}", spaces[n % 8], "lab-late") for n in range(10)]
    for name in ("image", "place"):
        objects.append(workload("Deployment", name, FAULTS, dice=dice, replicas=2))
    return objects


@dataclass
class Impatient:
    """Calls everything unhealthy that is not ready now, and remembers for how long."""

    scale: float
    since: dict[str, datetime] = field(default_factory=dict)
    long: set[str] = field(default_factory=set)

    def look(self, snapshot: Snapshot) -> None:
        bad: dict[str, timedelta] = {}
        for kind, patience in PATIENCE.items():
            for each in snapshot.all(kind):
                if each.metadata.namespace != FAULTS and self._unhealthy(each):
                    bad[each.metadata.uid] = patience * self.scale
        self.since = {uid: self.since.get(uid, snapshot.now) for uid in bad}
        self.long |= {
            uid for uid, patience in bad.items() if snapshot.now - self.since[uid] > patience / 2
        }

    def _unhealthy(self, each: Object) -> bool:
        match each:
            case Deployment():
                return each.status.available_replicas < each.spec.replicas
            case Pod():
                return each.status.phase != "Succeeded" and each.unready_since is not None
            case Claim():
                return each.status.phase == "Pending"
        raise AssertionError(each)


async def churn(lab: Lab, dice: random.Random, scale: float, done: asyncio.Event) -> int:
    """Roll out, scale, delete, start Jobs: no workload again before its pods can have settled."""
    rested: dict[str, float] = {}
    turns = 0
    while not done.is_set():
        turns += 1
        n = dice.randrange(16)
        space, name = f"quiet-{n % 8}", f"deployment/web-{n}"
        if rested.get(name, 0) < time.monotonic():
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


async def break_three_things(lab: Lab) -> dict[str, datetime]:
    """With kubectl, as people do; when each was done, by code."""
    broken: dict[str, datetime] = {}
    lab.kubectl("-n", FAULTS, "set", "image", "deployment/image", "app=image:does-not-exist")
    broken["HF-WRK-013"] = datetime.now(UTC)
    stuck = claim("stuck", FAULTS, "lab-nobody")
    lab.kubectl("create", "-f", "-", stdin=yaml.safe_dump(stuck))
    broken["HF-STO-001"] = datetime.now(UTC)
    patch = {
        "spec": {
            "strategy": {"type": "Recreate", "rollingUpdate": None},
            "template": {"spec": {"nodeSelector": {"disk": "none-has-this"}}},
        }
    }
    lab.kubectl("-n", FAULTS, "patch", "deployment/place", "--patch", yaml.safe_dump(patch))
    broken["HF-WRK-010"] = datetime.now(UTC)
    return broken


async def scans(reader: Reader, scale: float) -> AsyncIterator[tuple[Snapshot, list[Finding]]]:
    while True:
        snapshot = await look(reader, kinds=kinds_read())
        yield snapshot, list(judge(snapshot, grace_scale=scale).findings)
        await asyncio.sleep(0.5)


@pytest.mark.slow
@pytest.mark.xdist_group("quiet")
@pytest.mark.timeout(1200)
async def test_no_false_alarm_in_a_healthy_churn_and_each_fault_in_it_is_found_in_time(
    busy: Lab, scale: float, tmp_path: Path, tally: Tally
) -> None:
    seed = 20261121
    dice = random.Random(seed)
    busy.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(a_healthy_cluster(dice)))
    connection = connect_to(environ={}, kubeconfig=busy.kubeconfig(), home=tmp_path)
    observer, alarms = Impatient(scale), dict[str, Finding]()
    found: dict[str, tuple[timedelta, Finding]] = {}
    broken: dict[str, datetime] = {}
    done = asyncio.Event()
    length = 3 * LONGEST * scale
    looked = 0

    async with Reader(connection, clock=SystemClock()) as reader:
        churning = asyncio.create_task(churn(busy, dice, scale, done))
        began = await reader.now()
        async for snapshot, findings in scans(reader, scale):
            looked += 1
            observer.look(snapshot)
            for finding in findings:
                if finding.channel is not Channel.INCIDENT:
                    continue
                if finding.about.namespace != FAULTS:
                    alarms[finding.id] = finding
                elif finding.code in broken:
                    late = snapshot.now - broken[finding.code]
                    found.setdefault(finding.code, (late, finding))
            if not broken and snapshot.now - began > length / 3:
                broken = await break_three_things(busy)
            if snapshot.now - began > length:
                break
        done.set()
        turns = await churning

    waited = [f"{code} after {late.total_seconds():.1f} s" for code, (late, _) in found.items()]
    print(f"grace scale {scale}, {looked} scans, {turns} changes, seed {seed}; {waited}")
    tally(Count("cluster: scans of a healthy churn", looked, failures=len(alarms), seed=seed))
    tally(Count("cluster: objects that looked unhealthy for long", len(observer.long)))
    tally(Count("cluster: faults found in their time", len(found), failures=3 - len(found)))
    assert {f"{f.code} {f.about} {f.says}" for f in alarms.values()} == set()
    assert len(observer.long) >= 50
    assert found.keys() == broken.keys()
    for code, (late, finding) in found.items():
        assert late <= GRACES[code] * scale + SLACK, f"{code} took {late}"
        assert finding.seen
        assert "kubectl" in finding.next

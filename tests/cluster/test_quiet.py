"""A healthy cluster that never rests gives no finding; what breaks in the midst of it is found.

Graces are shortened by `grace_scale`, and the played kubelets are quicker by the same factor, so
that slow starts of 30 to 120 s keep their proportion to the graces. What looks unhealthy is
counted by an observer of the test's own, which knows no grace and no cause.

How the controllers and this machine answer is not shortened with the rest: the shorter the graces,
the more of them goes by for that. Whole proof is at the longer scale.
"""

import asyncio
import random
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
from holdfast.facts import judge, kinds_read
from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Finding
from holdfast.model.snapshot import Snapshot
from holdfast.workflow.look import look
from lab import crds
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.churn import GRACES, Impatient, a_healthy_cluster, churn
from tests.cluster.shapes import namespace
from tests.cluster.ten_faults import FAULTS, PLACE, is_about_a_fault, set_apart
from tests.tally import Count, Tally

LONGEST = timedelta(minutes=5)  # longer ones, of an hour or a day, say why in their files
SLACK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much churn, and what it must come to."""

    scale: float  # of the graces, and of whatever the played kubelets wait for
    deployments: int
    pods: int
    unhealthy: int
    times: float  # the longest grace

    @property
    def length(self) -> timedelta:
        return self.times * LONGEST * self.scale


@pytest.fixture(scope="module")
def size(prove: bool) -> Size:
    if prove:
        return Size(scale=0.3, deployments=32, pods=150, unhealthy=200, times=3)
    return Size(scale=0.1, deployments=12, pods=50, unhealthy=30, times=2.25)


@pytest.fixture(scope="module")
def busy(lab_built: None, definitions: list[object], size: Size) -> Iterator[Lab]:
    """A lab of its own: other tests must neither be disturbed by the churn nor disturb it."""
    with Lab.start(Options(pace=size.scale, nodes=6)) as lab:
        crds.install(lab, ["flux", "velero"])
        yield lab


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

    @property
    def decided(self) -> bool:
        """Each fault was found, or had longer than it may have."""
        return all(fault.code in self.found or fault.code in self.missed for fault in FAULTS)

    def hear(self, now: datetime, findings: list[Finding], broken: dict[str, datetime]) -> None:
        incidents = [f for f in findings if f.channel is Channel.INCIDENT]
        for finding in incidents:
            if not broken or not is_about_a_fault(finding.about):
                self.alarms[finding.id] = finding
        for fault in FAULTS:
            if fault.code not in broken:
                continue
            late = now - broken[fault.code]
            if any(_tells(finding, fault.code, fault.name) for finding in incidents):
                self.found.setdefault(fault.code, late)
            elif late > GRACES[fault.code] * self.scale + SLACK:
                self.missed.setdefault(fault.code, late)


def _tells(finding: Finding, code: str, name: str) -> bool:
    """Of that fault, with what was seen and with a command that can be run."""
    named = finding.code == code and fnmatch(finding.about.name, name)
    return named and bool(finding.seen) and "kubectl" in finding.next


@pytest.mark.slow
@pytest.mark.xdist_group("quiet")
@pytest.mark.timeout(1200)
async def test_no_false_alarm_in_a_healthy_churn_and_each_fault_in_it_is_found_in_time(
    busy: Lab, size: Size, tmp_path: Path, tally: Tally
) -> None:
    """A fault is reported in time if every scan later than its grace and five seconds has it."""
    seed = 20261121
    dice = random.Random(seed)
    set_apart(busy)
    objects = a_healthy_cluster(dice, deployments=size.deployments)
    objects += [namespace(PLACE), *(each for fault in FAULTS for each in fault.before)]
    busy.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))
    connection = connect_to(environ={}, kubeconfig=busy.kubeconfig(), home=tmp_path)
    observer, watched = Impatient(size.scale), Watched(size.scale)
    broken: dict[str, datetime] = {}
    done = asyncio.Event()
    looked = pods = 0

    async with Reader(connection, clock=SystemClock()) as reader:
        churning = asyncio.create_task(churn(busy, dice, size.scale, size.deployments, done))
        began = await reader.now()
        async for snapshot, findings in scans(reader, size.scale):
            looked += 1
            pods = max(pods, len(snapshot.all(Pod)))
            observer.look(snapshot)
            watched.hear(snapshot.now, findings, broken)
            if not broken and snapshot.now - began > size.length / 3:
                broken = await asyncio.to_thread(break_everything, busy)
            if snapshot.now - began > size.length and watched.decided:
                break
        done.set()
        turns = await churning

    waited = [f"{code} after {late.total_seconds():.1f} s" for code, late in watched.found.items()]
    print(f"grace scale {size.scale}, {pods} pods, {looked} scans, {turns} changes; {waited}")
    alarms = {f"{f.code} {f.about} {f.says}" for f in watched.alarms.values()}
    missing = broken.keys() - watched.found.keys()
    failures = len(watched.missed.keys() | missing)
    tally(Count("cluster: scans of a healthy churn", looked, failures=len(alarms), seed=seed))
    tally(Count("cluster: objects that looked unhealthy for long", len(observer.long)))
    tally(Count("cluster: faults found in their time", len(FAULTS), failures=failures))
    assert set() == alarms
    assert (set(), {}) == (missing, watched.missed)
    assert size.pods <= pods
    assert size.unhealthy <= len(observer.long)

"""kill -9 of a real keeper before and after its calls, in the first run and in the one that takes
over: nothing is lost, nothing done twice, no lease is left, and the record says what the cluster
shows.

Under `HOLDFAST_PROVE=1` a test for each kind: on each database, in each turn, at one boundary of
those that are alike, and with `HOLDFAST_PROVE_EVERY=1` at each of them. Always the most dangerous
ones, what is alike about those that are, and a keeper that is made wrong.
"""

import asyncio
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from holdfast.actions import CLOSED_SET
from tests.proving import PROVE
from tests.surfaces.processes.boundaries import REQUEST, Point, traced
from tests.surfaces.processes.crashing import a_run
from tests.surfaces.processes.grounds import Grounds
from tests.surfaces.processes.left_behind import left_behind
from tests.surfaces.processes.shop import STORIES
from tests.surfaces.processes.sweep import (
    AT_ONCE,
    Came,
    Ledger,
    Listed,
    Trial,
    alike,
    enumerated,
    one_of,
    swept,
    to_the_terminal,
    tried,
)
from tests.tally import Count, Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.xdist_group("crash-sweep"),
]

EVERY = os.environ.get("HOLDFAST_PROVE_EVERY") == "1"
KILLS = f"keepers killed at {'every boundary' if EVERY else 'one boundary of those alike'}"
DATABASES = ("sqlite", "postgres")
REQUESTED = {
    "DeleteACMEOrder": "delete orders.acme.cert-manager.io by act",
    "DeleteCertificateRequest": "delete certificaterequests.cert-manager.io by act",
    "DeleteJob": "delete jobs.batch by act",
    "DeletePod": "create pods/eviction by act",
    "DeleteResourceQuota": "delete resourcequotas by act",
    "PatchProbe": "patch deployments.apps by act",
    "RolloutRestart": "patch deployments.apps by act",
    "RolloutUndo": "patch deployments.apps by act",
    "ScaleWorkload": "patch deployments.apps/scale by act",
    "Uncordon": "patch nodes by act",
}
"""What is sent for each kind, once."""


def sent(kind: str) -> Point:
    """The request was sent, and never arrived."""
    return Point(REQUEST, f"before {REQUESTED[kind]}")


def answered(kind: str) -> Point:
    """It was done, and its answer never arrived."""
    return Point(REQUEST, f"after {REQUESTED[kind]}")


TO_BE_READY = Point("act", "before ready 1 with sending is kept")
READY = Point("act", "after ready 1 with sending is kept")
"""That something is about to be sent is written down; what was rehearsed before was not."""
ONWARD = Point("look", "after seen with outcome verified, intent is kept")
"""The first step of a plan is verified, and its second ordered; nobody has begun it."""
CUT_OFF = Point(REQUEST, "before delete rolebindings.rbac.authorization.k8s.io by the keeper")

DANGEROUS = (
    ("sqlite", Trial(name="Uncordon", points=(answered("Uncordon"),))),
    ("sqlite", Trial(name="RolloutRestart", points=(answered("RolloutRestart"), CUT_OFF))),
    ("postgres", Trial(name="DeleteResourceQuota", points=(answered("DeleteResourceQuota"),))),
    (
        "postgres",
        Trial(name="ScaleWorkload", points=(sent("ScaleWorkload"), answered("ScaleWorkload"))),
    ),
    # A plan, between its steps and in the second of them, by whoever took over after the first.
    ("sqlite", Trial(name="a-plan", points=(ONWARD,))),
    (
        "postgres",
        Trial(name="a-plan", points=(answered("DeleteResourceQuota"), answered("RolloutRestart"))),
    ),
)
WRONG = {
    "acts first": answered("RolloutRestart"),
    "orders later": Point(
        "word of ana", "after _settle > settle with approval, verdict, intent is kept"
    ),
}
"""Keepers that are made wrong, and where it is seen that they are."""
AT_LEAST = 300  # kills, of all stories together


def wrong_ones() -> Iterator[tuple[str, Trial]]:
    """One of them always, and all under `HOLDFAST_PROVE=1`."""
    for fault in [*WRONG] if PROVE else [*WRONG][:1]:
        yield "sqlite", Trial(name="RolloutRestart", points=(WRONG[fault],), fault=fault)


LAST = {
    "before it is ready": ("RolloutRestart", TO_BE_READY, READY),
    **{kind: (kind, sent(kind), answered(kind)) for kind in REQUESTED},
}
"""The last of some that are alike, and the next one, which is not: the kind of action, and both."""


def bad(came: Sequence[Came]) -> list[str]:
    """What is not as it must be; that a point was not met is not."""
    return [str(each) for each in came if each.wrong or not each.met]


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """What was done already."""
    return Ledger()


@dataclass(frozen=True, kw_only=True)
class Share:
    """Of a story, what is swept on a database, in the first run or in the next one too."""

    database: str
    name: str
    again: bool

    @property
    def label(self) -> str:
        return f"{self.database}-{self.name}-{'again' if self.again else 'first'}"

    @property
    def turn(self) -> int:
        return [*STORIES].index(self.name) + DATABASES.index(self.database)

    @property
    def where(self) -> str:
        turn = "in the run that takes over" if self.again else "in the first run"
        return f"{self.database}, {turn}"

    @property
    def first(self) -> Sequence[Point]:
        """Where somebody is killed before it is begun."""
        kind = STORIES[self.name].kinds[0]
        return ((answered, sent)[self.turn % 2](kind),) if self.again else ()

    async def points(self, on: Grounds, ledger: Ledger) -> Sequence[Point]:
        """Every boundary that was met."""
        points = ledger.listed(self.label)
        if points is None:
            points = (*await enumerated(on, f"{self.label}-whole", self.name, *self.first),)
            ledger.keep(Listed(label=self.label, points=points))
        return points

    def trials(self, points: Sequence[Point]) -> Mapping[str, Trial]:
        """Who is killed where: at one of those that are alike, or at every one of them."""
        chosen = (
            points
            if EVERY
            else [one_of(each, self.turn + number) for number, each in enumerate(alike(points))]
        )
        trials = (Trial(name=self.name, points=(*self.first, point)) for point in chosen)
        return {f"{self.label}-{number}": trial for number, trial in enumerate(trials)}


def shares_of(name: str) -> Sequence[Share]:
    """All of a story's."""
    both = itertools.product((False, True), DATABASES)
    return [Share(database=database, name=name, again=again) for again, database in both]


@pytest.fixture(scope="module")
def always(databases: dict[str, Grounds]) -> dict[str, list[Came]]:
    """What came of the most dangerous points, and of keepers that are made wrong, some at once."""

    async def at_once() -> Sequence[Came]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, database: str, trial: Trial) -> Came:
            async with gate:  # whoever waits for a turn loses no time of its own
                return await tried(databases[database], f"always-{number}", trial)

        wanted = [*DANGEROUS, *wrong_ones()]
        return await asyncio.gather(*(one(number, *each) for number, each in enumerate(wanted)))

    told: dict[str, list[Came]] = {"": []}
    for each in asyncio.run(at_once()):
        told.setdefault(each.trial.fault, []).append(each)
    return told


def test_at_the_most_dangerous_points(always: dict[str, list[Came]], tally: Tally) -> None:
    came = always[""]
    tally(Count("keepers killed at the most dangerous points", len(came), len(bad(came))))
    assert len(came) == len(DANGEROUS)
    assert bad(came) == []


def test_no_kind_is_passed_over() -> None:
    assert {*REQUESTED} == {each.__name__ for each in CLOSED_SET} <= {*STORIES}


@pytest.mark.parametrize("fault", [trial.fault for _, trial in wrong_ones()])
def test_a_keeper_that_is_made_wrong_is_found(always: dict[str, list[Came]], fault: str) -> None:
    (came,) = always[fault]
    assert came.met, came
    assert came.wrong, came


async def left_at(
    on: Grounds, place: str, kind: str, point: Point
) -> tuple[Sequence[Point], Mapping[str, Sequence[str]]]:
    """What a keeper that was killed there had met, and what it left behind."""
    async with a_run(on, place, STORIES[kind], ()) as run:
        await run.until_killed(point)
        return traced(run.trace(1)), left_behind(run)


@pytest.mark.parametrize("about", [*LAST] if PROVE else ["RolloutRestart"])
async def test_whoever_is_killed_at_one_of_those_alike_leaves_what_he_leaves_at_any_other(
    databases: dict[str, Grounds], about: str, tally: Tally
) -> None:
    kind, last, beyond = LAST[about]
    on, place = databases["sqlite"], f"alike-{about.replace(' ', '-')}"
    met, left = await left_at(on, f"{place}-last", kind, last)
    *_, group = alike(met)
    first = next(each for each in group if each.doing == "act" and each.number == 1)
    assert first != last
    _, also = await left_at(on, f"{place}-first", kind, first)
    _, more = await left_at(on, f"{place}-beyond", kind, beyond)
    tally(Count("boundaries that are alike, by what is left behind", 1, int(left != also)))
    assert left == also
    assert left != more


if PROVE:

    @pytest.mark.parts
    @pytest.mark.parametrize("name", STORIES)
    async def test_wherever_a_keeper_is_killed_the_next_one_goes_on(
        databases: dict[str, Grounds],
        ledger: Ledger,
        name: str,
        tally: Tally,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        async def go(place: str, trial: Trial) -> Came:
            return await tried(databases[place.partition("-")[0]], place, trial)

        shares = shares_of(name)
        with capfd.disabled():
            points = await asyncio.gather(
                *(share.points(databases[share.database], ledger) for share in shares)
            )
            trials = [share.trials(each) for share, each in zip(shares, points, strict=True)]
            wanted = [each for share in trials for each in share.items()]
            came = await swept(go, wanted, ledger, to_the_terminal)
        for share, met, places in zip(shares, points, trials, strict=True):
            theirs = [each for each in came if each.label in places]
            tally(Count(f"{KILLS}, {share.where}", len(theirs), len(bad(theirs))))
            tally(Count(f"boundaries that those stand for, {share.where}", len(met)))
        assert bad(came) == []
        assert sum(each.met for each in came) * len(STORIES) >= AT_LEAST

"""The sweep: each boundary of a story is the end of one keeper, and what came of it is kept.

Points are what a keeper met that nobody killed: one of those between which nothing is kept, sealed
or changed, and with `HOLDFAST_PROVE_EVERY=1` each of them. Each point is a story of its own, in
which a keeper is killed there; in the second turn one that takes over from another.

What came of a point is written into `results/crash-sweep.jsonl` at once, and is gone on with as
the tests are (`tests/proving.py`), and so are its parts.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from bench.machine import commit
from tests.proving import goes_on
from tests.surfaces.processes.boundaries import REQUEST, Point, traced
from tests.surfaces.processes.crashing import a_run, lived
from tests.surfaces.processes.grounds import Grounds
from tests.surfaces.processes.shop import STORIES

AT_ONCE = 6  # stories, each with a cluster and a keeper of its own
TRIES = 2  # how often somebody is sent to a point until it is met
RESULTS = Path(__file__).parents[3] / "results" / "crash-sweep.jsonl"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One story, and where keepers are killed in it, one after the other."""

    name: str
    points: tuple[Point, ...]
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.name}, {' and then '.join(map(str, self.points)) or 'nobody killed'}"


class Came(msgspec.Struct, frozen=True, kw_only=True, tag="came"):
    """What came of a trial."""

    label: str
    trial: Trial
    met: bool
    wrong: tuple[str, ...]
    seconds: int

    def __str__(self) -> str:
        said = "; ".join(self.wrong) or ("well" if self.met else "NOT MET")
        return f"{self.trial}: {said} ({self.seconds} s)"


class Listed(msgspec.Struct, frozen=True, kw_only=True, tag="listed"):
    """The points of a share, in order."""

    label: str
    points: tuple[Point, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file, and the commit that it is true of."""

    commit: str
    what: Came | Listed


class Ledger:
    """What was done already, by this commit."""

    def __init__(self, path: Path = RESULTS, of: str = "") -> None:
        self._path = path
        self._commit = of or commit()
        self._came: dict[tuple[str, Trial], Came] = {}
        self._listed: dict[str, tuple[Point, ...]] = {}
        if goes_on(self._commit):
            self._read()

    def _read(self) -> None:
        lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        for line in lines:
            read = msgspec.json.decode(line, type=Line)
            match read.what:
                case _ if read.commit != self._commit:
                    continue
                case Came(label=label, trial=trial):
                    self._came[label, trial] = read.what
                case Listed(label=label, points=points):
                    self._listed[label] = points

    def listed(self, label: str) -> tuple[Point, ...] | None:
        """The points of that share, if somebody has listed them."""
        return self._listed.get(label)

    def came(self, label: str, trial: Trial) -> Came | None:
        """What came of that, if somebody has done it."""
        return self._came.get((label, trial))

    def keep(self, what: Came | Listed) -> None:
        """Write it down at once."""
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("ab") as opened:
            opened.write(msgspec.json.encode(Line(commit=self._commit, what=what)) + b"\n")


async def tried(on: Grounds, place: str, trial: Trial) -> Came:
    """What came of it."""
    began, met, wrong = time.monotonic(), False, list[str]()
    for number in range(TRIES):
        made = a_run(on, f"{place}-{number}", STORIES[trial.name], trial.points, trial.fault)
        async with made as run:
            wrong = await lived(run)
            met = run.kills == len(trial.points)
        if met or wrong:
            break
    seconds = round(time.monotonic() - began)
    return Came(label=place, trial=trial, met=met, wrong=(*wrong,), seconds=seconds)


async def swept(
    go: Callable[[str, Trial], Awaitable[Came]],
    wanted: Sequence[tuple[str, Trial]],
    ledger: Ledger,
    tell: Callable[[str], None],
) -> Sequence[Came]:
    """What came of each in its place, as far as the ledger does not say it already.

    Some points come only if a keeper looks before a deadline of two seconds: where so many at once
    were too slow for that, one is sent there again with nobody beside it.
    """
    gate, done = asyncio.Semaphore(AT_ONCE), iter(range(1, len(wanted) + 1))

    async def sent(place: str, trial: Trial, how: str = "") -> Came:
        came = msgspec.structs.replace(await go(f"{place}{how}", trial), label=place)
        ledger.keep(came)
        return came

    async def one(place: str, trial: Trial) -> Came:
        came = ledger.came(place, trial)
        if came is None:
            async with gate:
                came = await sent(place, trial)
        tell(f"{next(done)}/{len(wanted)} {place}  {came}")
        return came

    async def alone(came: Came) -> Came:
        came = await sent(came.label, came.trial, "-alone")
        tell(f"alone {came.label}  {came}")
        return came

    among = await asyncio.gather(*(one(*each) for each in wanted))
    return [came if came.met or came.wrong else await alone(came) for came in among]


async def enumerated(on: Grounds, place: str, name: str, *first: Point) -> Sequence[Point]:
    """Every boundary that a keeper met whom nobody killed, after those who were."""
    async with a_run(on, place, STORIES[name], first) as run:
        wrong = await lived(run)
        assert [] == wrong, wrong
        return traced(run.trace(len(first) + 1))


def alike(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    """Boundaries that follow each other with nothing kept, sealed or changed between them: whoever
    takes over from somebody killed at one of these finds what he finds after any other of them.
    """
    some: list[Point] = []
    for point in points:
        if _lasts(point) and some:
            yield some
            some = []
        some.append(point)
    yield some


def _lasts(point: Point) -> bool:
    """Whether somebody else finds what was done just before."""
    if point.doing == REQUEST:
        return point.place.startswith("after") and " dry " not in point.place
    return point.place.startswith("after") and point.place.endswith((" is kept", " is sealed"))


def one_of(points: Sequence[Point], turn: int) -> Point:
    """One of those that are alike, another in each turn; if it can be, one that comes once."""
    whole = Counter((each.doing, each.place) for each in points)
    once = [each for each in points if each.number == 1 and whole[each.doing, each.place] == 1]
    return (once or points)[turn % len(once or points)]


def to_the_terminal(line: str) -> None:
    """Progress, for whoever waits."""
    print(line, file=sys.stderr, flush=True)

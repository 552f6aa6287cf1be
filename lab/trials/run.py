"""A run: neighbours move in and stay, trials play side by side, and one scan sees them all.

Whatever is said about the neighbours, or about what belongs to no trial, is a false alarm of
nobody's, and counts. Trials that touch what all share play alone, when everything is at rest.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import HoldfastError
from holdfast.model.kinds import PersistentVolume
from holdfast.model.objects import Ref
from holdfast.model.troubles import Trouble
from holdfast.testing.trials.library import Filed, read
from holdfast.testing.trials.score import Outcome
from holdfast.testing.trials.verdict import belongs, headline
from holdfast.testing.trials.wording import span
from lab.control_plane import Lab
from lab.errors import LabError
from lab.trials.looks import Look, eyes, looks
from lab.trials.objects import Objects
from lab.trials.player import Player
from lab.trials.stage import Stage

AT_ONCE = 16  # trials on stage
REST = 90.0  # seconds until everything is well again after a trial that played alone
HOMES = 3  # namespaces of each sort of neighbours
NEIGHBOURS = Path(__file__).parent / "neighbours"
DNS = Path(__file__).parent / "dns.yaml"  # no cluster is without; it lives where it always does
SYSTEM = "kube-system"
RESOLVERS = ("coredns", "kube-dns")
AFTER = span("6m")  # the clock by which neighbours are judged

type Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Played:
    """What came of a run."""

    outcomes: list[Outcome] = field(default_factory=list)
    strangers: dict[str, str] = field(default_factory=dict)  # false alarms of nobody's
    looks: int = 0
    neighbours: int = 0  # objects that must stay without a word


async def run(lab: Lab, trials: Iterable[Filed], *, seed: int, say: Say) -> Played:
    """All of them, in an order that the seed decides."""
    client = lab.client()
    objects = Objects(client)
    order = random.Random(seed)  # noqa: S311 - an order that can be had again
    company = Company(lab, objects, order, say)
    workers = ThreadPoolExecutor(max_workers=2 * AT_ONCE)
    asyncio.get_running_loop().set_default_executor(workers)
    try:
        async with eyes(lab, objects) as reader, asyncio.TaskGroup() as group:
            looking = group.create_task(company.look(reader))
            await company.play(sorted(trials, key=lambda filed: filed.name))
            looking.cancel()
    except* (LabError, HoldfastError) as several:
        raise several.exceptions[0] from None
    finally:
        workers.shutdown(cancel_futures=True)
        client.close_all()
    return company.played


class Company:
    """Everybody who is on stage, and who has been."""

    def __init__(self, lab: Lab, objects: Objects, order: random.Random, say: Say) -> None:
        self.played = Played()
        self._lab = lab
        self._objects = objects
        self._order = order
        self._say = say
        self._on: dict[str, Player] = {}  # by namespace
        self._past: set[str] = set()
        self._homes: list[str] = []
        self._alone: Player | None = None
        self._resting = True  # nobody is blamed until the neighbours are settled
        self._rested = asyncio.Event()

    async def look(self, reader: Reader) -> None:
        """One scan after the other; each is handed to whom it is about."""
        async for look in looks(reader):
            self._lab.check()
            self.played.looks += 1
            self._see(look)

    async def play(self, trials: Sequence[Filed]) -> None:
        """Those that play side by side, then those that play alone."""
        await self._move_in()
        trials = self._order.sample(trials, len(trials))
        together = [filed for filed in trials if not filed.trial.alone]
        free = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._beside_others(filed, free) for filed in together))
        for filed in trials:
            if filed.trial.alone:
                self._alone = player = self._player(filed)
                await self._one(player)
                await self._rest(f"after {filed.name}")
                self._alone = None

    async def _beside_others(self, filed: Filed, free: asyncio.Semaphore) -> None:
        async with free:
            await self._one(self._player(filed))

    async def _one(self, player: Player) -> None:
        self._on[player.namespace] = player
        outcome = await player.play()
        self.played.outcomes.append(outcome)
        self._past.add(player.namespace)
        self._on.pop(player.namespace, None)
        self._say(line(outcome))

    async def _move_in(self) -> None:
        homes = {
            f"{path.stem}-{number}": read(path)
            for path in sorted(NEIGHBOURS.glob("*.yaml"))
            for number in range(HOMES)
        }
        self._homes = list(homes)
        moving = [self._furnish(filed, home) for home, filed in homes.items()]
        await asyncio.gather(*moving, self._furnish(read(DNS), SYSTEM))
        await self._rest("before the first trial")

    async def _furnish(self, filed: Filed, home: str) -> None:
        stage = Stage(filed, home, self._objects)
        await stage.furnish()
        self.played.neighbours += len(stage.made)

    async def _rest(self, when: str) -> None:
        """Waits until nothing is said by the moved clock; what stays is a false alarm."""
        self._rested.clear()
        self._resting = True
        try:
            await asyncio.wait_for(self._rested.wait(), REST)
        except TimeoutError:
            self._say(f"no rest within {REST:.0f} s {when}")
        self._resting = False

    def _player(self, filed: Filed) -> Player:
        return Player(Stage(filed, f"trial-{self._order.getrandbits(24):06x}", self._objects))

    def _see(self, look: Look) -> None:
        for player in tuple(self._on.values()):
            player.see(look, partial(self._of, player, look))
        strangers = [t for t in look.troubles(AFTER) if self._nobodys(t, look)]
        if self._resting:
            if not strangers:
                self._rested.set()
            return
        if self._alone is not None and self._alone.clearing:
            return  # what it hurt is about to recover, see _rest
        for trouble in strangers:
            key = f"{trouble.code} {trouble.cause.about}"
            if key not in self.played.strangers:
                self._say(f"  FALSE ALARM of nobody's: {headline(trouble)}")
            self.played.strangers[key] = headline(trouble)

    def _of(self, player: Player, look: Look, troubles: Iterable[Trouble]) -> list[Trouble]:
        """What is said of one player. Who plays alone hurts neighbours and leftovers, too."""
        if player is not self._alone:
            return [t for t in troubles if belongs(_whose(t.cause.about, look), player.namespace)]
        return [
            msgspec.structs.replace(
                trouble,
                symptoms=tuple(s for s in trouble.symptoms if self._own(s.finding.about, look)),
            )
            for trouble in troubles
            if self._own(trouble.cause.about, look)
        ]

    def _own(self, about: Ref, look: Look) -> bool:
        """Whether that may be of who plays alone."""
        return not self._home(about) and not self._gone(_whose(about, look))

    def _nobodys(self, trouble: Trouble, look: Look) -> bool:
        """Whether a trouble is about what is no trial's, now or before."""
        about = _whose(trouble.cause.about, look)
        if self._gone(about):
            return False
        if self._resting or self._home(about):
            return True
        return self._alone is None and not any(belongs(about, each) for each in self._on)

    def _home(self, about: Ref) -> bool:
        if self._alone is not None and self._alone.expects(about):
            return False  # what all share is the trial's own where it breaks just that
        resolves = about.namespace == SYSTEM and about.name.startswith(RESOLVERS)
        return resolves or about.namespace in self._homes

    def _gone(self, about: Ref) -> bool:
        return any(belongs(about, each) for each in self._past)


def _whose(about: Ref, look: Look) -> Ref:
    """A volume is whose claim it serves."""
    if about.kind != "PersistentVolume":
        return about
    volume = look.snapshot.find(PersistentVolume, "", about.name)
    claim = volume.spec.claim_ref if volume is not None else None
    return msgspec.structs.replace(about, namespace=claim.namespace) if claim else about


def line(outcome: Outcome) -> str:
    """One trial in one line, and what was wrong with it below."""
    took = f", found after {outcome.seconds:.1f} s" if outcome.seconds is not None else ""
    lines = [f"{outcome.result.value:<10} {outcome.area}/{outcome.name}{took}"]
    if outcome.why:
        lines.append(f"    {outcome.why}")
    elif outcome.result != "right" or outcome.alarms:
        lines.append(f"    expected {outcome.expected}")
        lines += [f"    {alarm}" for alarm in outcome.alarms or ("said: nothing",)]
    return "\n".join(lines)

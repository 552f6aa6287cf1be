"""A wave of proposals on the lab: each ground is tried several times, and in the end mended.

All that happens on one ground happens in turn; grounds go on side by side. A keeper halts before
each act until the world has done what it does meanwhile.
"""

import asyncio
import json
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from holdfast.actions import CLOSED_SET
from holdfast.conformance.hostile import MINUTE, Dice
from holdfast.conformance.restated import CLASS
from holdfast.execution.recovering import Timing
from holdfast.execution.states import ENDS, State
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.model.handed import FREEZE, PROPOSE, WORD, Freeze, proposal_named
from holdfast.workflow.intents import INTENT
from holdfast.workflow.yeses import APPROVAL
from lab.errors import LabError
from tests.approvals.keygen import make_key
from tests.audit.chains import SIGNED
from tests.cluster.escape_grounds import Ground, Raw, any_of, scenes
from tests.cluster.escape_tries import APPROVED, Tried
from tests.cluster.escape_twists import HARMLESS, HOSTILE, SPOILING, Twist, against, kept
from tests.cluster.escape_world import KNOWN, LEAVERS, STRANGERS, World
from tests.cluster.finding import PACE
from tests.cluster.halting import halting
from tests.cluster.leash import Installation
from tests.cluster.told import Told
from tests.surfaces.processes.running import PATIENCE

TIMING = Timing(
    soak=timedelta(seconds=3),
    deadline=timedelta(seconds=300),  # slow is not ill: three of those, and the breaker opens
    late=timedelta(seconds=300),
    settled=timedelta(seconds=2),
)
AT_ONCE = 20  # grounds
FLOORS = ("vault", "rook-ceph", "cnpg-system", "calico-system", "tigera-operator")
LATE = timedelta(seconds=1)
# A node lies in no namespace, and most of what the world does here is done to one.
ACTIONS = tuple(each.kind.name for each in CLOSED_SET if not each.kind.cluster_scoped)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many of each there are."""

    mended: int  # grounds that end mended
    spoiled: int  # and that end in something that nothing can be tried after
    hostile: int  # tries on each, before
    again: int  # mended ones that are asked for and approved again
    floors: int  # grounds in namespaces that are never touched
    closing: int  # grounds on which things end for all

    @property
    def tries(self) -> int:
        grounds = self.mended + self.spoiled
        ends = len(CLOSING) * self.closing
        return grounds * (self.hostile + 1) + self.again + self.floors * self.hostile + ends


@dataclass(kw_only=True)
class Wave:
    """Everything that is tried at a time, and what came of it."""

    installed: Installation
    world: World
    dice: Dice
    size: Size
    name: str
    tried: list[Tried] = field(default_factory=list)
    under_way: dict[str, Tried] = field(default_factory=dict)
    broken_off: list[str] = field(default_factory=list)  # what could not be tried

    async def run(self) -> None:
        """All of it; where one thing goes wrong, the others go on."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, namespace: str, action: str, end: str) -> None:
            dice = random.Random(f"{self.name} {number}")
            each = any_of(SCENES, action, dice)
            async with gate:
                ground = await Ground.broken(self.installed, each, namespace, number)
                await self._on(ground, end, dice)

        grounds = [
            self._noted(f"{each[0]}, {each[1]}", one(number, *each))
            for number, each in enumerate(self._planned())
        ]
        closing = [
            self._noted(f"closing {number}", self._open(LEAVERS - 1 - number))
            for number in range(self.size.closing)
        ]
        _, opened = await asyncio.gather(asyncio.gather(*grounds), asyncio.gather(*closing))
        await self._noted("closing", self._close([each for each in opened if each]))

    async def _noted[T](self, what: str, doing: Awaitable[T]) -> T | None:
        try:
            return await doing
        except (AssertionError, TimeoutError, LabError) as failed:
            self.broken_off.append(f"{what}: {failed!r}")
            return None

    def _planned(self) -> list[tuple[str, str, str]]:
        """Each ground: its namespace, what mends it, and how it ends."""
        size, first = self.size, self.dice.randrange(len(ACTIONS))
        ends = ["again"] * size.again + ["mended"] * (size.mended - size.again)
        ends += ["spoiled"] * size.spoiled + ["floor"] * size.floors
        names = [f"{self.name}-{number}" for number in range(len(ends) - size.floors)]
        names += self.dice.sample(FLOORS, size.floors)
        actions = [ACTIONS[(first + number) % len(ACTIONS)] for number in range(len(ends))]
        return list(zip(names, actions, ends, strict=True))

    async def _on(self, ground: Ground, end: str, dice: Dice) -> None:
        for _ in range(self.size.hostile):
            await self._try(self._hostile(ground, dice, floor=end == "floor"))
        if end in ("mended", "again"):
            mended = self._legitimate(ground, dice)
            await asyncio.gather(self._try(mended), ground.mended())
            if end == "again":
                await self._try(self._once_more(mended, dice))
        elif end == "spoiled":
            await self._try(self._spoiled(ground, dice))
        await ground.gone()

    # what is tried

    def _hostile(self, ground: Ground, dice: Dice, *, floor: bool = False) -> Tried:
        while True:
            tried = Tried.at(ground, self.world, dice)
            if floor:
                against(tried, "a namespace that is never touched")
            count = dice.choices((0, 1, 2), (50, 40, 10) if floor else (0, 70, 30))[0]
            for _ in range(count):
                if isinstance(tried.letter.get("target"), dict) and isinstance(
                    tried.letter.get("params"), dict
                ):
                    self._twisted(tried, HOSTILE, dice)
            if tried.against:
                return tried

    def _legitimate(self, ground: Ground, dice: Dice) -> Tried:
        tried = Tried.at(ground, self.world, dice)
        allowed = tried.of_class == "restart" and self.world.restarts_of_managed
        for _ in range(dice.choices((0, 1, 2), (50, 35, 15))[0]):
            self._twisted(tried, (*HARMLESS, *([kept] * 3 if allowed else [])), dice)
        return tried

    def _spoiled(self, ground: Ground, dice: Dice) -> Tried:
        tried = Tried.at(ground, self.world, dice)
        self._twisted(tried, SPOILING, dice)
        return tried

    def _once_more(self, mended: Tried, dice: Dice) -> Tried:
        """The same letter and the same words, which counted once."""
        tried = Tried.at(mended.ground, self.world, dice)
        tried.words = [replace(tried.words[0], again=each) for each in mended.heard]
        tried.named.append("asked for and approved again")
        against(tried, "it was acted on lately", cooling=1000 * MINUTE)
        return tried

    def _twisted(self, tried: Tried, twists: Sequence[Twist], dice: Dice) -> None:
        """By one that it was not twisted by before: the same change a second time is none."""
        new = [each for each in twists if _name(each) not in tried.named]
        twist = dice.choice(new)
        while not twist(tried, self.world, dice):
            twist = dice.choice(new)
        tried.named.append(_name(twist))

    # how it is tried

    async def _try(self, tried: Tried) -> None:
        self.tried.append(tried)
        for change in tried.before:
            await asyncio.to_thread(change)
        told = await self._proposed(tried)
        if told is not None and told.state is State.PROPOSED:
            await self._approved(tried, told)
        for change in tried.after:
            await asyncio.to_thread(change)

    async def _proposed(self, tried: Tried) -> Told | None:
        """The proposal, or whatever there is in place of one."""
        installed = self.installed
        outcome = await installed.answer(installed.put(PROPOSE, tried.letter))
        id_ = proposal_named(outcome)
        tried.came = outcome.partition(":")[0] if not id_ else ""
        if not id_:
            return None
        async with asyncio.timeout(PATIENCE):
            while (told := installed.told(id_)) is None:
                await asyncio.sleep(PACE)
        tried.came = told.state.value
        if told.state is State.REFUSED:
            tried.came += f" ({told.refusals[:80]})"
        return told

    async def _approved(self, tried: Tried, told: Told) -> None:
        self.under_way[told.case.id] = tried
        if tried.drafted:
            self._drafted(told)
        for kind, body in tried.made:
            named = {"{id}": told.case.id, "{digest}": told.proposal.digest}
            await self.installed.answer(self.installed.put(kind, _named(body, named)))
        for said in tried.words:
            word = await asyncio.to_thread(said.handed, self.installed, told, self.world.heard)
            tried.since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
            outcome = await self.installed.answer(self.installed.put(WORD, word))
            if outcome.startswith(("approved", "counted")):
                tried.heard.append(word)
            if outcome.startswith("approved"):
                ended = await self.installed.until(told.case.id, *ENDS)
                tried.came = ended.state.value
                if ended.state is not State.RECOVERED:
                    tried.came += f" ({ended.says})"
                self.world.heard += tried.heard
                return

    def _drafted(self, told: Told) -> None:
        """As whoever may only hand things over can write them: an approval, and what follows."""
        about = told.proposal
        details: dict[str, Plain] = {
            "proposal": about.id,
            "step": 1,
            "generation": 1,
            "digest": about.digest,
        }
        with self.installed.store.transaction() as tx:
            for kind in (APPROVAL, INTENT):
                id_ = f"ent_{secrets.token_hex(10)}"
                said = {**details, **SIGNED} if kind == APPROVAL else details
                draft = Draft(id=id_, kind=kind, actor="keeper", subjects=(about.id,), details=said)
                tx.records.submit(draft)

    async def meanwhile(self, id_: str) -> None:
        """What happens between the last yes to that proposal and its act."""
        for change in self.under_way[id_].meanwhile:
            await asyncio.to_thread(change)

    # in the end

    async def _open(self, number: int) -> list[tuple[str, Tried, Told]]:
        """A ground on which there is a proposal for each way in which things end for all."""
        name = f"{self.name}-closing-{number}"
        dice = random.Random(name)
        each = any_of(SCENES, dice.choice(ACTIONS), dice)
        ground = await Ground.broken(self.installed, each, name, number)
        opened = []
        for end in CLOSING:
            tried = Tried.at(ground, self.world, dice)
            tried.named.append(end)
            against(tried, end)
            self.tried.append(tried)
            told = await self._proposed(tried)
            assert told is not None, tried
            assert told.state is State.PROPOSED, tried
            opened.append((end, tried, told))
        return opened

    async def _close(self, opened: Sequence[list[tuple[str, Tried, Told]]]) -> None:
        """One end after the other, and on all of those grounds at once."""
        for name, close in CLOSING.items():
            tries = [(tried, told) for each in opened for end, tried, told in each if end == name]
            for tried, _ in tries:
                close(self, tried)
            await asyncio.gather(*(self._approved(*each) for each in tries))
        for each in opened:
            await each[0][1].ground.gone()


def _name(twist: Twist) -> str:
    return twist.__name__.replace("_", " ")


def _over_budget(wave: Wave, tried: Tried) -> None:
    wave.world.narrow(perHour=dict.fromkeys(sorted({*CLASS.values()}), 0))
    tried.case["paid"] = set()


def _too_near(wave: Wave, tried: Tried) -> None:
    """Two are wanted, half an hour apart, and come at once."""
    apart = dict.fromkeys(sorted({*CLASS.values()}), "30m")
    wave.world.narrow(distance=apart)
    tried.case["distance"] = {tried.of_class: 30 * MINUTE}


def _late(wave: Wave, tried: Tried) -> None:
    """It begins too late after the last yes."""
    wave.world.narrow(startWithin=f"{LATE.seconds}s")
    tried.case["now"] = APPROVED + 15 * MINUTE + 1

    def pass_by() -> None:
        until = datetime.now(UTC) + LATE * 2
        wave.installed.lab.wait(lambda: datetime.now(UTC) > until, what="the time to pass")

    tried.meanwhile.append(pass_by)


def _frozen(wave: Wave, tried: Tried) -> None:
    """Somebody freezes everything between the last yes and the act; nobody thaws it."""
    wave.world.narrow()
    tried.case["frozen"] = True
    freeze = partial(wave.installed.put, FREEZE, Freeze(reason="that is enough"))
    tried.meanwhile.append(partial(_answered, wave, freeze))


def _answered(wave: Wave, put: Callable[[], str]) -> None:
    letter = put()

    def heard() -> bool:
        with wave.installed.store.reading() as tx:
            return tx.letters.outcome(letter) is not None

    wave.installed.lab.wait(heard, what="the freeze to be heard")


CLOSING: Mapping[str, Callable[[Wave, Tried], None]] = {
    "over budget": _over_budget,
    "too near to each other": _too_near,
    "too late": _late,
    "frozen": _frozen,
}
SCENES = scenes()


async def played(installed: Installation, name: str, size: Size) -> Wave:
    """A wave that has been, with its keeper gone again."""
    dice = random.Random(name)
    world = World(installed, dice)
    wave = Wave(installed=installed, world=world, dice=dice, size=size, name=name)
    async with halting(installed, TIMING, wave.meanwhile) as keeper, keeper.at_work():
        wave.installed = keeper.installed
        await wave.run()
    return wave


def known_to(installed: Installation, folder: Path) -> Installation:
    """The same, with a key for everybody who says anything here."""
    keys = {who: make_key(_folder(folder / who), "ed25519") for who in (*KNOWN, *STRANGERS)}
    return replace(installed, keys=keys)


def _named(body: Raw, names: Mapping[str, str]) -> Raw:
    """With ids in place of what stands for them."""
    told = json.dumps(body)
    for name, id_ in names.items():
        told = told.replace(name, id_)
    return dict(json.loads(told))


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path

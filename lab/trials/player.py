"""One trial's time on stage, and what the looks meanwhile say of it.

A fault is judged when it has settled: two looks in a row that are right and say nothing else, or
the last one before patience runs out. A decoy is judged by every look from its `until` on.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from holdfast.model.objects import Ref
from holdfast.model.troubles import Trouble
from holdfast.testing.trials.library import Filed
from holdfast.testing.trials.score import Outcome, Result
from holdfast.testing.trials.trial import Condition, Expected
from holdfast.testing.trials.verdict import Verdict, blamed, judged
from lab.trials.looks import Look
from lab.trials.stage import FAILURES, PATIENCE, NotPlayed

STEADY = 2  # looks in a row that must agree
DECOY_LOOKS = 5
LONGEST = 40.0  # seconds of looking, after which a fault is not found

type Mine = Callable[[Sequence[Trouble]], Sequence[Trouble]]
"""Those of the troubles that are about this trial."""


class Stage(Protocol):
    """Where a trial is played."""

    @property
    def filed(self) -> Filed: ...
    @property
    def namespace(self) -> str: ...
    async def furnish(self) -> None: ...
    async def spoil(self) -> None: ...
    async def hold(self, conditions: Sequence[Condition], what: str) -> None: ...
    def missing(self, conditions: Sequence[Condition]) -> str: ...
    async def clear(self) -> str: ...


class Player:
    """A stage, and what was seen on it."""

    def __init__(self, stage: Stage, *, longest: float = LONGEST) -> None:
        self.stage = stage
        self._longest = longest
        self.broken: float | None = None  # when the steps of the fault were done
        self.clearing = False
        self._on: float | None = None  # when it had taken hold
        self._first: float | None = None  # the first scan that held the cause
        self._verdicts: list[Verdict] = []
        self._bare = Verdict(right=True, alarms=())
        self._judged = asyncio.Event()  # or too late to be
        self._settled = asyncio.Event()

    @property
    def namespace(self) -> str:
        """The trial's own."""
        return self.stage.namespace

    def expects(self, about: Ref) -> bool:
        """Whether that is what its cause must be about."""
        expected = self.stage.filed.trial.expect
        return isinstance(expected, Expected) and blamed(expected.cause, about, self.namespace)

    async def play(self) -> Outcome:
        """From the first object to the verdict; what was made is cleared away in any case."""
        why = ""
        try:
            await self.stage.furnish()
            while not self._settled.is_set():
                await self._spoil()
                await self._seen()
        except FAILURES as failed:
            why = str(failed)
        finally:
            self.broken, self.clearing = None, True
            left = await self.stage.clear()
        return self._outcome(why or left)

    async def _seen(self) -> None:
        try:
            await asyncio.wait_for(self._judged.wait(), self._longest + PATIENCE)
        except TimeoutError:
            raise NotPlayed("no scan in time") from None

    async def _spoil(self) -> None:
        self._on = None
        await self.stage.spoil()
        self.broken = time.monotonic()
        await self.stage.hold(self.stage.filed.trial.until, "until")
        self._judged.clear()
        self._on = time.monotonic()

    def see(self, look: Look, mine: Mine) -> None:
        """What one look says of this trial; one that began before the fault says nothing."""
        if self.broken is None or look.began < self.broken or self._settled.is_set():
            return
        trial = self.stage.filed.trial
        verdict = judged(trial, mine(look.troubles(trial.moved)), self.namespace)
        if verdict.right and self._first is None:
            self._first = time.monotonic() - self.broken
        if self._on is None or look.began < self._on:
            return
        if trial.fleeting and not verdict.clean and self.stage.missing(trial.until):
            self._judged.set()  # its situation was over, and what is said is about another: again
            return
        self._verdicts.append(verdict)
        if self._enough(self._on):
            bare = mine(look.troubles(trial.moved, secrets=False))
            self._bare = judged(trial, bare, self.namespace)
            self._settled.set()
            self._judged.set()

    def _enough(self, on: float) -> bool:
        trial = self.stage.filed.trial
        if trial.decoy:
            return len(self._verdicts) >= (1 if trial.fleeting else DECOY_LOOKS)
        wanted = 1 if trial.fleeting else STEADY
        last = self._verdicts[-wanted:]
        steady = len(last) == wanted and all(verdict.clean for verdict in last)
        return steady or time.monotonic() - on > self._longest

    def _outcome(self, why: str) -> Outcome:
        filed = self.stage.filed
        trial, decoy = filed.trial, filed.trial.decoy
        counted = self._verdicts if decoy else self._verdicts[-1:]
        right = bool(counted) and all(verdict.right for verdict in counted)
        result = Result.RIGHT if right else Result.WRONG
        cause = trial.expect.cause if isinstance(trial.expect, Expected) else None
        return Outcome(
            name=filed.name,
            area=trial.area,
            author=trial.author,
            decoy=decoy,
            result=Result.NOT_PLAYED if why else result,
            expected=" or ".join(f"{code} {about}" for code, about in cause.rights)
            if cause
            else "nothing",
            alarms=() if why else _once(counted),
            why=why,
            seconds=self._first if right and not decoy and self._first is not None else None,
            bare_right=self._bare.right,
            bare_alarms=self._bare.alarms,
        )


def _once(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Each alarm once, although the ages in its words differ from look to look."""
    alarms = [alarm for verdict in verdicts for alarm in verdict.alarms]
    return tuple({alarm.partition(" (")[0]: alarm for alarm in alarms}.values())

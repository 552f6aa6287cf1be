"""One trial on the lab: its namespace is furnished, broken, awaited, and cleared away.

What is written blocks, so each request has a thread; what waits asks again and again, and no
longer than its patience.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.trials.library import Filed
from holdfast.testing.trials.matching import unmet
from holdfast.testing.trials.pattern import Pattern
from holdfast.testing.trials.trial import Condition, Step, Told
from holdfast.testing.trials.wording import spoken
from lab.client import Unreachable
from lab.errors import LabError
from lab.trials.objects import Objects

PATIENCE = 150.0  # seconds for a condition: the controllers find a lost node after 50
AGAIN = 0.3  # between two looks at a condition

# What writing can end with: refused, not to be said so (a trial's own text), or not heard.
FAILURES: tuple[type[Exception], ...] = (LabError, ValueError, *Unreachable)


class NotPlayed(LabError):
    """The trial could not be brought to the point where the judge is asked."""


@dataclass(slots=True)
class Stage:
    """A trial in its namespace."""

    filed: Filed
    namespace: str
    objects: Objects
    made: list[Json] = field(default_factory=list)

    async def furnish(self) -> None:
        """What is given, and ready."""
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        await self._apply(space)
        for document in self.filed.trial.given:
            await self._apply(document)
        await self.hold(self.filed.trial.ready, "ready")

    async def spoil(self) -> None:
        """The fault, step by step."""
        await self.play(self.filed.trial.fault)

    async def play(self, steps: Sequence[Step]) -> None:
        """One after the other."""
        for step in steps:
            await self._do(step)

    async def hold(self, conditions: Sequence[Condition], what: str) -> None:
        """Waits until all of them hold at the same time."""
        deadline = time.monotonic() + PATIENCE
        while missing := await asyncio.to_thread(self.missing, conditions):
            if time.monotonic() > deadline:
                raise NotPlayed(f"{what}: waited {PATIENCE:.0f} s in vain: {missing}")
            await asyncio.sleep(AGAIN)

    async def clear(self) -> str:
        """Undoes what it did to others, and removes everything that it made; what could not be."""
        left = [await _tried("after all", self._do(step)) for step in self.filed.trial.after_all]
        for document in reversed(self.made):
            what = f"remove {document['kind']}/{document['metadata']['name']}"
            left.append(await _tried(what, asyncio.to_thread(self.objects.remove, document)))
        return "; ".join(each for each in left if each)

    def missing(self, conditions: Sequence[Condition]) -> str:
        """What does not hold yet; empty when all does."""
        for each in self._said(conditions):
            found = self.objects.found(Pattern.of(each.of), self.namespace)
            if said := unmet(each, found):
                return said
        return ""

    def _said(self, conditions: Sequence[Condition]) -> list[Condition]:
        return [
            msgspec.structs.replace(each, of=self._spoken(each.of), where=self._spoken(each.where))
            for each in conditions
        ]

    async def _do(self, step: Step) -> None:
        match step:
            case Step(apply=dict() as document):
                await self._apply(document)
            case Step(await_=Condition() as condition):
                await self.hold([condition], "await")
            case _:
                await asyncio.to_thread(self._change, step)

    def _change(self, step: Step) -> None:
        own = self.namespace
        if step.patch is not None:
            self.objects.patch(self._pattern(step.patch.of), own, self._spoken(step.patch.with_))
        if step.status is not None:
            change = self._spoken(step.status.with_)
            self.objects.patch(self._pattern(step.status.of), own, change, part="status")
        if step.delete is not None:
            self.objects.delete(self._pattern(step.delete), own)
        if step.event is not None:
            self.made += self.objects.tell(self._told(step.event), own)

    async def _apply(self, document: Json) -> None:
        self.made.append(await asyncio.to_thread(self._applied, document))

    def _applied(self, document: Json) -> Json:
        return self.objects.apply(self._spoken(document), self.namespace)

    def _pattern(self, text: str) -> Pattern:
        return Pattern.of(self._spoken(text))

    def _spoken[T](self, value: T) -> T:
        """The same for this namespace, at this moment."""
        now = datetime.now(UTC)
        return spoken(value, namespace=self.namespace, now=now, uid=self._uid)

    def _uid(self, text: str) -> str:
        return self.objects.uid(Pattern.of(text), self.namespace)

    def _told(self, told: Told) -> Told:
        said = self._spoken([told.of, told.message])
        return msgspec.structs.replace(told, of=said[0], message=said[1])


async def _tried(what: str, doing: Awaitable[None]) -> str:
    """Do it; one that fails keeps nobody from the rest, and is this trial's alone."""
    try:
        await doing
    except FAILURES as failed:
        return f"{what}: {failed}"
    return ""

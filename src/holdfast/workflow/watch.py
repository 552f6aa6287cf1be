"""Watch a cluster: follow every kind that the rules read, and judge when there is something new.

- Nothing is listed twice: one list for each kind, then its changes, as they are told.
- The first view comes when every kind has said its first word, even if that is that it is closed.
- News are judged together, some times a second at most, and never more than half of the time.
- A grace that passes is told when it passes, and does not wait for the rest after other news.
- With no news, nothing is done until a grace has passed or everything is due to be judged afresh.
- Nothing is judged on hearsay: where nobody has been heard for a moment, a sign of life comes first
  (two small requests), and without one the judge's clock stands still.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from holdfast.errors import Unanswered, Unreachable
from holdfast.model.kinds import Namespace
from holdfast.model.objects import Object
from holdfast.ports import Cluster, News
from holdfast.workflow import reach
from holdfast.workflow.hearing import Outage, Scope
from holdfast.workflow.look import AT_ONCE
from holdfast.workflow.vigil import Terms, View, Vigil

SLACK = 0.005  # seconds: a timer that rings a hair too early would have to be set again


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When to judge, in seconds."""

    settle: float = 0.1  # what belongs together arrives together
    rest: float = 0.25  # between two judgements, and at least as long as the last one took
    soonest: float = 10  # until everything is judged afresh ...
    latest: float = 60  # ... which may take a fiftieth of the time, but is done once a minute
    share: float = 50
    quiet: float = 5  # without any news, until somebody is asked for a sign of life ...
    answer: float = 5  # ... for which that is time enough
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    time: Callable[[], float] = lambda: asyncio.get_running_loop().time()

    def until_afresh(self, took: float) -> float:
        """How long to wait before everything is judged again, if that took so long."""
        return min(self.latest, max(self.soonest, took * self.share))


type Begun = Callable[[int, int, Outage | None], None]
"""Hears how many kinds have been read, of how many, and whether nobody answers."""


async def watch(
    cluster: Cluster,
    terms: Terms,
    *,
    show: Callable[[View], None],
    begun: Begun = lambda _read, _of, _outage: None,
    rhythm: Rhythm | None = None,
) -> NoReturn:
    """Show every new view, for ever; `begun` hears of the time before the first one.

    Raises `CouldNotLook` when the cluster cannot be reached to begin with, when nothing at all may
    be read, and when the credential is refused.
    """
    vigil = Vigil(await cluster.identity(), terms)
    vigil.unproven = await reach.refuse_unknown(cluster, terms.namespaces or ())
    guard = _Guard(cluster, vigil, rhythm or Rhythm(), begun)
    try:
        async with asyncio.TaskGroup() as group:
            for scope in vigil.scopes:
                group.create_task(guard.follow(scope))
            await guard.keep(terms, show)
    except ExceptionGroup as several:  # whoever called knows what one of them means
        raise several.exceptions[0] from None


class _Guard:
    """Follows and judges, side by side on one loop."""

    def __init__(self, cluster: Cluster, vigil: Vigil, rhythm: Rhythm, begun: Begun) -> None:
        self._cluster = cluster
        self._vigil = vigil
        self._rhythm = rhythm
        self._begun = begun
        self._news = asyncio.Event()
        self._complete = asyncio.Event()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._asked = datetime.min.replace(tzinfo=UTC)  # when a sign of life was asked for

    async def follow(self, scope: Scope) -> None:
        """Pass on what is heard of one kind; the first lists take turns, as they are large."""
        kind, namespace = scope
        news = aiter(self._cluster.follow(kind, namespace))
        async with self._gate:
            await self._take(scope, await anext(news))
        await self._tell_beginning()
        if not self._vigil.unheard:
            self._complete.set()
        async for each in news:
            await self._take(scope, each)

    async def _take(self, scope: Scope, news: News[Object]) -> None:
        self._vigil.hear(scope, news, await self._cluster.now())
        self._news.set()

    async def keep(self, terms: Terms, show: Callable[[View], None]) -> NoReturn:
        """Judge and show, each time that there is something to judge."""
        await self._first_words()
        view, took = await self._judge(afresh=True)
        captures = view.snapshot.captures()
        reach.refuse_blindness(captures, terms.namespaces, self._vigil.unproven)
        show(view)
        afresh_at = self._rhythm.time() + self._rhythm.until_afresh(took)
        while True:
            await self._rhythm.sleep(max(took, min(self._rhythm.rest, await self._due())))
            if not self._news.is_set():  # else the rest has collected what belongs together
                await self._something(afresh_at - self._rhythm.time())
            afresh = self._rhythm.time() >= afresh_at
            if await self._is_there() and afresh:
                await self._look_for_namespaces(terms.namespaces or ())
            view, took = await self._judge(afresh=afresh)
            if afresh:
                afresh_at = self._rhythm.time() + self._rhythm.until_afresh(took)
            show(view)

    async def _first_words(self) -> None:
        """Wait until every kind has said one, and say meanwhile where nobody answers."""
        said = asyncio.ensure_future(self._complete.wait())
        try:
            while not said.done():
                alarm = asyncio.ensure_future(self._rhythm.sleep(self._rhythm.quiet))
                try:
                    await asyncio.wait((said, alarm), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    alarm.cancel()
                if not said.done():
                    await self._is_there()
                    await self._tell_beginning()
        finally:
            said.cancel()

    async def _tell_beginning(self) -> None:
        outage = self._vigil.hearing.outage(await self._cluster.now())
        self._begun(self._vigil.read, len(self._vigil.scopes), outage)

    async def _judge(self, *, afresh: bool) -> tuple[View, float]:
        self._news.clear()
        now = await self._cluster.now()
        began = self._rhythm.time()
        view = self._vigil.view(now, afresh=afresh)
        return view, self._rhythm.time() - began

    async def _is_there(self) -> bool:
        """Whether the cluster answers; asked only where that is in doubt."""
        hearing, asked = self._vigil.hearing, await self._cluster.now()
        if not hearing.doubtful(asked):
            return True
        why = await self._sign_of_life()
        if why:
            hearing.unanswered(why, asked)
        else:
            hearing.answered(await self._cluster.now())
        self._asked = await self._cluster.now()
        return not why

    async def _sign_of_life(self) -> str:
        """Why there is none; empty when there is one. Its store has to answer as well."""
        asked = asyncio.ensure_future(self._cluster.identity())
        alarm = asyncio.ensure_future(self._rhythm.sleep(self._rhythm.answer))
        try:
            await asyncio.wait((asked, alarm), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                return f"no answer within {self._rhythm.answer:.0f} s"
            asked.result()
        except (Unanswered, Unreachable) as broken:
            return broken.wrong
        finally:
            asked.cancel()
            alarm.cancel()
        return ""

    async def _look_for_namespaces(self, namespaces: Iterable[str]) -> None:
        """Ask after each by its name; where all may be listed, the list has told already."""
        if self._vigil.lists(Namespace):
            return
        with suppress(Unanswered, Unreachable):  # the next time, then
            self._vigil.unproven = await reach.unproven(self._cluster, namespaces)

    async def _quiet(self) -> float:
        """Seconds until a sign of life is wanted, if no news come before."""
        now = await self._cluster.now()
        since = min(self._vigil.hearing.silent_for(now), now - self._asked)
        return max(0, self._rhythm.quiet - since.total_seconds())

    async def _due(self) -> float:
        """Seconds until time alone brings something; endless when it brings nothing."""
        due = self._vigil.due(await self._cluster.now())
        return math.inf if due is None else due.total_seconds() + SLACK

    async def _something(self, longest: float) -> None:
        """Wait for news and until they have settled, or until time alone brings something."""
        wait = min(longest, await self._due(), await self._quiet())
        heard = asyncio.ensure_future(self._news.wait())
        alarm = asyncio.ensure_future(self._rhythm.sleep(max(0, wait)))
        try:
            await asyncio.wait((heard, alarm), return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            alarm.cancel()
        if self._news.is_set():
            await self._rhythm.sleep(self._rhythm.settle)

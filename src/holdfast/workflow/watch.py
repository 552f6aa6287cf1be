"""Watch a cluster: follow every kind that the rules read, and judge when there is something new.

- Nothing is listed twice: one list for each kind, then its changes, as they are told.
- The first view comes when every kind has said its first word, even if that is that it is closed.
- News are judged together, some times a second at most, and never more than half of the time.
- A grace that passes is told when it passes, and does not wait for the rest after other news.
- With no news, nothing is done until a grace has passed or everything is due to be judged afresh.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from holdfast.model.objects import Object
from holdfast.ports import Cluster, News
from holdfast.workflow import reach
from holdfast.workflow.look import AT_ONCE
from holdfast.workflow.vigil import Scope, Terms, View, Vigil

SLACK = 0.005  # seconds: a timer that rings a hair too early would have to be set again


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When to judge, in seconds."""

    settle: float = 0.1  # what belongs together arrives together
    rest: float = 0.25  # between two judgements, and at least as long as the last one took
    soonest: float = 10  # until everything is judged afresh ...
    latest: float = 60  # ... which may take a fiftieth of the time, but is done once a minute
    share: float = 50
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    time: Callable[[], float] = lambda: asyncio.get_running_loop().time()

    def until_afresh(self, took: float) -> float:
        """How long to wait before everything is judged again, if that took so long."""
        return min(self.latest, max(self.soonest, took * self.share))


async def watch(
    cluster: Cluster,
    terms: Terms,
    *,
    show: Callable[[View], None],
    begun: Callable[[int, int], None] = lambda _heard, _of: None,
    rhythm: Rhythm | None = None,
) -> NoReturn:
    """Show every new view, for ever; `begun` hears how many kinds have said their first word.

    Raises `CouldNotLook` when the cluster cannot be reached to begin with, when nothing at all may
    be read, and when the credential is refused.
    """
    vigil = Vigil(await cluster.identity(), terms)
    hidden = await reach.unproven(cluster, terms.namespaces or ())
    guard = _Guard(cluster, vigil, rhythm or Rhythm(), begun)
    try:
        async with asyncio.TaskGroup() as group:
            for scope in vigil.scopes:
                group.create_task(guard.follow(scope))
            await guard.keep(terms, hidden, show)
    except ExceptionGroup as several:  # whoever called knows what one of them means
        raise several.exceptions[0] from None


class _Guard:
    """Follows and judges, side by side on one loop."""

    def __init__(
        self, cluster: Cluster, vigil: Vigil, rhythm: Rhythm, begun: Callable[[int, int], None]
    ) -> None:
        self._cluster = cluster
        self._vigil = vigil
        self._rhythm = rhythm
        self._begun = begun
        self._news = asyncio.Event()
        self._complete = asyncio.Event()
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def follow(self, scope: Scope) -> None:
        """Pass on what is heard of one kind; the first lists take turns, as they are large."""
        kind, namespace = scope
        news = aiter(self._cluster.follow(kind, namespace))
        async with self._gate:
            await self._take(scope, await anext(news))
        self._begun(len(self._vigil.scopes) - self._vigil.unheard, len(self._vigil.scopes))
        if not self._vigil.unheard:
            self._complete.set()
        async for each in news:
            await self._take(scope, each)

    async def _take(self, scope: Scope, news: News[Object]) -> None:
        self._vigil.hear(scope, news, await self._cluster.now())
        self._news.set()

    async def keep(
        self, terms: Terms, hidden: frozenset[str], show: Callable[[View], None]
    ) -> NoReturn:
        """Judge and show, each time that there is something to judge."""
        await self._complete.wait()
        view, took = await self._judge(afresh=True)
        reach.refuse_blindness(view.snapshot.captures(), terms.namespaces, hidden)
        show(view)
        afresh_at = self._rhythm.time() + self._rhythm.until_afresh(took)
        while True:
            await self._rhythm.sleep(max(took, min(self._rhythm.rest, await self._due())))
            if not self._news.is_set():  # else the rest has collected what belongs together
                await self._something(afresh_at - self._rhythm.time())
            afresh = self._rhythm.time() >= afresh_at
            view, took = await self._judge(afresh=afresh)
            if afresh:
                afresh_at = self._rhythm.time() + self._rhythm.until_afresh(took)
            show(view)

    async def _judge(self, *, afresh: bool) -> tuple[View, float]:
        self._news.clear()
        now = await self._cluster.now()
        began = self._rhythm.time()
        view = self._vigil.view(now, afresh=afresh)
        return view, self._rhythm.time() - began

    async def _due(self) -> float:
        """Seconds until time alone brings something; endless when it brings nothing."""
        due = self._vigil.due(await self._cluster.now())
        return math.inf if due is None else due.total_seconds() + SLACK

    async def _something(self, longest: float) -> None:
        """Wait for news and until they have settled, or until time alone brings something."""
        wait = min(longest, await self._due())
        heard = asyncio.ensure_future(self._news.wait())
        alarm = asyncio.ensure_future(self._rhythm.sleep(max(0, wait)))
        try:
            await asyncio.wait((heard, alarm), return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            alarm.cancel()
        if self._news.is_set():
            await self._rhythm.sleep(self._rhythm.settle)

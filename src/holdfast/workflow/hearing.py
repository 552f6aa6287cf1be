"""When a watched cluster was last heard, and so up to which moment it may be judged.

The judge's clock never runs on what is not heard any more:
- Who keeps the watch asks for a sign of life when it has been quiet for long, when somebody is
  lost, and before time alone would change anything. While there is none, everything is judged at
  the last moment at which anything was heard: nothing ripens, no lease runs out.
- When it answers again, the clock stands for a while yet: a server that was away was away for its
  nodes as well, and their heartbeats, late by no fault of theirs, need a moment to arrive. It
  stands longer for kinds of which nothing is heard yet: their connections may be dead.
- While others are heard, a kind that is lost stands still alone: a rule that reads it is judged at
  the last moment at which that kind was heard, and the others at the real one. So what that rule
  sees anew of other kinds stays young until the kind is heard again: late, and not wrong.
- A clock that stands still does not go back: what was judged while it was heard stays judged.
- A kind that may not be read, or is not served, has never been heard: its silence changes nothing
  and is not told. One of which nothing at all is known yet is blind, which is told elsewhere.

What this cannot tell from quiet is one connection that hangs while the others work, as behind a
load balancer of which one server hangs. Its watch ends when its time is up, four minutes at most,
or when the kernel finds nobody there, which takes one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from holdfast.model.objects import Object
from holdfast.model.snapshot import State
from holdfast.ports import Lost, News, Relisted, Resumed

PASSING = timedelta(seconds=3)
"""A kind that is heard again sooner was never told to be lost."""

RETURNING = timedelta(seconds=75)
"""How long a kind has to be heard, once somebody answers: it asks again every 30 seconds, and of a
dead connection the kernel tells after 60."""

SETTLING = timedelta(seconds=20)
"""How long the clock stands after a whole outage: kubelets send a heartbeat every 10 seconds."""

RECENT = timedelta(seconds=2)
"""What was heard so lately needs no sign of life."""

SEEN = (State.CAPTURED, State.PARTIAL)

type Scope = tuple[type[Object], str | None]


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody answers: for some kinds, or, when none is named, for the cluster as a whole.

    `returning`: it answers again, has not settled, and of these kinds nothing has been heard yet.
    """

    since: datetime
    why: str
    kinds: tuple[str, ...] = ()
    returning: bool = False


@dataclass(slots=True, kw_only=True)
class _Back:
    """The cluster answers again."""

    since: datetime
    before: Outage
    heard: set[type[Object]] = field(default_factory=set)  # since then

    def stops(self, kind: type[Object], now: datetime) -> bool:
        """Whether the clock of that kind stands still."""
        return now - self.since < (SETTLING if kind in self.heard else RETURNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loss:
    """A kind is lost."""

    noticed: datetime
    outage: Outage


class Hearing:
    """Who was heard when. It neither waits nor has a clock."""

    def __init__(self) -> None:
        self._heard: datetime | None = None
        self._doubt = False
        self._seen: set[Scope] = set()
        self._lost: dict[Scope, _Loss] = {}
        self._mute: Outage | None = None  # the whole cluster
        self._back: _Back | None = None
        self._judged: dict[type[Object], datetime] = {}  # up to when
        self._stopped: dict[type[Object], datetime] = {}  # clocks that stand, and at which moment

    def hear(self, scope: Scope, news: News[Object], now: datetime) -> None:
        """Take one piece of news."""
        if isinstance(news, Lost):
            kinds = (scope[0].api.plural,)
            outage = Outage(since=now - news.silent, why=news.why, kinds=kinds)
            self._lost[scope] = _Loss(noticed=now, outage=outage)
            self._doubt = True
            return
        self.answered(now)
        if self._back is not None:
            self._back.heard.add(scope[0])
        if isinstance(news, Relisted | Resumed):
            self._lost.pop(scope, None)
        if isinstance(news, Relisted):
            if news.capture.state in SEEN:
                self._seen.add(scope)
            else:
                self._seen.discard(scope)

    def doubtful(self, now: datetime) -> bool:
        """Whether a sign of life is wanted before anything is judged."""
        if self._doubt or self._mute is not None or self._heard is None:
            return True
        return now - self._heard > RECENT

    def silent_for(self, now: datetime) -> timedelta:
        """How long nothing at all has been heard."""
        return timedelta() if self._heard is None else now - self._heard

    def answered(self, now: datetime) -> None:
        """Somebody answers."""
        self._heard, self._doubt = now, False
        if self._mute is not None:
            self._back, self._mute = _Back(since=now, before=self._mute), None

    def unanswered(self, why: str, asked: datetime) -> None:
        """Nobody answered who was asked at that moment, unless something was heard meanwhile."""
        self._doubt = False
        if self._mute is not None or (self._heard is not None and self._heard > asked):
            return
        reason = next((each.outage.why for _, each in self._losses()), why)
        since = asked if self._heard is None else self._heard
        self._let_run(asked)
        seen = self._kinds_seen()
        if self._back is not None and seen <= self._stopped.keys():
            since = self._back.before.since  # it was a moment only, and nothing was judged in it
        for kind in seen:
            self._stopped.setdefault(kind, since)
        self._mute, self._back = Outage(since=since, why=reason), None

    def _let_run(self, now: datetime) -> None:
        """Start the clocks of kinds that have been heard for a while, or had time for it."""
        back = self._back
        if back is not None:
            for kind in [each for each in self._stopped if not back.stops(each, now)]:
                del self._stopped[kind]

    def moment(self, kinds: Iterable[type[Object]], now: datetime) -> datetime:
        """Up to when what reads those kinds may be judged."""
        return min((self._judged.get(kind, now) for kind in kinds), default=now)

    def judge(self, kinds: Iterable[type[Object]], now: datetime) -> datetime:
        """Let the clocks of those kinds run as far as they may; returns the whole cluster's."""
        self._let_run(now)
        far = {kind: self._stopped.get(kind, now) for kind in kinds}
        for scope, loss in self._losses():
            far[scope[0]] = min(far.get(scope[0], now), loss.outage.since)
        for kind, until in far.items():
            self._judged[kind] = min(now, max(until, self._judged.get(kind, until)))
        return max((self._judged.get(kind, now) for kind in self._kinds_seen()), default=now)

    def _kinds_seen(self) -> frozenset[type[Object]]:
        return frozenset(kind for kind, _ in self._seen)

    def outage(self, now: datetime) -> Outage | None:
        """What is to be told of it."""
        if self._mute is not None:
            return self._mute
        losses = [each for _, each in self._losses()]
        back = self._back
        if back is not None:
            enough = SETTLING if back.heard and not losses else RETURNING
            if now - back.since < enough:
                return msgspec.structs.replace(back.before, kinds=_kinds(losses), returning=True)
        lasting = [each for each in losses if now - each.noticed >= PASSING]
        if not lasting:
            return None
        first = min((each.outage for each in lasting), key=lambda outage: outage.since)
        return msgspec.structs.replace(first, kinds=_kinds(lasting))

    def due(self) -> Iterator[datetime]:
        """When time alone changes what is to be told."""
        yield from (each.noticed + PASSING for _, each in self._losses())
        if self._back is not None:
            yield from (self._back.since + SETTLING, self._back.since + RETURNING)

    def why_lost(self, scope: Scope) -> str | None:
        """Why nothing is heard of it; None while it is."""
        loss = self._lost.get(scope)
        return None if loss is None else loss.outage.why

    def _losses(self) -> Iterator[tuple[Scope, _Loss]]:
        """Of what had been seen."""
        return ((scope, each) for scope, each in self._lost.items() if scope in self._seen)


def _kinds(losses: Iterable[_Loss]) -> tuple[str, ...]:
    return tuple(sorted({kind for each in losses for kind in each.outage.kinds}))
